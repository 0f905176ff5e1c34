//! Options: defaults, then the file, then the environment, then the command line's flags.
//!
//! The file is `config.toml` in the home; the environment is read here and nowhere else.

mod backend_profile;
mod environment;
mod file;
mod home;
mod manifest;

pub use environment::Environment;
pub use file::{ConfigFile, ToastChoice};
pub use home::Home;
pub use manifest::AppPackage;

use std::path::PathBuf;

use crate::backend::BackendProfileError;
use crate::device::VaultChoice;
use crate::model::{DeviceName, Invalid, ManifestError};

/// What the command line said about every command.
#[derive(Debug, Clone, Default)]
pub struct Flags {
    /// `--home`.
    pub home: Option<PathBuf>,
    /// `--device`.
    pub device: Option<DeviceName>,
}

/// The options every command has.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where all state is.
    pub home: Home,
    /// Which device is meant.
    pub device: DeviceName,
    /// Where tokens live, where somebody said so.
    pub vault: Option<VaultChoice>,
    /// What else the file says.
    pub file: ConfigFile,
    /// The environment that the command was started in.
    pub environment: Environment,
}

/// The options do not make sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// There is nowhere to keep state.
    #[error(
        "this user has no home directory: say where handset may keep its state with --home DIR or HANDSET_HOME"
    )]
    NoHome,
    /// The file could not be read.
    #[error("{path} cannot be used: {cause}; mend it, or move it away")]
    File {
        /// The file.
        path: String,
        /// What is wrong with it.
        cause: String,
    },
    /// The app's manifest is none.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// The backend profile is none.
    #[error(transparent)]
    BackendProfile(#[from] BackendProfileError),
    /// There is no such backend profile.
    #[error(
        "the backend profile {given} is neither built in ({built_in}) nor a file that can be read: {cause}; `handset backend-profile` prints one to start from"
    )]
    NoBackendProfile {
        /// What was given.
        given: String,
        /// The names of those that are built in.
        built_in: String,
        /// What is wrong with it as a file.
        cause: String,
    },
    /// A variable has a value that makes no sense.
    #[error("the variable {variable}: {cause}")]
    Variable {
        /// Its name.
        variable: &'static str,
        /// What is wrong with its value.
        cause: Invalid,
    },
}

impl Settings {
    /// Puts the options together.
    ///
    /// # Errors
    /// [`SettingsError`], which names the file or variable at fault.
    pub fn gather(flags: Flags, environment: &Environment) -> Result<Self, SettingsError> {
        let home = Home::find(flags.home, environment)?;
        let file = ConfigFile::read(&home.config())?;
        let from_environment = environment.device()?;
        let device = flags
            .device
            .or(from_environment)
            .or_else(|| file.device.clone())
            .unwrap_or_default();
        let vault = environment.vault()?.or(file.vault);
        Ok(Self {
            home,
            device,
            vault,
            file,
            environment: environment.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_win_over_the_environment_and_that_over_the_file() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(
            folder.path().join("config.toml"),
            "device = \"filed\"\nvault = \"file\"\n",
        )
        .unwrap();
        let home = folder.path().to_str().unwrap();
        let flags = |device: Option<&str>| Flags {
            home: None,
            device: device.map(|name| DeviceName::parse(name).unwrap()),
        };
        let mut variables = vec![("HANDSET_HOME", home)];
        let gather = |flags, variables: &[(&str, &str)]| {
            Settings::gather(flags, &Environment::of(variables)).unwrap()
        };
        let settings = gather(flags(None), &variables);
        assert_eq!(
            (settings.device.as_str(), settings.vault),
            ("filed", Some(VaultChoice::File))
        );
        variables.extend([("HANDSET_DEVICE", "named"), ("HANDSET_VAULT", "os")]);
        let settings = gather(flags(None), &variables);
        assert_eq!(
            (settings.device.as_str(), settings.vault),
            ("named", Some(VaultChoice::Os))
        );
        assert_eq!(
            gather(flags(Some("flagged")), &variables).device.as_str(),
            "flagged"
        );
    }

    #[test]
    fn what_is_wrong_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().to_str().unwrap();
        let gather = |more: &[(&str, &str)]| {
            let mut variables = vec![("HANDSET_HOME", home)];
            variables.extend(more);
            Settings::gather(Flags::default(), &Environment::of(&variables))
                .unwrap_err()
                .to_string()
        };
        assert!(gather(&[("HANDSET_VAULT", "cellar")]).contains("HANDSET_VAULT"));
        assert!(gather(&[("HANDSET_DEVICE", "../x")]).contains("HANDSET_DEVICE"));
        std::fs::write(folder.path().join("config.toml"), "colour = 1").unwrap();
        assert!(gather(&[]).contains("config.toml"));
    }
}
