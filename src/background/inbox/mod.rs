//! The durable journal of accepted pushes.
//!
//! An entry is `accepted → leased → finished`, or waits: held by a condition, for sign-in, or for
//! its retry. Only what a restart must know is written: acceptance, waiting and the end. A lease
//! lives in memory alone, so one that its process did not finish is accepted again at the next
//! start. A push that is shown by the platform and wakes the task as well is one entry with two
//! parts, one after the other; it is finished when both are.
//!
//! How long a push waits: one that is held until its sender's time (`expires_at`), else as
//! [`Limits`] say; one that waits for sign-in until its sender's time alone, because a backend that
//! has its payload no more says so; one that is tried again as its dispatcher says. What was put
//! off past that is dropped as `expired`; a push is never too old for its first try.

mod entry;
mod journal;
mod queue;

pub use entry::{Entry, EntryId, Limits, Outcome, Owner, Part, Reason};

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;

use super::rules::{Ledger, Wake};
use crate::lifecycle::Clock;
use crate::model::{MessageId, RawNotification};
use crate::store::{Store, StoreError};
use queue::{Queue, Reserved};

/// How often, in entries, the journal is pruned while the phone is on.
const PRUNE_EVERY: EntryId = 1024;

/// What became of a push that was offered to the inbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accepted {
    /// It is durable now: acknowledge it.
    New(EntryId),
    /// It was durable before: acknowledge it again, do nothing else.
    Before,
    /// The same message is being written right now: offer it again in a moment, and acknowledge it
    /// only then.
    Underway,
}

/// Why a push was not accepted: it must not be acknowledged, and the service delivers it again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AcceptError {
    /// Too many pushes wait, for this owner or in all; more are taken once [`Inbox::room`] returns.
    #[error(
        "{0} pushes are waiting, no more are taken until some are finished: sign in, or free the backend"
    )]
    Full(usize),
    /// It could not be made durable.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// How many pushes stand where.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct InboxCounts {
    /// Accepted, leased, held or waiting for a retry.
    pub waiting: usize,
    /// Waiting for the user to sign in.
    pub awaiting_sign_in: usize,
}

/// The inbox of one device. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Inbox {
    store: Store,
    device: i64,
    clock: Clock,
    queue: Arc<Mutex<Queue>>,
    changes: Arc<watch::Sender<u64>>,
    /// Guards no data, only the order of writes.
    writing: Arc<tokio::sync::Mutex<()>>,
    /// Messages whose write did not end in time: they may be in the journal all the same.
    doubtful: Arc<Mutex<HashSet<MessageId>>>,
}

impl Inbox {
    /// Opens the inbox of `device`; what was not finished is ready again, but for what waits.
    ///
    /// # Errors
    /// [`StoreError`] when the journal could not be read.
    pub async fn open(store: Store, device: i64, clock: Clock) -> Result<Self, StoreError> {
        let kept = store
            .write(move |connection| {
                journal::prune(connection, device)?;
                journal::load(connection, device)
            })
            .await?;
        Ok(Self {
            store,
            device,
            clock,
            queue: Arc::new(Mutex::new(Queue::new(kept))),
            changes: Arc::new(watch::Sender::new(0)),
            writing: Arc::default(),
            doubtful: Arc::default(),
        })
    }

    /// Makes a push durable for `owner`, once for each message id. `durable` is called when that
    /// is done and before anybody can lease the entry, so that what it tells comes first.
    ///
    /// # Errors
    /// [`AcceptError`]: then the push must not be acknowledged.
    pub async fn accept(
        &self,
        raw: RawNotification,
        owner: &Owner,
        durable: impl FnOnce() + Send,
    ) -> Result<Accepted, AcceptError> {
        match self.queue().reserve(&raw, owner) {
            Reserved::New => {}
            Reserved::Known => return Ok(Accepted::Before),
            Reserved::Underway => return Ok(Accepted::Underway),
            Reserved::Full(waiting) => return Err(AcceptError::Full(waiting)),
        }
        let (device, now) = (self.device, in_whole_millis(self.clock.now()));
        let (row, owner_name) = (raw.clone(), owner.clone());
        let doubtful = self.doubtful().contains(&raw.message);
        let written = self
            .store
            .write(move |connection| {
                let before = match doubtful {
                    true => journal::find(connection, device, &row.message)?,
                    false => None,
                };
                if let Some(id) = before {
                    return Ok(id);
                }
                let id = journal::insert(connection, device, owner_name.as_str(), &row, now)?;
                if id % PRUNE_EVERY == 0 {
                    journal::prune(connection, device)?;
                }
                Ok(id)
            })
            .await;
        match written {
            Ok(id) => {
                if doubtful {
                    self.doubtful().remove(&raw.message);
                }
                durable();
                self.queue()
                    .accepted(Entry::new(id, raw, owner.clone(), now));
                self.tell_change();
                Ok(Accepted::New(id))
            }
            Err(error) => {
                if matches!(error, StoreError::TimedOut { .. }) {
                    self.doubtful().insert(raw.message.clone());
                }
                self.queue().forget(&raw, owner);
                Err(error.into())
            }
        }
    }

    /// Waits until pushes of `owner` are taken again after [`AcceptError::Full`]: until a quarter
    /// of the room is free.
    pub async fn room(&self, owner: &Owner) {
        let mut changes = self.changes();
        while !self.queue().has_room(owner) {
            // The sender lives as long as this inbox.
            changes.changed().await.ok();
        }
    }

    /// Takes the oldest entry of `owner` whose `part` is ready; none is given twice until it is
    /// finished.
    #[must_use]
    pub fn lease(&self, owner: &Owner, part: Part) -> Option<Entry> {
        self.queue().lease(owner, part, self.clock.now())
    }

    /// When something of `owner` becomes ready by time alone, or has waited too long.
    #[must_use]
    pub fn next_due(&self, owner: &Owner, part: Part) -> Option<Timestamp> {
        self.queue().next_due(owner, part)
    }

    /// Counts the changes after which somebody may find something to do: something was accepted,
    /// made ready, or ended.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Ends a lease with `outcome`, durably. An outcome that could not be written stands in
    /// memory all the same, so that the push is not shown twice while the phone is on, and is
    /// written with the next.
    ///
    /// # Errors
    /// [`StoreError`] when it could not be made durable.
    pub async fn finish(&self, id: EntryId, outcome: &Outcome) -> Result<(), StoreError> {
        let now = in_whole_millis(self.clock.now());
        if !self.queue().finish(id, outcome, now) {
            return Ok(());
        }
        self.tell_change();
        self.flush().await
    }

    /// Gives a lease back untouched, as if it had not been taken.
    pub fn release(&self, id: EntryId) {
        self.queue().release(id);
        self.tell_change();
    }

    /// Lets an entry that is leased, or held already, wait for the condition that `reason` names;
    /// true when it did not wait for that one before. Durable after [`Inbox::flush`].
    #[must_use]
    pub fn hold(&self, id: EntryId, reason: &Reason) -> bool {
        self.queue().hold(id, reason)
    }

    /// What is held of `owner`, the oldest first.
    #[must_use]
    pub fn held(&self, owner: &Owner, part: Part) -> Vec<Entry> {
        self.queue().held(owner, part)
    }

    /// What is held that makes way for `newer` once that is held, too ([`Inbox::supersede`]).
    #[must_use]
    pub fn replaced_by(&self, newer: &Entry) -> Vec<EntryId> {
        self.queue().replaced_by(newer)
    }

    /// Makes a held entry ready, in its old place; says what it waited for, where it was held.
    /// Durable after [`Inbox::flush`].
    pub fn release_held(&self, id: EntryId) -> Option<String> {
        let waited_for = self.queue().release_held(id)?;
        self.tell_change();
        Some(waited_for)
    }

    /// Lets `older` make way for `newer`: both are held and of the same owner, and their platform
    /// keeps only the newest ([`replaces`](super::rules::replaces)); none where that is not so.
    /// Durable after [`Inbox::flush`].
    #[must_use]
    pub fn supersede(&self, older: EntryId, newer: EntryId) -> Option<Entry> {
        let gone = self.queue().supersede(older, newer)?;
        self.tell_change();
        Some(gone)
    }

    /// Ends a push that is leased or held with all that was still to be done for it; none where it
    /// is neither. Durable after [`Inbox::flush`].
    #[must_use]
    pub fn give_up(&self, id: EntryId, reason: &Reason) -> Option<Entry> {
        let gone = self.queue().give_up(id, reason)?;
        self.tell_change();
        Some(gone)
    }

    /// Gives up what has waited too long, whosoever it is, with `reason`. Durable after
    /// [`Inbox::flush`].
    #[must_use]
    pub fn expire(&self, reason: &Reason) -> Vec<Entry> {
        let gone = self.queue().expire(self.clock.now(), reason);
        if !gone.is_empty() {
            self.tell_change();
        }
        gone
    }

    /// How long pushes may be held from now on.
    pub fn set_limits(&self, limits: Limits) {
        self.queue().set_limits(limits);
    }

    /// Notes that the platform woke the task for an entry, for rules that count that. It is
    /// written with what comes of the instance.
    pub fn woken(&self, id: EntryId, at: Timestamp) {
        self.queue().woken(id, in_whole_millis(at));
    }

    /// The wakes that rules may count, from the journal.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn wakes(&self) -> Result<Vec<Wake>, StoreError> {
        let longest = SignedDuration::try_from(Ledger::LONGEST).unwrap_or(SignedDuration::MAX);
        let since = self.clock.now().saturating_sub(longest);
        let (device, since) = (self.device, since.unwrap_or(Timestamp::MIN));
        self.store
            .read(move |connection| journal::wakes(connection, device, since))
            .await
    }

    /// Makes every change durable that is not yet.
    ///
    /// # Errors
    /// [`StoreError`]: the changes stand in memory, and are written the next time.
    pub async fn flush(&self) -> Result<(), StoreError> {
        let _turn = self.writing.lock().await;
        let changes = Arc::new(self.queue().unwritten());
        if changes.is_empty() {
            return Ok(());
        }
        let (now, rows) = (self.clock.now(), changes.clone());
        self.store
            .write(move |connection| {
                rows.iter()
                    .try_for_each(|change| journal::set_state(connection, change, now))
            })
            .await?;
        self.queue().written(&changes);
        Ok(())
    }

    /// Makes ready what waits for `owner` to sign in; returns how many those are.
    ///
    /// # Errors
    /// [`StoreError`] when the change could not be made durable; it stands in memory.
    pub async fn signed_in(&self, owner: &Owner) -> Result<usize, StoreError> {
        let count = self.queue().signed_in(owner);
        if count > 0 {
            self.tell_change();
            self.flush().await?;
        }
        Ok(count)
    }

    /// The generation of the token under which an unfinished push was refused last, if it was.
    #[must_use]
    pub fn refused_under(&self, message: &MessageId) -> Option<i64> {
        self.queue().find(message)?.refused_under
    }

    /// False for an unfinished push of another account than `owner`: who is signed in may have
    /// changed since it was leased. What is nobody's is anybody's.
    #[must_use]
    pub fn is_for(&self, message: &MessageId, owner: &Owner) -> bool {
        let queue = self.queue();
        let found = queue.find(message);
        found.is_none_or(|entry| entry.owner == *owner || entry.owner == Owner::nobody())
    }

    /// How many pushes wait for `owner` to sign in.
    #[must_use]
    pub fn awaiting_sign_in(&self, owner: &Owner) -> usize {
        self.queue().awaiting_sign_in(owner)
    }

    /// How many pushes a condition holds, for every owner.
    #[must_use]
    pub fn held_count(&self) -> usize {
        self.queue().held_count()
    }

    /// How many pushes stand where, for every owner.
    #[must_use]
    pub fn counts(&self) -> InboxCounts {
        self.queue().counts()
    }

    fn doubtful(&self) -> MutexGuard<'_, HashSet<MessageId>> {
        self.doubtful.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell_change(&self) {
        self.changes
            .send_modify(|count| *count = count.wrapping_add(1));
    }

    /// The queue is only ever held for a moment, never across an await.
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The journal keeps milliseconds: what is in memory must not differ after a restart.
fn in_whole_millis(time: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(time.as_millisecond()).unwrap_or(time)
}

#[cfg(test)]
mod property_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod waiting_tests;
