//! The durable journal of accepted pushes.
//!
//! An entry is `accepted → leased → finished`, or waits: for sign-in, or for its retry. Only what
//! a restart must know is written: acceptance, waiting and the end. A lease lives in memory alone,
//! so one that its process did not finish is accepted again at the next start.

mod entry;
mod journal;
mod queue;

pub use entry::{Entry, EntryId, Outcome, Owner, Reason};

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use tokio::sync::Notify;

use crate::lifecycle::Clock;
use crate::model::RawNotification;
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
    /// Too many pushes wait; more are taken once some are finished.
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
    /// Accepted, leased or waiting for a retry.
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
    changed: Arc<Notify>,
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
            changed: Arc::new(Notify::new()),
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
        match self.queue().reserve(&raw.message) {
            Reserved::New => {}
            Reserved::Known => return Ok(Accepted::Before),
            Reserved::Underway => return Ok(Accepted::Underway),
            Reserved::Full(waiting) => return Err(AcceptError::Full(waiting)),
        }
        let (device, now) = (self.device, in_whole_millis(self.clock.now()));
        let (row, owner_name) = (raw.clone(), owner.clone());
        let written = self
            .store
            .write(move |connection| {
                let id = journal::insert(connection, device, owner_name.as_str(), &row, now)?;
                if id % PRUNE_EVERY == 0 {
                    journal::prune(connection, device)?;
                }
                Ok(id)
            })
            .await;
        match written {
            Ok(id) => {
                durable();
                self.queue()
                    .accepted(Entry::new(id, raw, owner.clone(), now));
                self.changed.notify_one();
                Ok(Accepted::New(id))
            }
            Err(error) => {
                self.queue().forget(&raw.message);
                Err(error.into())
            }
        }
    }

    /// Takes the oldest entry of `owner` that is ready; none is given twice until it is finished.
    #[must_use]
    pub fn lease(&self, owner: &Owner) -> Option<Entry> {
        self.queue().lease(owner, self.clock.now())
    }

    /// When the next retry of `owner` is due.
    #[must_use]
    pub fn next_due(&self, owner: &Owner) -> Option<Timestamp> {
        self.queue().next_due(owner)
    }

    /// Waits until something was accepted or made ready since the last call.
    pub async fn changed(&self) {
        self.changed.notified().await;
    }

    /// Ends a lease with `outcome`, durably. An outcome that could not be written stands in
    /// memory all the same, so that the push is not shown twice while the phone is on.
    ///
    /// # Errors
    /// [`StoreError`] when it could not be made durable.
    pub async fn finish(&self, id: EntryId, outcome: &Outcome) -> Result<(), StoreError> {
        let now = self.clock.now();
        let change = {
            let mut queue = self.queue();
            queue.finish(id, outcome, now)
        };
        let Some(change) = change else {
            return Ok(());
        };
        self.store
            .write(move |connection| journal::set_state(connection, &change, now))
            .await
    }

    /// Gives a lease back untouched, as if it had not been taken.
    pub fn release(&self, id: EntryId) {
        self.queue().release(id);
        self.changed.notify_one();
    }

    /// Makes ready what waits for `owner` to sign in; returns how many those are.
    ///
    /// # Errors
    /// [`StoreError`] when the change could not be made durable; it stands in memory.
    pub async fn signed_in(&self, owner: &Owner) -> Result<usize, StoreError> {
        let (count, changes) = {
            let mut queue = self.queue();
            let changes = queue.signed_in(owner);
            (changes.len(), changes)
        };
        if count > 0 {
            self.changed.notify_one();
            let now = self.clock.now();
            self.store
                .write(move |connection| {
                    changes
                        .iter()
                        .try_for_each(|change| journal::set_state(connection, change, now))
                })
                .await?;
        }
        Ok(count)
    }

    /// How many pushes wait for `owner` to sign in.
    #[must_use]
    pub fn awaiting_sign_in(&self, owner: &Owner) -> usize {
        self.queue().awaiting_sign_in(owner)
    }

    /// How many pushes stand where, for every owner.
    #[must_use]
    pub fn counts(&self) -> InboxCounts {
        self.queue().counts()
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
mod tests;
