//! Where a hub elsewhere is, and with which key.

use std::path::PathBuf;

use url::Url;

use crate::model::Invalid;
use crate::wire::notification_hub::{ConnectionString, SasKey, check_hub_name};

/// A hub elsewhere, such as one of Azure, that the app backend is to send through. `Debug` does not
/// show the key.
#[derive(Debug, Clone)]
pub struct RemoteHubOptions {
    pub(super) endpoint: Url,
    pub(super) key: SasKey,
    pub(super) name: String,
    /// A PEM file with certificate authorities that are trusted besides the system's.
    pub(super) ca_file: Option<PathBuf>,
}

impl RemoteHubOptions {
    /// The hub `name` of the namespace that the connection string is for; the string may name the
    /// hub, too (`EntityPath`).
    ///
    /// # Errors
    /// [`Invalid`] says what is wrong or missing, and never shows the key.
    pub fn new(
        connection_string: &str,
        name: Option<&str>,
        ca_file: Option<PathBuf>,
    ) -> Result<Self, Invalid> {
        let ConnectionString { endpoint, key, hub } = ConnectionString::parse(connection_string)?;
        let name = match (name, hub) {
            (Some(name), Some(hub)) if !name.eq_ignore_ascii_case(&hub) => {
                return Err(Invalid::new(
                    "hub",
                    format!(
                        "is named {} by its connection string (EntityPath) and {} by --hub-name: name one of them",
                        checked(&hub)?,
                        checked(name)?
                    ),
                ));
            }
            (Some(name), _) => checked(name)?,
            (None, Some(hub)) => checked(&hub)?,
            (None, None) => {
                return Err(Invalid::new(
                    "hub",
                    "has no name: give it with --hub-name, as its connection string names none (EntityPath)",
                ));
            }
        };
        Ok(Self {
            endpoint,
            key,
            name,
            ca_file,
        })
    }

    /// Host and name, to be shown to people.
    #[must_use]
    pub fn shown(&self) -> String {
        format!("{}/{}", host_of(&self.endpoint), self.name)
    }
}

/// The host, with its port where it is not the usual one.
pub(super) fn host_of(endpoint: &Url) -> String {
    let host = endpoint.host_str().unwrap_or_default();
    match endpoint.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

fn checked(name: &str) -> Result<String, Invalid> {
    check_hub_name(name).map(|()| name.to_owned())
}
