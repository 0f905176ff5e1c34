//! Everything that happened on a phone, to be asked for at any time.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::sync::watch;

use crate::lifecycle::{Clock, Scope};
use crate::telemetry::{Event, EventName, EventReceiver, EventStream};

/// How many of the latest events are kept.
const MOST_KEPT: usize = 100_000;

/// How many events an error tells.
const STORY: usize = 12;

/// The events of one phone, in order, over all its lives.
#[derive(Debug)]
pub(super) struct EventLog(watch::Sender<Kept>);

#[derive(Debug, Default)]
struct Kept {
    events: VecDeque<Event>,
    /// The number of the first that is still kept.
    first: usize,
}

impl EventLog {
    /// Keeps what `stream` brings from now on, for as long as `scope` lives.
    pub(super) fn of(stream: &EventStream, scope: &Scope) -> Self {
        let sender = watch::Sender::new(Kept::default());
        scope.spawn("event log", keep(stream.listen(), sender.clone()));
        Self(sender)
    }

    pub(super) fn all(&self) -> Vec<Event> {
        self.0.borrow().events.iter().cloned().collect()
    }

    /// How many events there have been.
    pub(super) fn count(&self) -> usize {
        let kept = self.0.borrow();
        kept.first + kept.events.len()
    }

    /// The first event from number `from` on that `wanted` takes, as soon as there is one.
    pub(super) async fn wait_for(
        &self,
        mut from: usize,
        limit: Duration,
        wanted: impl Fn(&Event) -> bool,
    ) -> Option<Event> {
        let mut log = self.0.subscribe();
        let search = async {
            loop {
                {
                    let kept = log.borrow_and_update();
                    let new = kept.events.iter().skip(from.saturating_sub(kept.first));
                    if let Some(event) = new.into_iter().find(|event| wanted(event)) {
                        return event.clone();
                    }
                    from = kept.first + kept.events.len();
                }
                // The sender lives as long as this log.
                log.changed().await.ok();
            }
        };
        tokio::time::timeout(limit, search).await.ok()
    }

    /// What `question` finds in the events that are kept.
    pub(super) fn ask<T>(&self, question: impl FnOnce(&VecDeque<Event>) -> T) -> T {
        question(&self.0.borrow().events)
    }

    /// What `question` finds in the events that are kept, as soon as it finds anything.
    pub(super) async fn wait_until<T>(
        &self,
        limit: Duration,
        question: impl Fn(&VecDeque<Event>) -> Option<T>,
    ) -> Option<T> {
        let mut log = self.0.subscribe();
        let search = async {
            loop {
                let found = question(&log.borrow_and_update().events);
                if let Some(found) = found {
                    return found;
                }
                // The sender lives as long as this log.
                log.changed().await.ok();
            }
        };
        tokio::time::timeout(limit, search).await.ok()
    }

    /// The latest events for an error's text.
    pub(super) fn story(&self) -> String {
        let kept = self.0.borrow();
        let skipped = kept.events.len().saturating_sub(STORY);
        let lines: Vec<String> = kept
            .events
            .iter()
            .skip(skipped)
            .map(Event::to_log)
            .collect();
        if lines.is_empty() {
            return "nothing".to_owned();
        }
        lines.join("\n")
    }
}

async fn keep(mut events: EventReceiver, log: watch::Sender<Kept>) {
    loop {
        let event = match events.next().await {
            Ok(Some(event)) => event,
            Ok(None) => return,
            Err(lagged) => {
                Event::new(Clock::system().now(), EventName::EventsLost).with("count", lagged.0)
            }
        };
        log.send_modify(|kept| {
            if kept.events.len() == MOST_KEPT {
                kept.events.pop_front();
                kept.first += 1;
            }
            kept.events.push_back(event);
        });
    }
}
