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
mod conditions;
mod core;
mod error;
mod folder;
#[cfg(test)]
mod full_inbox_tests;
mod give_back;
mod options;
mod profile;
mod reads;
mod registering;
mod registration_keeper;
mod secure_push;
mod sending;
mod showing;
mod sign_in_check;
mod state;
mod status;
#[cfg(test)]
mod switch_off_tests;
mod tasks;
mod toasts;
mod visible_push;

pub use account::{SignInRequest, SignInSecret};
pub use action_centre::Tapped;
pub use error::{DeviceError, ErrorKind};
pub use folder::{DeviceFolder, DeviceLock, FolderError};
pub use options::{ChannelTimes, DeviceOptions, Vaults};
pub use profile::{EarlierBackend, Profile, VaultChoice};
pub use registering::RegisterRequest;
pub use sign_in_check::SignInCheck;
pub use status::Status;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use crate::action_centre as centre;
use crate::background::{
    self, Dispatcher, DispatcherOptions, DynEntryPoint, DynForegroundApp, RuleOptions,
    RuntimeParts, TaskOptions, TaskRuntime,
};
use crate::lifecycle::{Scope, timeouts};
use crate::registration;
use crate::store::Schema;
use crate::telemetry::EventStream;
use channel_keeper::ChannelKeeper;
use core::Core;
use registration_keeper::RegistrationKeeper;
use secure_push::SecurePush;
use state::{PhoneState, Registered};
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
        profile::MIGRATION_2,
        registration::MIGRATION_2,
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
    habits: Habits,
}

/// How a device works once it is on.
struct Habits {
    channel: ChannelTimes,
    local_service: Option<String>,
    pushes: DispatcherOptions,
    budgets: TaskOptions,
    rules: RuleOptions,
    entry_points: HashMap<String, Arc<dyn DynEntryPoint>>,
    foreground: Option<Arc<dyn DynForegroundApp>>,
}

impl Habits {
    fn of(options: &DeviceOptions) -> Self {
        Self {
            channel: options.channel,
            local_service: options.local_service.clone(),
            pushes: options.tasks.clone(),
            budgets: options.budgets,
            rules: options.rules.clone(),
            entry_points: options.entry_points.clone(),
            foreground: options.foreground.clone(),
        }
    }
}

impl Device {
    /// Opens the device's database and everything it remembers. It is not switched on yet.
    ///
    /// # Errors
    /// [`DeviceError`]
    pub async fn open(options: DeviceOptions) -> Result<Self, DeviceError> {
        let habits = Habits::of(&options);
        let scope = Scope::new();
        let core = core::open(options, scope.spawner()).await?;
        core.restore_link()?;
        Ok(Self {
            core: Arc::new(core),
            scope,
            habits,
        })
    }

    /// Switches the phone on; it works in the background from here. Switched on a second time it
    /// stays as it is, but for one that only registers, which becomes whole.
    ///
    /// # Errors
    /// [`DeviceError`] when the app's background task could not be registered.
    pub async fn turn_on(&self, mode: Mode) -> Result<(), DeviceError> {
        let before = self.core.state.switch_on(mode);
        if matches!(before, Some(Mode::Whole | Mode::WithoutBackend)) {
            return Ok(());
        }
        self.core.register_task().await?;
        if before.is_none() {
            self.open_channel(mode);
            self.serve_action_centre();
        }
        if mode != Mode::RegisterOnly {
            let off = self.scope.token().clone();
            let owner = self.core.state.watch_owner();
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

    fn open_channel(&self, mode: Mode) {
        let off = self.scope.token().clone();
        let keeper = ChannelKeeper {
            core: self.core.clone(),
            times: self.habits.channel,
            local_service: self.habits.local_service.clone(),
        };
        self.scope.spawn_to_end("channel", keeper.run(off.clone()));
        let registration = RegistrationKeeper {
            core: self.core.clone(),
            backend: mode != Mode::WithoutBackend,
        };
        self.scope
            .spawn_to_end("registration", registration.run(off));
    }

    fn runtime(&self) -> TaskRuntime {
        let core = &self.core;
        let parts = RuntimeParts {
            events: core.events.clone(),
            device: core.name.to_string(),
            platform: core.state.watch_platform(),
            options: self.habits.budgets,
            entry_points: self.habits.entry_points.clone(),
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
            foreground: self.habits.foreground.clone(),
            conditions: self.core.state.watch_conditions(),
            rules: self.habits.rules.clone(),
            events: self.core.events.clone(),
            device: self.core.name.to_string(),
            clock: self.core.clock.clone(),
            options: self.habits.pushes.clone(),
        }
    }

    /// Waits until the channel is open and the handle registered, where there is a backend.
    ///
    /// # Errors
    /// [`DeviceError::TimedOut`] with what went wrong last; [`DeviceError::NotRegistered`] at once
    /// when waiting does not help.
    pub async fn ready(&self, limit: Duration) -> Result<(), DeviceError> {
        let mut phone = self.core.state.watch();
        // The sender lives as long as the device.
        let settled = phone.wait_for(PhoneState::is_settled);
        let settled = tokio::time::timeout(limit, settled).await.is_ok();
        let now = self.core.state.now();
        if let Registered::Refused(kind, reason) = now.registered {
            return Err(DeviceError::NotRegistered { kind, reason });
        }
        if settled {
            return Ok(());
        }
        Err(DeviceError::TimedOut {
            what: "the phone was not registered",
            limit,
            last: now.problem(),
        })
    }

    /// The device's status.
    pub async fn status(&self) -> Status {
        self.core.status().await
    }

    /// How many pushes wait, and for what.
    #[must_use]
    pub fn inbox(&self) -> background::InboxCounts {
        self.core.inbox.counts()
    }

    /// How many of the pushes that wait are held by a condition of the phone.
    #[must_use]
    pub fn held(&self) -> usize {
        self.core.inbox.held_count()
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
