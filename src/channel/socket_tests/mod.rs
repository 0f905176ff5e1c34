//! The driver against real sockets: a small push service that each test plays by hand.

mod failing;
mod living;
mod server;
mod trusting;

use std::time::Duration;

use super::{
    Channel, ChannelControl, ChannelError, ChannelEvent, ChannelOptions, ChannelReceiver, Delivery,
    Identity, PushUrl,
};
use crate::lifecycle::Scope;
use crate::model::{Handle, Platform};

/// Long enough for a loaded machine, and only waited for in full by a test that fails.
const PATIENCE: Duration = Duration::from_secs(20);

const UAID: &str = "09344c9e5dc042bfb6a0025c2de02cb0";

/// A device's end, running.
struct Phone {
    scope: Scope,
    events: ChannelReceiver,
    control: ChannelControl,
}

impl Phone {
    fn start(options: ChannelOptions, identity: Identity) -> Self {
        let scope = Scope::new();
        let (driver, events, control) = Channel::open(options, identity).unwrap();
        scope.spawn_to_end("channel", driver.run(scope.token().clone()));
        Self {
            scope,
            events,
            control,
        }
    }

    async fn event(&mut self) -> ChannelEvent {
        tokio::time::timeout(PATIENCE, self.events.next())
            .await
            .expect("an event in time")
            .expect("an event")
    }

    async fn opened(&mut self) -> (Handle, bool) {
        loop {
            if let ChannelEvent::Opened {
                handle, new_handle, ..
            } = self.event().await
            {
                return (handle, new_handle);
            }
        }
    }

    async fn closed(&mut self) -> ChannelError {
        loop {
            if let ChannelEvent::Closed { reason, .. } = self.event().await {
                return reason;
            }
        }
    }

    async fn delivery(&mut self) -> Delivery {
        loop {
            if let ChannelEvent::Delivery(delivery) = self.event().await {
                return delivery;
            }
        }
    }

    async fn dropped(&mut self) -> &'static str {
        loop {
            if let ChannelEvent::Dropped { reason, .. } = self.event().await {
                return reason;
            }
        }
    }

    /// Everything ends, in time.
    async fn stop(self) {
        assert_eq!(self.scope.shutdown(PATIENCE).await, 0);
    }
}

/// Short waits towards one push service.
fn options(url: &str) -> ChannelOptions {
    let url = PushUrl::parse(url, &[]).unwrap();
    ChannelOptions {
        backoff_first: Duration::from_millis(2),
        backoff_longest: Duration::from_millis(20),
        ..ChannelOptions::new(Platform::Wns, vec![url])
    }
}
