//! Everything that happened on a phone, to be asked for at any time.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use crate::lifecycle::{Clock, Scope};
use crate::telemetry::{Event, EventName, EventReceiver, EventStream, Lagged};

/// How many of the latest events are kept.
const MOST_KEPT: usize = 100_000;

/// How many events an error tells.
const STORY: usize = 12;

/// The events of one phone, in order, over all its lives. Whoever asks finds all that happened
/// before the question.
#[derive(Debug, Clone)]
pub(super) struct EventLog {
    /// What happened and is not kept yet.
    arrived: Arc<Mutex<EventReceiver>>,
    kept: watch::Sender<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    events: VecDeque<Event>,
    /// The number of the first that is still kept.
    first: usize,
}

impl Kept {
    fn push(&mut self, event: Event) {
        if self.events.len() == MOST_KEPT {
            self.events.pop_front();
            self.first += 1;
        }
        self.events.push_back(event);
    }
}

impl EventLog {
    /// Keeps what `stream` brings from now on, for as long as `scope` lives.
    pub(super) fn of(stream: &EventStream, scope: &Scope) -> Self {
        let log = Self {
            arrived: Arc::new(Mutex::new(stream.listen())),
            kept: watch::Sender::default(),
        };
        scope.spawn("event log", keep(stream.listen(), log.clone()));
        log
    }

    /// Keeps what has arrived.
    fn catch_up(&self) {
        let mut arrived = self.arrived.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some(event) = next_ready(&mut arrived) {
            self.kept.send_modify(|kept| kept.push(event));
        }
    }

    pub(super) fn all(&self) -> Vec<Event> {
        self.ask(|events| events.iter().cloned().collect())
    }

    /// How many events there have been.
    pub(super) fn count(&self) -> usize {
        self.catch_up();
        let kept = self.kept.borrow();
        kept.first + kept.events.len()
    }

    /// The first event from number `from` on that `wanted` takes, as soon as there is one.
    pub(super) async fn wait_for(
        &self,
        mut from: usize,
        limit: Duration,
        wanted: impl Fn(&Event) -> bool,
    ) -> Option<Event> {
        let mut log = self.kept.subscribe();
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
        self.catch_up();
        question(&self.kept.borrow().events)
    }

    /// What `question` finds in the events that are kept, as soon as it finds anything.
    pub(super) async fn wait_until<T>(
        &self,
        limit: Duration,
        question: impl Fn(&VecDeque<Event>) -> Option<T>,
    ) -> Option<T> {
        let mut log = self.kept.subscribe();
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
        self.catch_up();
        let kept = self.kept.borrow();
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

/// What is next: an event, or that some are lost.
fn next_ready(arrived: &mut EventReceiver) -> Option<Event> {
    arrived.next_ready().unwrap_or_else(|lagged| {
        let lost = Event::new(Clock::system().now(), EventName::EventsLost);
        Some(lost.with("count", lagged.0))
    })
}

/// Catches up whenever anything happens.
async fn keep(mut events: EventReceiver, log: EventLog) {
    while matches!(events.next().await, Ok(Some(_)) | Err(Lagged(_))) {
        log.catch_up();
    }
}
