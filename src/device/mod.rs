//! The phone: wires the rooms below into one handle.
//!
//! A [`Device`] is opened from its database and can then sign in, register and send. Switched on
//! ([`Device::turn_on`]) it keeps its channel open, keeps the backend told of its handle, takes
//! pushes into its inbox and runs its background task for each.

mod account;
mod action_centre;
#[cfg(test)]
mod action_centre_tests;
mod channel_keeper;
mod core;
mod error;
mod folder;
mod options;
mod profile;
mod reads;
mod registering;
mod registration_keeper;
mod secure_push;
mod sending;
mod showing;
mod status;
#[cfg(test)]
mod switch_off_tests;
mod toasts;
mod visible_push;

pub use account::{SignInRequest, SignInSecret};
pub use action_centre::Tapped;
pub use error::{DeviceError, ErrorKind};
pub use folder::{DeviceFolder, DeviceLock, FolderError};
pub use options::{ChannelTimes, DeviceOptions, Vaults};
pub use profile::{Profile, VaultChoice};
pub use registering::RegisterRequest;
pub use status::Status;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::action_centre as centre;
use crate::background::{
    self, Dispatcher, DispatcherOptions, DynEntryPoint, TaskRegistration, Trigger,
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
        centre::MIGRATION,
        registration::MIGRATION,
        background::MIGRATION_2,
        centre::MIGRATION_2,
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
    on: Mutex<Option<Mode>>,
}

impl Device {
    /// Opens the device's database and everything it remembers. It is not switched on yet.
    ///
    /// # Errors
    /// [`DeviceError`]
    pub async fn open(options: DeviceOptions) -> Result<Self, DeviceError> {
        let (channel, tasks) = (options.channel, options.tasks.clone());
        let local_service = options.local_service.clone();
        let core = core::open(options).await?;
        core.restore_link()?;
        Ok(Self {
            core: Arc::new(core),
            scope: Scope::new(),
            channel,
            local_service,
            tasks,
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
        let task = TaskRegistration {
            name: secure_push::TASK_NAME.to_owned(),
            entry_point: secure_push::ENTRY_POINT.to_owned(),
            trigger: Trigger::RawPush,
        };
        self.core.tasks.register(task).await?;
        if before.is_none() {
            self.open_channel(mode);
            self.serve_action_centre();
        }
        if mode != Mode::RegisterOnly {
            let off = self.scope.token().clone();
            let owner = self.core.owner.subscribe();
            self.scope
                .spawn_to_end("tasks", self.dispatcher().run(owner, off));
        }
        Ok(())
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

    fn dispatcher(&self) -> Dispatcher {
        let push: Arc<dyn DynEntryPoint> = Arc::new(SecurePush::new(self.core.clone()));
        Dispatcher {
            inbox: self.core.inbox.clone(),
            registry: self.core.tasks.clone(),
            entry_points: HashMap::from([(secure_push::ENTRY_POINT.to_owned(), push)]),
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
                registrar,
                ..
            } = core;
            drop((inbox, centre, tasks, registrar));
            store.close().await;
        }
        left
    }
}
