//! Events on their way to whoever listens.

use tokio::sync::broadcast;

use super::Event;

/// How many events a slow listener may be behind before it loses the oldest.
const BACKLOG: usize = 16_384;

/// Where events are put, and listened to. Cheap to clone; putting never waits.
#[derive(Debug, Clone)]
pub struct EventStream {
    sender: broadcast::Sender<Event>,
}

impl Default for EventStream {
    fn default() -> Self {
        Self {
            sender: broadcast::Sender::new(BACKLOG),
        }
    }
}

impl EventStream {
    /// Puts an event to every listener; without one it is gone.
    pub fn emit(&self, event: Event) {
        tracing::debug!(event = %event.to_log(), "event");
        self.sender.send(event).ok();
    }

    /// Listens from now on.
    #[must_use]
    pub fn listen(&self) -> EventReceiver {
        EventReceiver(self.sender.subscribe())
    }
}

/// A listener of an [`EventStream`].
#[derive(Debug)]
pub struct EventReceiver(broadcast::Receiver<Event>);

/// This listener was too slow: so many events are missing before the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0} events were lost because they were read too slowly")]
pub struct Lagged(pub u64);

impl EventReceiver {
    /// The next event; none once the stream is closed and read.
    ///
    /// # Errors
    /// [`Lagged`] once for each gap; the next call goes on behind it.
    pub async fn next(&mut self) -> Result<Option<Event>, Lagged> {
        match self.0.recv().await {
            Ok(event) => Ok(Some(event)),
            Err(broadcast::error::RecvError::Closed) => Ok(None),
            Err(broadcast::error::RecvError::Lagged(count)) => Err(Lagged(count)),
        }
    }

    /// The next event if there is one already.
    pub fn try_next(&mut self) -> Option<Event> {
        loop {
            if let Ok(event) = self.next_ready() {
                return event;
            }
        }
    }

    /// The next event if there is one already.
    ///
    /// # Errors
    /// [`Lagged`] once for each gap; the next call goes on behind it.
    pub fn next_ready(&mut self) -> Result<Option<Event>, Lagged> {
        match self.0.try_recv() {
            Ok(event) => Ok(Some(event)),
            Err(broadcast::error::TryRecvError::Lagged(count)) => Err(Lagged(count)),
            Err(_) => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::EventName;
    use jiff::Timestamp;

    #[tokio::test]
    async fn a_slow_listener_is_told_what_it_missed() {
        let stream = EventStream::default();
        let mut listener = stream.listen();
        for _ in 0..BACKLOG + 5 {
            stream.emit(Event::new(Timestamp::UNIX_EPOCH, EventName::PhoneReady));
        }
        assert_eq!(listener.next().await, Err(Lagged(5)));
        assert!(listener.next().await.unwrap().is_some());
    }
}
