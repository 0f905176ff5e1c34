//! Where all state is.

use std::path::{Path, PathBuf};

use directories::ProjectDirs;

use super::{Environment, SettingsError};
use crate::device::DeviceFolder;
use crate::model::DeviceName;

/// The folder below which handset keeps everything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Home(PathBuf);

impl Home {
    /// `--home`, `HANDSET_HOME`, or the platform's place for an application's state
    /// (`~/.local/state/handset` on Linux).
    pub(super) fn find(
        flag: Option<PathBuf>,
        environment: &Environment,
    ) -> Result<Self, SettingsError> {
        let chosen = flag.or_else(|| environment.home());
        let home = match chosen {
            Some(home) => std::path::absolute(&home).unwrap_or(home),
            None => {
                let places = ProjectDirs::from("", "", "handset").ok_or(SettingsError::NoHome)?;
                places
                    .state_dir()
                    .unwrap_or_else(|| places.data_local_dir())
                    .to_owned()
            }
        };
        Ok(Self(home))
    }

    /// The folder itself.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The file of settings.
    #[must_use]
    pub fn config(&self) -> PathBuf {
        self.0.join("config.toml")
    }

    /// A device's folder.
    #[must_use]
    pub fn device(&self, name: &DeviceName) -> DeviceFolder {
        DeviceFolder::new(&self.0, name)
    }

    /// The data of the embedded services.
    #[must_use]
    pub fn services(&self) -> PathBuf {
        self.0.join("services")
    }

    /// Where a running `serve` says how it is reached.
    #[must_use]
    pub fn serve_file(&self) -> PathBuf {
        self.0.join("serve.json")
    }

    /// What a running `serve` locks, so that it is the only one.
    #[must_use]
    pub fn serve_lock(&self) -> PathBuf {
        self.0.join("serve.lock")
    }

    /// Where a running `serve` says, to its owner alone, how it is administered.
    #[must_use]
    pub fn admin_key(&self) -> PathBuf {
        self.0.join("admin.json")
    }

    /// Where `serve` keeps the sender credentials.
    #[must_use]
    pub fn credentials(&self) -> PathBuf {
        self.0.join("credentials")
    }

    /// Where the files are that `env` names to other programs.
    #[must_use]
    pub fn env(&self) -> PathBuf {
        self.0.join("env")
    }

    /// Where a running `serve` leaves its local authority's certificate for senders.
    #[must_use]
    pub fn authority(&self) -> PathBuf {
        self.0.join("tls").join("ca.pem")
    }

    /// Where the toasts' icon is written for notification daemons.
    #[must_use]
    pub fn icons(&self) -> PathBuf {
        self.0.join("icons")
    }
}
