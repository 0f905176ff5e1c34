//! The tester's facade: the embedded services and any number of phones in one process, driven
//! and asked from a test.
//!
//! ```
//! use std::time::Duration;
//! use handset::lab::{Lab, LabError};
//!
//! #[tokio::main]
//! async fn main() -> Result<(), LabError> {
//!     let lab = Lab::start().await?;
//!     let phone = lab.device("alice-phone").user("alice").start().await?;
//!
//!     lab.backend().send_secure("alice", "Your code is 4711").await?;
//!     let toast = phone.next_toast(Duration::from_secs(5)).await?;
//!     assert_eq!(toast.body, "Your code is 4711");
//!
//!     lab.finish().await // stops everything; fails on a lost push or a leaked task
//! }
//! ```
//!
//! Everything listens on free loopback ports and lives in a temporary folder, so that any number
//! of labs run side by side. A phone keeps its database there and its token with the lab: one that
//! was killed ([`Phone::kill`]) or switched off goes on where it was with [`Lab::resume`].

mod backend;
mod builder;
mod error;
mod event_log;
mod fate;
mod options;
mod phone;
mod settling;
mod station;
mod toast;

pub use backend::LabBackend;
pub use builder::DeviceBuilder;
pub use error::LabError;
pub use fate::Fate;
pub use options::LabOptions;
pub use phone::Phone;
pub use toast::Toast;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tempfile::TempDir;

use crate::backend::{BackendClient, BackendOptions};
use crate::emulator::Services;
use crate::lifecycle::{Scope, timeouts};
use crate::model::{BackendOrigin, DeviceName};
use station::Station;

/// Services and phones under test. Dropping it kills all of them; [`Lab::finish`] also says
/// whether anything was lost.
pub struct Lab {
    // The phones go before what they live in and from.
    stations: Mutex<BTreeMap<DeviceName, Arc<Station>>>,
    scope: Scope,
    services: Services,
    sender: BackendClient,
    ready_within: Duration,
    settle_within: Duration,
    home: TempDir,
}

impl Lab {
    /// Starts the services with the demo users (a password equals the name), in memory, on a free
    /// port.
    ///
    /// # Errors
    /// [`LabError::Services`] or [`LabError::Home`].
    pub async fn start() -> Result<Self, LabError> {
        Self::with(LabOptions::default()).await
    }

    /// As [`Lab::start`], with options.
    ///
    /// # Errors
    /// [`LabError::Services`] or [`LabError::Home`].
    pub async fn with(options: LabOptions) -> Result<Self, LabError> {
        let home = tempfile::Builder::new()
            .prefix("handset-lab-")
            .tempdir()
            .map_err(|error| LabError::Home(error.to_string()))?;
        let services = Services::start(options.services).await?;
        let origin = BackendOrigin::parse(services.urls().backend.as_str())?;
        Ok(Self {
            stations: Mutex::default(),
            scope: Scope::new(),
            sender: BackendClient::new(BackendOptions::new(origin))?,
            services,
            ready_within: options.ready_within,
            settle_within: options.settle_within,
            home,
        })
    }

    /// A phone to be: say what it is like, then [`DeviceBuilder::start`] it. The name is also that
    /// of its folder and must be new to this lab.
    pub fn device(&self, name: impl Into<String>) -> DeviceBuilder<'_> {
        DeviceBuilder::new(self, name.into())
    }

    /// Switches a phone on again that was killed or switched off, and waits until its channel is
    /// open. Toasts and events of its earlier life stay to be asked for.
    ///
    /// # Errors
    /// [`LabError::UnknownPhone`], [`LabError::Device`], or [`LabError::NoEvent`] when the channel
    /// does not open in time.
    pub async fn resume(&self, name: &str) -> Result<Phone, LabError> {
        let phone = self.resume_at_once(name).await?;
        phone.opened(self.ready_within).await?;
        Ok(phone)
    }

    /// As [`Lab::resume`], without waiting for the channel.
    ///
    /// # Errors
    /// [`LabError::UnknownPhone`] or [`LabError::Device`].
    pub async fn resume_at_once(&self, name: &str) -> Result<Phone, LabError> {
        let station = DeviceName::parse(name)
            .ok()
            .and_then(|name| self.stations().get(&name).cloned())
            .ok_or_else(|| LabError::UnknownPhone(name.to_owned()))?;
        station.turn_on().await?;
        Ok(Phone::new(station))
    }

    /// The app backend: sends pushes, ends tokens and registrations.
    #[must_use]
    pub fn backend(&self) -> LabBackend<'_> {
        LabBackend::new(self)
    }

    /// The embedded services: their addresses and their log.
    #[must_use]
    pub fn services(&self) -> &Services {
        &self.services
    }

    /// The folder below which the phones keep everything.
    #[must_use]
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// Waits until every push has come to its end, then stops everything. Pushes that wait for a
    /// sign-in are no loss, nor is what a phone that is off has in its journal.
    ///
    /// # Errors
    /// [`LabError::LostPushes`] when a push service answered *received* and no phone has
    /// acknowledged it, [`LabError::UnfinishedPushes`] when a phone has not come to the end of what
    /// it took, [`LabError::LeakedTasks`] when something could not be stopped.
    pub async fn finish(self) -> Result<(), LabError> {
        let settled = self.settle().await;
        let stations = std::mem::take(&mut *self.stations());
        let mut left = 0;
        for station in stations.into_values() {
            left += station.turn_off().await;
        }
        left += self.scope.shutdown(timeouts::SHUTDOWN).await;
        left += self.services.shutdown().await;
        settled?;
        if left > 0 {
            return Err(LabError::LeakedTasks(left));
        }
        self.home
            .close()
            .map_err(|error| LabError::Home(error.to_string()))
    }

    fn stations(&self) -> MutexGuard<'_, BTreeMap<DeviceName, Arc<Station>>> {
        self.stations.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Lab {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lab")
            .field("http", &self.services.http_address())
            .field("phones", &self.stations().keys().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}
