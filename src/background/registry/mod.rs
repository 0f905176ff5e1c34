//! Which tasks are registered, by name, and whether the app may run in the background at all.

mod error;
mod registration;
mod rows;
#[cfg(test)]
mod tests;

pub use error::RegisterError;
pub use registration::{Registered, TaskId, TaskRegistration};
pub(super) use rows::Scheduled;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::running::Running;
use super::{CancellationReason, Trigger, in_whole_millis};
use crate::lifecycle::Clock;
use crate::model::{BackgroundAccess, Conditions, Manifest};
use crate::store::{Store, StoreError};

/// The registered tasks of a device; they survive a restart. Cheap to clone.
#[derive(Debug, Clone)]
pub struct TaskRegistry {
    store: Store,
    device: i64,
    clock: Clock,
    manifest: Arc<Manifest>,
    conditions: watch::Receiver<Conditions>,
    known: Arc<Mutex<Known>>,
    /// Counts what changed in `known`.
    version: watch::Sender<u64>,
    running: Running,
}

#[derive(Debug)]
struct Known {
    access_requested: bool,
    tasks: Vec<Scheduled>,
    /// Why a task for pushes was refused last, until one is not.
    refusal: Option<String>,
}

impl TaskRegistry {
    /// Reads the tasks of `device`. One whose trigger this program does not know stays registered
    /// and is never started. `manifest` says what may be registered, `conditions` how the phone is.
    ///
    /// # Errors
    /// [`StoreError`] when they could not be read.
    pub async fn open(
        store: Store,
        device: i64,
        clock: Clock,
        manifest: Manifest,
        conditions: watch::Receiver<Conditions>,
    ) -> Result<Self, StoreError> {
        let kept = store
            .read(move |connection| rows::load(connection, device))
            .await?;
        Ok(Self {
            store,
            device,
            clock,
            manifest: Arc::new(manifest),
            conditions,
            known: Arc::new(Mutex::new(Known {
                access_requested: kept.access_requested,
                tasks: kept.tasks,
                refusal: None,
            })),
            version: watch::Sender::new(0),
            running: Running::default(),
        })
    }

    /// Asks for background access; the phone's condition `background_access` is the answer (WinRT
    /// `BackgroundExecutionManager.RequestAccessAsync`). That it was asked for is remembered across
    /// restarts; what the answer is, the condition says at any time.
    ///
    /// # Errors
    /// [`StoreError`] when that it was asked for could not be made durable; it stands in memory.
    pub async fn request_access(&self) -> Result<BackgroundAccess, StoreError> {
        let asked_before = std::mem::replace(&mut self.known().access_requested, true);
        if !asked_before {
            self.changed();
            let (device, now) = (self.device, self.clock.now());
            self.store
                .write(move |connection| rows::set_access(connection, device, Some(now)))
                .await?;
        }
        Ok(self.access())
    }

    /// Gives background access back: running instances are canceled (`Abort`), and no task runs
    /// until it is asked for again; the registrations stay (WinRT `RemoveAccess`).
    ///
    /// # Errors
    /// [`StoreError`] when that could not be made durable; it stands in memory.
    pub async fn remove_access(&self) -> Result<(), StoreError> {
        self.known().access_requested = false;
        self.cancel_running(CancellationReason::Abort);
        let device = self.device;
        self.store
            .write(move |connection| rows::set_access(connection, device, None))
            .await
    }

    /// Whether the app may run in the background now: `Unspecified` until it asked
    /// (WinRT `GetAccessStatus`).
    #[must_use]
    pub fn access(&self) -> BackgroundAccess {
        match self.known().access_requested {
            true => self.conditions.borrow().background_access,
            false => BackgroundAccess::Unspecified,
        }
    }

    /// Registers a task unless one of its name is registered already. The first run of a timer is
    /// due one interval from now.
    ///
    /// # Errors
    /// [`RegisterError`]: without background access, with a trigger that the manifest does not
    /// declare, with a timer or a name that cannot be, or when it could not be made durable.
    pub async fn register(&self, task: TaskRegistration) -> Result<Registered, RegisterError> {
        let checked = self.check(&task);
        if task.trigger == Trigger::RawPush {
            self.known().refusal = checked.as_ref().err().map(ToString::to_string);
        }
        checked?;
        let (device, now) = (self.device, self.clock.now());
        let due = match task.trigger {
            Trigger::Timer { every, .. } => Some(in_whole_millis(self.clock.after(every))),
            Trigger::RawPush | Trigger::NetworkChange => None,
        };
        let scheduled = Scheduled {
            task,
            due,
            latched: false,
        };
        let row = scheduled.clone();
        let new = self
            .store
            .write(move |connection| rows::insert(connection, device, &row, now))
            .await?;
        if !new {
            return Ok(Registered::Already);
        }
        self.known().tasks.push(scheduled);
        self.changed();
        Ok(Registered::New)
    }

    fn check(&self, task: &TaskRegistration) -> Result<(), RegisterError> {
        let longest = TaskRegistration::LONGEST_NAME;
        let length = task.name.chars().count();
        if !(1..=longest).contains(&length) || task.name.chars().any(char::is_control) {
            return Err(RegisterError::BadName { longest });
        }
        let name = task.name.clone();
        let answer = self.access();
        if !self.known().access_requested {
            return Err(RegisterError::AccessNotRequested { task: name });
        }
        if !answer.is_allowed() {
            return Err(RegisterError::AccessRefused { task: name, answer });
        }
        if let Trigger::Timer { every, .. } = task.trigger
            && !(Trigger::SHORTEST_TIMER..=Trigger::LONGEST_TIMER).contains(&every)
        {
            return Err(RegisterError::BadTimer { task: name, every });
        }
        self.manifest
            .check_task(&task.entry_point, task.trigger.task_type())
            .map_err(|cause| RegisterError::NotDeclared { task: name, cause })
    }

    /// Takes a registration away; false when there is none of that name. With `cancel` its running
    /// instances are told to end (`Abort`), otherwise they run on (WinRT `Unregister(cancelTask)`).
    ///
    /// # Errors
    /// [`StoreError`] when that could not be made durable; then it stays registered.
    pub async fn unregister(&self, name: &str, cancel: bool) -> Result<bool, StoreError> {
        let (device, row) = (self.device, name.to_owned());
        let deleted = self
            .store
            .write(move |connection| rows::delete(connection, device, &row))
            .await?;
        let removed = {
            let mut known = self.known();
            let place = known.tasks.iter().position(|one| one.task.name == name);
            place.map(|place| known.tasks.remove(place).task.id)
        };
        if let Some(id) = removed.filter(|_| cancel) {
            self.running.cancel(Some(id), CancellationReason::Abort);
        }
        self.changed();
        Ok(deleted)
    }

    /// Tells every running instance to end, for a reason that the caller knows: the device says
    /// `LoggingOff` when the user signs out. Returns how many those are.
    pub fn cancel_running(&self, reason: CancellationReason) -> usize {
        self.running.cancel(None, reason)
    }

    /// Why a task for pushes was refused last, unless one was taken since.
    #[must_use]
    pub fn refusal(&self) -> Option<String> {
        self.known().refusal.clone()
    }

    /// Every task that is registered, the first one first.
    #[must_use]
    pub fn all(&self) -> Vec<TaskRegistration> {
        let known = self.known();
        known.tasks.iter().map(|one| one.task.clone()).collect()
    }

    /// The task of that name.
    #[must_use]
    pub fn task(&self, name: &str) -> Option<TaskRegistration> {
        let known = self.known();
        let mut tasks = known.tasks.iter().map(|one| &one.task);
        tasks.find(|task| task.name == name).cloned()
    }

    /// The task that `trigger` starts: the one registered first.
    #[must_use]
    pub fn task_for(&self, trigger: Trigger) -> Option<TaskRegistration> {
        let known = self.known();
        let mut tasks = known.tasks.iter().map(|one| &one.task);
        tasks.find(|task| task.trigger == trigger).cloned()
    }

    pub(super) fn clock(&self) -> &Clock {
        &self.clock
    }

    pub(super) fn conditions(&self) -> &watch::Receiver<Conditions> {
        &self.conditions
    }

    pub(super) fn running(&self) -> &Running {
        &self.running
    }

    /// The tasks that a timer or the network starts.
    pub(super) fn scheduled(&self) -> Vec<Scheduled> {
        let known = self.known();
        let mut tasks = known.tasks.clone();
        tasks.retain(|one| one.task.trigger != Trigger::RawPush);
        tasks
    }

    /// Changes how far the trigger of a task is, in memory; the answer is what to write down.
    pub(super) fn change_trigger(
        &self,
        id: TaskId,
        change: impl FnOnce(&mut Scheduled),
    ) -> Option<Scheduled> {
        let mut known = self.known();
        let one = known.tasks.iter_mut().find(|one| one.task.id == id)?;
        change(one);
        Some(one.clone())
    }

    /// Writes down how far the trigger of a task is.
    pub(super) async fn save_trigger(&self, row: Scheduled) {
        let (device, name) = (self.device, row.task.name.clone());
        let saved = self
            .store
            .write(move |connection| rows::save_trigger(connection, device, &row))
            .await;
        if let Err(error) = saved {
            tracing::warn!(%error, task = name, "the state of a trigger was not kept: after a restart the task may run once more");
        }
    }

    /// Follows the changes of the registrations.
    pub(super) fn watch(&self) -> watch::Receiver<u64> {
        self.version.subscribe()
    }

    fn changed(&self) {
        self.version.send_modify(|version| *version += 1);
    }

    /// Held for a moment only, never across an await.
    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
