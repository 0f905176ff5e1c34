//! One lane: what it waits for, and in which order it takes what there is.

use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::Work;
use crate::background::rules::Verdict;
use crate::background::{Owner, Part, Reason};
use crate::model::Conditions;

/// What a lane knows of what is held.
struct Look {
    conditions: watch::Receiver<Conditions>,
    /// Nobody is left to change the conditions.
    settled: bool,
    /// Everything that is held must be looked at again.
    due: bool,
    /// When time alone may release something.
    until: Option<Timestamp>,
}

impl Work {
    pub(super) async fn lane(
        &self,
        part: Part,
        mut owner: watch::Receiver<Option<Owner>>,
        off: &CancellationToken,
    ) {
        let inbox = &self.dispatcher.inbox;
        let mut changes = inbox.changes();
        let mut look = Look {
            conditions: self.dispatcher.conditions.clone(),
            settled: false,
            due: true,
            until: None,
        };
        while !off.is_cancelled() {
            changes.mark_unchanged();
            let current = {
                let seen = owner.borrow_and_update();
                look.due |= seen.has_changed();
                seen.clone()
            };
            look.due |= look.conditions_changed();
            self.expire();
            let mut next = None;
            if let Some(current) = &current {
                if look.due {
                    look.until = self.review(current, part);
                    look.due = false;
                }
                if let Some(entry) = inbox.lease(current, part) {
                    let until = self.handle(entry, off).await;
                    look.until = earliest(look.until, until);
                    continue;
                }
                next = inbox.next_due(current, part);
            }
            let written = self.flush().await;
            tokio::select! {
                () = off.cancelled() => {}
                _ = changes.changed() => {}
                () = self.until(earliest(next, look.until), written) => look.due = true,
                changed = look.conditions.changed(), if !look.settled => match changed {
                    Ok(()) => look.due = true,
                    Err(_) => look.settled = true,
                },
                changed = owner.changed() => match changed {
                    Ok(()) => look.due = true,
                    Err(_) => return,
                },
            }
        }
        self.flush().await;
    }

    /// Looks at everything that is held again, in the order it came, as if what is let through
    /// had already run; says when time alone may let through more.
    fn review(&self, owner: &Owner, part: Part) -> Option<Timestamp> {
        let mut ledger = self.ledger().clone();
        let mut next = None;
        for entry in self.dispatcher.inbox.held(owner, part) {
            match self.decide(&entry, &ledger) {
                Verdict::Run => {
                    if self.counts(&entry) {
                        ledger.note(self.wake_of(&entry));
                    }
                    self.release(&entry);
                }
                Verdict::Hold(reason, until) => {
                    self.hold(&entry, &reason);
                    next = earliest(next, until);
                }
                Verdict::Drop(reason) => self.give_up(&entry, &reason),
            }
        }
        next
    }

    /// Waits until `due`, or for a while where something is still to be written.
    async fn until(&self, due: Option<Timestamp>, written: bool) {
        let longest = self.dispatcher.options.retry_longest;
        match due {
            // A clock that jumped far ahead or back is looked at again after a while.
            Some(due) => {
                let wait = due.duration_since(self.dispatcher.clock.now());
                // The clock has microseconds, the journal milliseconds: never spin in between.
                let wait = Duration::try_from(wait).unwrap_or(Duration::ZERO) + SHORTEST;
                tokio::time::sleep(wait.min(longest)).await;
            }
            None if !written => tokio::time::sleep(longest).await,
            None => std::future::pending().await,
        }
    }

    fn expire(&self) {
        let reason = Reason::new("expired");
        for entry in self.dispatcher.inbox.expire(&reason) {
            self.tell_dropped(&entry, &reason);
        }
    }

    /// False when something is still to be written.
    async fn flush(&self) -> bool {
        match self.dispatcher.inbox.flush().await {
            Ok(()) => true,
            Err(error) => {
                tracing::warn!(%error, "what became of some pushes is not written down yet: they may come again after a restart");
                false
            }
        }
    }
}

/// The least wait for a time.
const SHORTEST: Duration = Duration::from_millis(1);

impl Look {
    /// Asks and marks as seen in one step: a change in between would be lost.
    fn conditions_changed(&mut self) -> bool {
        self.conditions.borrow_and_update().has_changed()
    }
}

fn earliest(one: Option<Timestamp>, other: Option<Timestamp>) -> Option<Timestamp> {
    one.into_iter().chain(other).min()
}
