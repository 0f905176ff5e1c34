//! The phone: wires the rooms below into one handle.
//!
//! A [`Device`] is opened from its database and can then sign in, register and send. Switched on
//! ([`Device::turn_on`]) it keeps its channel open, keeps the backend told of its handle, takes
//! pushes into its inbox and runs its background task for each.

mod account;
mod channel_keeper;
mod core;
mod error;
mod folder;
mod options;
mod profile;
mod registering;
mod registration_keeper;
mod secure_push;
mod sending;
mod status;
#[cfg(test)]
mod switch_off_tests;
mod toasts;
mod visible_push;

pub use account::{SignInRequest, SignInSecret};
pub use error::{DeviceError, ErrorKind};
pub use folder::{DeviceFolder, DeviceLock, FolderError};
pub use options::{ChannelTimes, DeviceOptions, Vaults};
pub use profile::{Profile, VaultChoice};
pub use registering::RegisterRequest;
pub use status::Status;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::action_centre::{self, ShownToast};
use crate::background::{
    self, Dispatcher, DispatcherOptions, RegisterError, RuntimeParts, TaskOptions,
    TaskRegistration, TaskRuntime, Trigger,
};
use crate::lifecycle::{Scope, timeouts};
use crate::registration;
use crate::store::Schema;
use crate::telemetry::EventStream;
use channel_keeper::ChannelKeeper;
use core::{Core, Line, Registered};
use registration_keeper::RegistrationKeeper;
use secure_push::SecurePush;
use visible_push::VisiblePush;

/// The tables of a device's database.
const SCHEMA: Schema = Schema {
    application_id: 0x4853_4456,
    migrations: &[
        profile::MIGRATION,
        background::MIGRATION,
        action_centre::MIGRATION,
        registration::MIGRATION,
        background::MIGRATION_2,
        action_centre::MIGRATION_2,
    ],
};

/// How much of a phone is switched on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// All of it.
    Whole,
    /// All of it but for the backend: a handle, and visible pushes.
    WithoutBackend,
    /// The channel and the registration: pushes are taken into the inbox, their tasks wait.
    RegisterOnly,
}

/// A simulated mobile device. Dropping it switches it off without any goodbye, as a dead battery
/// would; [`Device::shutdown`] waits for what it does.
pub struct Device {
    core: Arc<Core>,
    scope: Scope,
    channel: ChannelTimes,
    local_service: Option<String>,
    tasks: DispatcherOptions,
    budgets: TaskOptions,
    on: Mutex<Option<Mode>>,
}

impl Device {
    /// Opens the device's database and everything it remembers. It is not switched on yet.
    ///
    /// # Errors
    /// [`DeviceError`]
    pub async fn open(options: DeviceOptions) -> Result<Self, DeviceError> {
        let (channel, tasks) = (options.channel, options.tasks.clone());
        let (budgets, local_service) = (options.budgets, options.local_service.clone());
        let scope = Scope::new();
        let core = core::open(options, scope.spawner()).await?;
        core.restore_link()?;
        Ok(Self {
            core: Arc::new(core),
            scope,
            channel,
            local_service,
            tasks,
            budgets,
            on: Mutex::new(None),
        })
    }

    /// Switches the phone on; it works in the background from here. Switched on a second time it
    /// stays as it is, but for one that only registers, which becomes whole.
    ///
    /// # Errors
    /// [`DeviceError`] when the app's background task could not be registered.
    pub async fn turn_on(&self, mode: Mode) -> Result<(), DeviceError> {
        let before = {
            let mut on = self.on.lock().unwrap_or_else(PoisonError::into_inner);
            match (*on, mode) {
                (None | Some(Mode::RegisterOnly), _) => on.replace(mode),
                (Some(Mode::Whole | Mode::WithoutBackend), _) => return Ok(()),
            }
        };
        self.register_task().await?;
        if before.is_none() {
            self.open_channel(mode);
        }
        if mode != Mode::RegisterOnly {
            let off = self.scope.token().clone();
            let owner = self.core.owner.subscribe();
            let runtime = self.runtime();
            let pushes = self.dispatcher(runtime.clone());
            self.scope
                .spawn_to_end("tasks", pushes.run(owner, off.clone()));
            self.scope.spawn_to_end("triggers", async move {
                runtime.serve_triggers(off).await;
            });
        }
        Ok(())
    }

    /// Registers the push task as the app does at each launch. A user who does not allow it has a
    /// phone that is on all the same.
    async fn register_task(&self) -> Result<(), DeviceError> {
        let (name, entry_point) = (secure_push::TASK_NAME, secure_push::ENTRY_POINT);
        let task = TaskRegistration::new(name, entry_point, Trigger::RawPush);
        self.core.tasks.request_access().await?;
        match self.core.tasks.register(task).await {
            Ok(_) => Ok(()),
            Err(RegisterError::Store(error)) => Err(error.into()),
            Err(error) => {
                tracing::warn!(%error, "pushes wake no task");
                Ok(())
            }
        }
    }

    fn open_channel(&self, mode: Mode) {
        if mode == Mode::WithoutBackend {
            self.core
                .owner
                .send_replace(Some(background::Owner::nobody()));
        }
        let off = self.scope.token().clone();
        let keeper = ChannelKeeper {
            core: self.core.clone(),
            times: self.channel,
            local_service: self.local_service.clone(),
        };
        self.scope.spawn_to_end("channel", keeper.run(off.clone()));
        let registration = RegistrationKeeper {
            core: self.core.clone(),
            backend: mode != Mode::WithoutBackend,
        };
        self.scope
            .spawn_to_end("registration", registration.run(off));
    }

    fn is_on(&self) -> bool {
        self.on
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .is_some_and(|mode| mode != Mode::RegisterOnly)
    }

    fn runtime(&self) -> TaskRuntime {
        let core = &self.core;
        let parts = RuntimeParts {
            events: core.events.clone(),
            device: core.name.to_string(),
            options: self.budgets,
            ..RuntimeParts::new(core.tasks.clone(), core.history.clone())
        };
        let push = SecurePush::new(core.clone());
        TaskRuntime::new(parts.entry_point(secure_push::ENTRY_POINT, push))
    }

    fn dispatcher(&self, runtime: TaskRuntime) -> Dispatcher {
        Dispatcher {
            inbox: self.core.inbox.clone(),
            runtime,
            visible: Arc::new(VisiblePush(self.core.clone())),
            events: self.core.events.clone(),
            device: self.core.name.to_string(),
            clock: self.core.clock.clone(),
            options: self.tasks.clone(),
        }
    }

    /// Waits until the channel is open and the handle registered, where there is a backend.
    ///
    /// # Errors
    /// [`DeviceError::TimedOut`] with what went wrong last; [`DeviceError::NotRegistered`] at once
    /// when waiting does not help.
    pub async fn ready(&self, limit: Duration) -> Result<(), DeviceError> {
        let mut line = self.core.line.subscribe();
        let mut registered = self.core.registered.subscribe();
        let both = async {
            // Both senders live as long as the device.
            line.wait_for(|line| matches!(line, Line::Open(_)))
                .await
                .ok();
            registered.wait_for(Registered::is_settled).await.ok();
        };
        let settled = tokio::time::timeout(limit, both).await;
        if let Registered::Refused(kind, reason) = &*self.core.registered.borrow() {
            return Err(DeviceError::NotRegistered {
                kind: *kind,
                reason: reason.clone(),
            });
        }
        settled.map_err(|_| DeviceError::TimedOut {
            what: "the phone was not registered",
            limit,
            last: self.last_problem(),
        })
    }

    fn last_problem(&self) -> Option<String> {
        if let Line::Closed(problem) = &*self.core.line.borrow() {
            return problem.as_ref().map(|problem| problem.text.clone());
        }
        match &*self.core.registered.borrow() {
            Registered::Failed(problem) | Registered::Refused(_, problem) => Some(problem.clone()),
            Registered::No | Registered::As(_) | Registered::NotNeeded => None,
        }
    }

    /// The device's status.
    pub async fn status(&self) -> Status {
        self.core.status(self.is_on()).await
    }

    /// The toasts in the action centre, the one shown last first.
    ///
    /// # Errors
    /// [`DeviceError`] when they could not be read.
    pub async fn toasts(&self) -> Result<Vec<ShownToast>, DeviceError> {
        Ok(self.core.centre.list().await?)
    }

    /// How many pushes wait, and for what.
    #[must_use]
    pub fn inbox(&self) -> background::InboxCounts {
        self.core.inbox.counts()
    }

    /// What the device remembers about itself.
    #[must_use]
    pub fn profile(&self) -> Profile {
        self.core.profile()
    }

    /// The device's events.
    #[must_use]
    pub fn events(&self) -> &EventStream {
        &self.core.events
    }

    /// Switches the phone off: says goodbye to the push service, ends running tasks, and waits for
    /// everything. Returns how many tasks did not end in time.
    pub async fn shutdown(self) -> usize {
        let Self { core, scope, .. } = self;
        let limit = timeouts::TASK_GRACE + timeouts::SHUTDOWN;
        let left = scope.shutdown(limit).await;
        if let Some(core) = Arc::into_inner(core) {
            let Core {
                store,
                inbox,
                centre,
                tasks,
                history,
                registrar,
                ..
            } = core;
            drop((inbox, centre, tasks, history, registrar));
            store.close().await;
        }
        left
    }
}
