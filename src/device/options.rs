//! What a device is made of.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::profile::VaultChoice;
use crate::backend::TimeOuts;
use crate::background::{
    DispatcherOptions, DynEntryPoint, DynForegroundApp, RuleOptions, TaskOptions,
};
use crate::channel::{BACKOFF_FIRST, BACKOFF_LONGEST};
use crate::lifecycle::{Clock, timeouts};
use crate::model::{DeviceName, Manifest};
use crate::store::Location;
use crate::telemetry::EventStream;
use crate::toast::Toaster;
use crate::vault::Vault;

/// How a device is opened.
#[derive(Clone)]
pub struct DeviceOptions {
    /// Its name.
    pub name: DeviceName,
    /// Where it remembers things.
    pub location: Location,
    /// Where its tokens may live.
    pub vaults: Vaults,
    /// Who draws its toasts.
    pub toaster: Toaster,
    /// Where its events go.
    pub events: EventStream,
    /// The time.
    pub clock: Clock,
    /// The app's manifest.
    pub manifest: Arc<Manifest>,
    /// The times of its channel.
    pub channel: ChannelTimes,
    /// The times of its requests to the backend.
    pub backend: TimeOuts,
    /// Retries of its pushes.
    pub tasks: DispatcherOptions,
    /// Budgets of its background tasks.
    pub budgets: TaskOptions,
    /// The numbers of the platforms' rules.
    pub rules: RuleOptions,
    /// The app's code behind further entry points, by name; [`super::Device::register_task`]
    /// registers tasks for them.
    pub entry_points: HashMap<String, Arc<dyn DynEntryPoint>>,
    /// The app, asked first about each push while it is in the foreground.
    pub foreground: Option<Arc<dyn DynForegroundApp>>,
    /// A local service that the channel tries last.
    pub local_service: Option<String>,
}

impl DeviceOptions {
    /// A device with the usual times, without renderers.
    #[must_use]
    pub fn new(name: DeviceName, location: Location, vaults: Vaults) -> Self {
        Self {
            name,
            location,
            vaults,
            toaster: Toaster::none(),
            events: EventStream::default(),
            clock: Clock::system(),
            manifest: Arc::new(Manifest::built_in()),
            channel: ChannelTimes::default(),
            backend: TimeOuts::default(),
            tasks: DispatcherOptions::default(),
            budgets: TaskOptions::default(),
            rules: RuleOptions::default(),
            entry_points: HashMap::new(),
            foreground: None,
            local_service: None,
        }
    }
}

/// The times of a device's channel.
#[derive(Debug, Clone, Copy)]
pub struct ChannelTimes {
    /// How long it may be idle before the device pings.
    pub ping_every: Duration,
    /// How long the pong may take.
    pub pong_within: Duration,
    /// The first wait before it is opened again.
    pub backoff_first: Duration,
    /// The longest wait before it is opened again.
    pub backoff_longest: Duration,
}

impl Default for ChannelTimes {
    fn default() -> Self {
        Self {
            ping_every: timeouts::CHANNEL_PING,
            pong_within: timeouts::CHANNEL_PONG,
            backoff_first: BACKOFF_FIRST,
            backoff_longest: BACKOFF_LONGEST,
        }
    }
}

/// The vaults a device may use; which of them it does, it remembers.
#[derive(Debug, Clone)]
pub struct Vaults {
    os: Vault,
    file: Option<Vault>,
    memory: Vault,
    forced: Option<VaultChoice>,
}

impl Vaults {
    /// The OS keyring by default, each call within `limit`, and a file at `file` where somebody
    /// chose it.
    #[must_use]
    pub fn of_device(file: PathBuf, limit: Duration) -> Self {
        Self {
            os: Vault::os(limit),
            file: Some(Vault::file(file)),
            memory: Vault::memory(),
            forced: None,
        }
    }

    /// Memory alone, whatever is chosen.
    #[must_use]
    pub fn memory() -> Self {
        Self {
            forced: Some(VaultChoice::Memory),
            file: None,
            ..Self::of_device(PathBuf::new(), timeouts::KEYRING)
        }
    }

    /// The same vaults, but `choice` whatever was remembered.
    #[must_use]
    pub fn forced(mut self, choice: VaultChoice) -> Self {
        self.forced = Some(choice);
        self
    }

    /// The vault to use, and the choice it stands for.
    #[must_use]
    pub fn pick(&self, remembered: Option<VaultChoice>) -> (VaultChoice, Vault) {
        let choice = self.forced.or(remembered).unwrap_or(VaultChoice::Os);
        let vault = match (choice, &self.file) {
            (VaultChoice::Os, _) => &self.os,
            (VaultChoice::File, Some(file)) => file,
            (VaultChoice::File, None) | (VaultChoice::Memory, _) => &self.memory,
        };
        (choice, vault.clone())
    }
}
