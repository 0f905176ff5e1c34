//! The app while the user looks at it: a push goes to it first.

use std::future::Future;
use std::panic::AssertUnwindSafe;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

use crate::lifecycle::timeouts;
use crate::model::RawNotification;

/// What an app in the foreground says of a push.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ForegroundAnswer {
    /// The platform goes on as if nobody had been asked.
    #[default]
    Proceed,
    /// The app has taken the push: neither its toast nor its task comes (WinRT
    /// `PushNotificationReceivedEventArgs.Cancel`).
    Cancel,
}

/// An app in the foreground, asked before the platform shows a push or wakes a task for it (WinRT
/// `PushNotificationChannel.PushNotificationReceived`).
pub trait ForegroundApp: Send + Sync {
    /// Takes a push, or leaves it to the platform. An answer that takes longer than
    /// [`timeouts::FOREGROUND_ANSWER`], and a panic, count as [`ForegroundAnswer::Proceed`]. After
    /// a restart it may be asked once more about the same push.
    fn push_received(
        &self,
        push: &RawNotification,
    ) -> impl Future<Output = ForegroundAnswer> + Send;
}

/// A [`ForegroundApp`] behind a pointer.
pub trait DynForegroundApp: Send + Sync {
    /// As [`ForegroundApp::push_received`].
    fn push_received_boxed<'a>(
        &'a self,
        push: &'a RawNotification,
    ) -> BoxFuture<'a, ForegroundAnswer>;
}

impl<A: ForegroundApp> DynForegroundApp for A {
    fn push_received_boxed<'a>(
        &'a self,
        push: &'a RawNotification,
    ) -> BoxFuture<'a, ForegroundAnswer> {
        self.push_received(push).boxed()
    }
}

/// Asks `app`, and goes on without an answer when there is none in time.
pub(super) async fn ask(app: &dyn DynForegroundApp, push: &RawNotification) -> ForegroundAnswer {
    // The call itself may panic before it makes a future.
    let asking = AssertUnwindSafe(async { app.push_received_boxed(push).await }).catch_unwind();
    match tokio::time::timeout(timeouts::FOREGROUND_ANSWER, asking).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(_)) => {
            tracing::warn!(message = %push.message, "the foreground app panicked at a push; it goes on without it");
            ForegroundAnswer::Proceed
        }
        Err(_) => {
            tracing::warn!(message = %push.message, "the foreground app did not answer a push in time; it goes on without it");
            ForegroundAnswer::Proceed
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use bytes::Bytes;

    use super::*;
    use crate::model::{MessageId, Platform};

    enum App {
        Takes,
        Hangs,
        Panics,
    }

    impl ForegroundApp for App {
        async fn push_received(&self, _: &RawNotification) -> ForegroundAnswer {
            match self {
                Self::Takes => ForegroundAnswer::Cancel,
                Self::Hangs => pending().await,
                Self::Panics => panic!("on purpose"),
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn only_an_answer_in_time_takes_a_push() {
        let message = MessageId::parse("m").unwrap();
        let push = RawNotification::new(message, Platform::Wns, Bytes::new());
        assert_eq!(ask(&App::Takes, &push).await, ForegroundAnswer::Cancel);
        assert_eq!(ask(&App::Hangs, &push).await, ForegroundAnswer::Proceed);
        assert_eq!(ask(&App::Panics, &push).await, ForegroundAnswer::Proceed);
    }
}
