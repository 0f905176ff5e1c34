//! The environment, as far as handset reads it.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::PathBuf;

use super::SettingsError;
use crate::device::VaultChoice;
use crate::model::{DeviceName, Invalid};

/// The variables that handset reads.
const READ: [&str; 17] = [
    "HANDSET_HOME",
    "HANDSET_DEVICE",
    "HANDSET_VAULT",
    "HANDSET_REMOTE_HUB",
    "HANDSET_BACKEND_PROFILE",
    "NO_COLOR",
    "COLUMNS",
    // What `handset env` changes for other programs.
    "NODE_OPTIONS",
    "NODE_EXTRA_CA_CERTS",
    "SSL_CERT_FILE",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "NO_PROXY",
    "no_proxy",
    "HTTPS_PROXY",
    "https_proxy",
    "HANDSET_HTTP",
];

/// The environment of the process, read once. `Debug` shows the names alone, as a value may be a
/// secret.
#[derive(Clone, Default)]
pub struct Environment(HashMap<&'static str, OsString>);

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl Environment {
    /// The process's own.
    #[must_use]
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that reads the environment"
    )]
    pub fn of_process() -> Self {
        let read = |name: &'static str| std::env::var_os(name).map(|value| (name, value));
        Self(READ.into_iter().filter_map(read).collect())
    }

    /// One made of these variables, for tests and programs.
    #[must_use]
    pub fn of(variables: &[(&str, &str)]) -> Self {
        let find = |name: &'static str| {
            let value = variables.iter().rev().find(|(given, _)| *given == name)?.1;
            Some((name, OsString::from(value)))
        };
        Self(READ.into_iter().filter_map(find).collect())
    }

    /// `HANDSET_HOME`, unless it is empty.
    #[must_use]
    pub fn home(&self) -> Option<PathBuf> {
        self.0
            .get("HANDSET_HOME")
            .filter(|home| !home.is_empty())
            .map(PathBuf::from)
    }

    /// True when `NO_COLOR` is set to anything but nothing (no-color.org).
    #[must_use]
    pub fn no_color(&self) -> bool {
        self.0
            .get("NO_COLOR")
            .is_some_and(|value| !value.is_empty())
    }

    /// `COLUMNS`, where it is a number.
    #[must_use]
    pub fn columns(&self) -> Option<usize> {
        self.text("COLUMNS")?.parse().ok()
    }

    /// The value of a variable that is read, unless it is empty.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&OsStr> {
        let value = self.0.get(name).map(OsString::as_os_str);
        value.filter(|value| !value.is_empty())
    }

    pub(super) fn device(&self) -> Result<Option<DeviceName>, SettingsError> {
        self.parse("HANDSET_DEVICE", |name| DeviceName::parse(name))
    }

    pub(super) fn vault(&self) -> Result<Option<VaultChoice>, SettingsError> {
        self.parse("HANDSET_VAULT", |value| match value {
            "os" => Ok(VaultChoice::Os),
            "file" => Ok(VaultChoice::File),
            _ => Err(Invalid::new("vault", "is neither os nor file")),
        })
    }

    fn parse<T>(
        &self,
        variable: &'static str,
        read: impl Fn(&str) -> Result<T, Invalid>,
    ) -> Result<Option<T>, SettingsError> {
        let value = self.text(variable).filter(|value| !value.is_empty());
        value
            .map(read)
            .transpose()
            .map_err(|cause| SettingsError::Variable { variable, cause })
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(|value| value.to_str())
    }
}
