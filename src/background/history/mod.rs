//! The durable history of task instances.
//!
//! An instance is written once, after its end, together with those that end in the same moment, by a
//! task that no push waits for and that the owner of the [`Spawner`] awaits at shutdown. One that
//! still runs after [`RUNNING_ROW_AFTER`] is written then as well, so that it is found `interrupted`
//! when its process is killed. A shorter one that is killed, or one that ended within
//! [`GATHER_FOR`] before, leaves no trace here: its push does, in the inbox. What could not be
//! written costs its record alone.

mod record;
mod rows;

pub use record::{InstanceRecord, InstanceResult};

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::{Ended, TaskInstance};
use crate::lifecycle::{Clock, Spawner};
use crate::store::{Store, StoreError};

/// How long an instance runs before it is written down as running: an ordinary push is through in
/// a fraction of that, and costs one row.
pub(super) const RUNNING_ROW_AFTER: Duration = Duration::from_millis(250);

/// How long records are gathered before they are written: a commit for each would hold up those of
/// the inbox.
const GATHER_FOR: Duration = Duration::from_millis(100);

/// The history of one device's instances. Cheap to clone.
#[derive(Debug, Clone)]
pub struct TaskHistory {
    store: Store,
    device: i64,
    clock: Clock,
    spawner: Spawner,
    last_number: Arc<AtomicU64>,
    /// What runs, and what has ended and is not written yet.
    recent: Arc<Mutex<BTreeMap<u64, Recent>>>,
    unwritten: Arc<Mutex<Unwritten>>,
}

/// What is to be written.
#[derive(Debug, Default)]
struct Unwritten {
    records: Vec<InstanceRecord>,
    /// A task is about to write them.
    awaited: bool,
}

#[derive(Debug)]
struct Recent {
    record: InstanceRecord,
    instance: TaskInstance,
    begun: Instant,
}

impl TaskHistory {
    /// How many instances are remembered; older ones are forgotten.
    pub const MOST: u64 = 1000;

    /// Opens the history of `device`. What was running when its process was killed is interrupted
    /// from here on. Records are written by tasks of `spawner`, whose owner awaits them.
    ///
    /// # Errors
    /// [`StoreError`] when it could not be read.
    pub async fn open(
        store: Store,
        device: i64,
        clock: Clock,
        spawner: Spawner,
    ) -> Result<Self, StoreError> {
        let last = store
            .write(move |connection| rows::open(connection, device))
            .await?;
        Ok(Self {
            store,
            device,
            clock,
            spawner,
            last_number: Arc::new(AtomicU64::new(last)),
            recent: Arc::default(),
            unwritten: Arc::default(),
        })
    }

    /// The latest instances, the last one first, those that run among them.
    ///
    /// # Errors
    /// [`StoreError`] when they could not be read.
    pub async fn list(&self, limit: usize) -> Result<Vec<InstanceRecord>, StoreError> {
        let device = self.device;
        // Looked at before the rows: what is written meanwhile stands in one of the two at least.
        let mut all: BTreeMap<u64, InstanceRecord> = {
            let recent = self.recent();
            let records = recent.values().map(Recent::current);
            records.map(|record| (record.id, record)).collect()
        };
        let written = self
            .store
            .read(move |connection| rows::list(connection, device, limit))
            .await?;
        for record in written {
            if record.result != InstanceResult::Running || !all.contains_key(&record.id) {
                all.insert(record.id, self.as_it_is(record));
            }
        }
        Ok(all.into_values().rev().take(limit).collect())
    }

    /// One instance.
    ///
    /// # Errors
    /// [`StoreError`] when it could not be read.
    pub async fn get(&self, id: u64) -> Result<Option<InstanceRecord>, StoreError> {
        if let Some(recent) = self.recent().get(&id) {
            return Ok(Some(recent.current()));
        }
        let device = self.device;
        let found = self
            .store
            .read(move |connection| rows::get(connection, device, id))
            .await?;
        Ok(found.map(|record| self.as_it_is(record)))
    }

    /// A row says that an instance runs, and nobody runs it: it was dropped.
    fn as_it_is(&self, mut record: InstanceRecord) -> InstanceRecord {
        let runs = record.result == InstanceResult::Running;
        if runs && !self.recent().contains_key(&record.id) {
            record.result = InstanceResult::Interrupted;
        }
        record
    }

    /// The number of the next instance.
    pub(super) fn next_number(&self) -> u64 {
        self.last_number.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Notes that an instance starts. Until [`Started::ended`] it is listed as running; dropped
    /// before, it is forgotten, as the phone that drops it is.
    pub(super) fn start(&self, instance: &TaskInstance) -> Started {
        let recent = Recent {
            record: InstanceRecord::started(instance, self.clock.now()),
            instance: instance.clone(),
            begun: Instant::now(),
        };
        self.recent().insert(instance.number(), recent);
        Started {
            history: self.clone(),
            number: Some(instance.number()),
        }
    }

    fn save(&self, record: InstanceRecord) {
        let awaited = {
            let mut unwritten = self.unwritten();
            unwritten.records.push(record);
            std::mem::replace(&mut unwritten.awaited, true)
        };
        if !awaited {
            let history = self.clone();
            let write = async move { history.write_all().await };
            self.spawner.spawn_to_end("task history", write);
        }
    }

    /// Writes what is to be written until nothing is.
    async fn write_all(&self) {
        loop {
            tokio::select! {
                () = self.spawner.token().cancelled() => {}
                () = tokio::time::sleep(GATHER_FOR) => {}
            }
            let records = {
                let mut unwritten = self.unwritten();
                unwritten.awaited = !unwritten.records.is_empty();
                std::mem::take(&mut unwritten.records)
            };
            if records.is_empty() {
                return;
            }
            self.write(records).await;
        }
    }

    async fn write(&self, records: Vec<InstanceRecord>) {
        let over = records
            .iter()
            .filter(|record| record.result != InstanceResult::Running);
        let over: Vec<u64> = over.map(|record| record.id).collect();
        let device = self.device;
        let saved = self
            .store
            .write(move |connection| rows::save(connection, device, &records, Self::MOST))
            .await;
        if let Err(error) = saved {
            tracing::warn!(%error, "what became of some task instances was not kept");
        }
        let mut recent = self.recent();
        for id in over {
            recent.remove(&id);
        }
    }

    /// Held for a moment only, never across an await.
    fn unwritten(&self) -> MutexGuard<'_, Unwritten> {
        self.unwritten
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Held for a moment only, never across an await.
    fn recent(&self) -> MutexGuard<'_, BTreeMap<u64, Recent>> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Recent {
    fn current(&self) -> InstanceRecord {
        let mut record = self.record.clone();
        if record.result == InstanceResult::Running {
            record.refresh(&self.instance);
        }
        record
    }
}

/// An instance that was noted.
pub(super) struct Started {
    history: TaskHistory,
    /// None once its end is noted.
    number: Option<u64>,
}

impl Started {
    /// How long it has run, in milliseconds.
    pub(super) fn elapsed_ms(&self) -> u64 {
        let recent = self.history.recent();
        let begun = self.number.and_then(|number| recent.get(&number));
        begun.map_or(0, |recent| {
            u64::try_from(recent.begun.elapsed().as_millis()).unwrap_or(u64::MAX)
        })
    }

    /// Writes it down as running, without waiting for that.
    pub(super) fn still_runs(&self) {
        let record = {
            let recent = self.history.recent();
            let known = self.number.and_then(|number| recent.get(&number));
            known.map(Recent::current)
        };
        if let Some(record) = record {
            self.history.save(record);
        }
    }

    /// Writes its end down, without waiting for that.
    pub(super) fn ended(mut self, ended: &Ended) {
        let elapsed = self.elapsed_ms();
        let now = self.history.clock.now();
        let record = {
            let mut recent = self.history.recent();
            let known = self.number.take();
            known
                .and_then(|number| recent.get_mut(&number))
                .map(|recent| {
                    let record = recent.record.clone();
                    recent.record = record.ended(&recent.instance, ended, now, elapsed);
                    recent.record.clone()
                })
        };
        if let Some(record) = record {
            self.history.save(record);
        }
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        if let Some(number) = self.number {
            self.history.recent().remove(&number);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::background::testing::{self, instance, push};
    use crate::background::{CancellationReason, Outcome};
    use crate::lifecycle::{Scope, timeouts};
    use crate::model::Platform;

    async fn open(store: &Store, scope: &Scope) -> TaskHistory {
        TaskHistory::open(store.clone(), 1, Clock::system(), scope.spawner())
            .await
            .unwrap()
    }

    #[tokio::test]
    async fn an_end_is_kept_and_the_numbers_go_on() {
        let (store, scope) = (testing::store().await, Scope::new());
        let history = open(&store, &scope).await;
        assert_eq!(history.next_number(), 1);
        let instance = instance(1, push(Platform::Wns));
        let started = history.start(&instance);
        instance.progress(40);
        let listed = history.list(10).await.unwrap();
        assert_eq!(listed[0].result, InstanceResult::Running);
        assert_eq!(listed[0].progress, Some(40));
        let reason = CancellationReason::ExecutionTimeExceeded;
        instance.cancel(reason);
        started.still_runs();
        started.ended(&Ended::Canceled(reason, Some(Outcome::Shown)));
        let before = history.get(1).await.unwrap().unwrap();
        assert_eq!(scope.shutdown(timeouts::SHUTDOWN).await, 0);
        let scope = Scope::new();
        let again = open(&store, &scope).await;
        assert_eq!(again.list(10).await.unwrap(), std::slice::from_ref(&before));
        assert_eq!(before.result, InstanceResult::Canceled);
        assert_eq!(before.reason.as_deref(), Some("ExecutionTimeExceeded"));
        assert_eq!(before.outcome.as_deref(), Some("shown"));
        assert_eq!(again.next_number(), 2);
        assert_eq!(again.get(2).await, Ok(None));
    }

    #[tokio::test]
    async fn what_was_running_when_its_process_was_killed_is_interrupted() {
        let (store, scope) = (testing::store().await, Scope::new());
        let history = open(&store, &scope).await;
        let started = history.start(&instance(1, push(Platform::Wns)));
        started.still_runs();
        assert_eq!(scope.shutdown(timeouts::SHUTDOWN).await, 0);
        let found = history.get(1).await.unwrap().unwrap();
        assert_eq!(found.result, InstanceResult::Running);
        drop(started);
        let scope = Scope::new();
        for history in [history, open(&store, &scope).await] {
            let found = history.get(1).await.unwrap().unwrap();
            assert_eq!(found.result, InstanceResult::Interrupted);
            assert_eq!(found.ended_at, None);
            assert_eq!(history.list(10).await.unwrap(), [found]);
        }
    }

    #[tokio::test]
    async fn only_the_latest_are_remembered() {
        let (store, scope) = (testing::store().await, Scope::new());
        let history = open(&store, &scope).await;
        for number in 1..=TaskHistory::MOST + 20 {
            let started = history.start(&instance(number, push(Platform::Wns)));
            started.ended(&Ended::Completed(Outcome::Shown));
        }
        assert_eq!(scope.shutdown(timeouts::SHUTDOWN).await, 0);
        let all = history.list(usize::MAX).await.unwrap();
        assert_eq!(all.len(), 1000);
        assert_eq!((all[0].id, all[999].id), (1020, 21));
    }
}
