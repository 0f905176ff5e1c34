//! What a device remembers about itself: its account, its settings, and its end of the channel.

use std::path::PathBuf;

use rusqlite::{Connection, OptionalExtension as _, params};
use serde::{Deserialize, Serialize};

use crate::backend::BackendProfile;
use crate::model::{Account, AuthScheme, BackendOrigin, Conditions, DeviceName, Platform, Tag};
use crate::store::{Store, StoreError};
use crate::vault::VaultKind;

/// The statements that create this room's table.
pub(super) const MIGRATION: &str = "
CREATE TABLE device(
    device INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    profile TEXT NOT NULL,
    channel TEXT,
    channel_keys BLOB
) STRICT;
";

/// What the second version of this room's table added.
pub(super) const MIGRATION_2: &str = "ALTER TABLE device ADD COLUMN conditions TEXT;";

/// The settings of a device that `login` and `register` remember.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Profile {
    /// Who is or was signed in.
    #[serde(default)]
    pub account: Option<Account>,
    /// How.
    #[serde(default)]
    pub auth: AuthScheme,
    /// How the backend is spoken to, as it was at the sign-in; none for the usual way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backend_profile: Option<BackendProfile>,
    /// How the backends of earlier sign-ins are spoken to, where that is not the usual way.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier_backends: Vec<EarlierBackend>,
    /// Where the token lives.
    #[serde(default)]
    pub vault: Option<VaultChoice>,
    /// Where the channel is opened; the backend's origin, then a local service, without it.
    #[serde(default)]
    pub push: Option<String>,
    /// A file of further certificate authorities, PEM.
    #[serde(default)]
    pub ca: Option<PathBuf>,
    /// Hosts that may be spoken to in plain http.
    #[serde(default)]
    pub allow_http: Vec<String>,
    /// The platform that is asked for.
    #[serde(default = "default_platform")]
    pub platform: Platform,
    /// The tags that are registered besides the user's own.
    #[serde(default)]
    pub tags: Vec<Tag>,
    /// The sender's VAPID key, which a Web Push subscription is bound to.
    #[serde(default)]
    pub vapid_key: Option<String>,
    /// False after `unregister`, until `register`.
    #[serde(default = "yes")]
    pub registers: bool,
}

/// A backend that somebody was signed in at before, and how it is spoken to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EarlierBackend {
    /// The backend.
    pub backend: BackendOrigin,
    /// How it is spoken to.
    pub profile: BackendProfile,
}

/// The most earlier backends that are remembered.
const MOST_EARLIER: usize = 8;

impl Profile {
    /// How this backend is spoken to, as far as it is remembered; none for the usual way.
    pub(super) fn spoken_at(&self, backend: &BackendOrigin) -> Option<&BackendProfile> {
        let last = self.account.as_ref().map(|account| &account.backend);
        if last == Some(backend) {
            return self.backend_profile.as_ref();
        }
        let mut earlier = self.earlier_backends.iter();
        let known = earlier.find(|earlier| earlier.backend == *backend);
        known.map(|earlier| &earlier.profile)
    }

    /// Goes over to an account, and remembers how the backend of the one before is spoken to.
    pub(super) fn turn_to(&mut self, account: Option<Account>, spoken: Option<BackendProfile>) {
        let before = std::mem::replace(&mut self.account, account).map(|last| last.backend);
        let profile = std::mem::replace(&mut self.backend_profile, spoken);
        if let (Some(backend), Some(profile)) = (before, profile) {
            self.earlier_backends
                .push(EarlierBackend { backend, profile });
        }
        let now = self.account.as_ref().map(|account| &account.backend);
        self.earlier_backends
            .retain(|earlier| Some(&earlier.backend) != now);
        let most = self.earlier_backends.len().saturating_sub(MOST_EARLIER);
        self.earlier_backends.drain(..most);
    }
}

fn default_platform() -> Platform {
    Platform::Wns
}

fn yes() -> bool {
    true
}

impl Default for Profile {
    fn default() -> Self {
        Self {
            account: None,
            auth: AuthScheme::default(),
            backend_profile: None,
            earlier_backends: Vec::new(),
            vault: None,
            push: None,
            ca: None,
            allow_http: Vec::new(),
            platform: default_platform(),
            tags: Vec::new(),
            vapid_key: None,
            registers: true,
        }
    }
}

impl Profile {
    /// How the backend is spoken to.
    #[must_use]
    pub fn way_to_backend(&self) -> BackendProfile {
        self.backend_profile.clone().unwrap_or_default()
    }
}

/// Where a token lives, as a user chooses it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum VaultChoice {
    /// The operating system's keyring.
    Os,
    /// A 0600 file in the device's folder.
    File,
    /// This process's memory.
    Memory,
}

impl From<VaultKind> for VaultChoice {
    fn from(kind: VaultKind) -> Self {
        match kind {
            VaultKind::Os => Self::Os,
            VaultKind::File => Self::File,
            VaultKind::Memory => Self::Memory,
        }
    }
}

impl VaultChoice {
    /// The name on the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Os => "os",
            Self::File => "file",
            Self::Memory => "memory",
        }
    }
}

/// The device's end of the channel, as it is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ChannelMemory {
    /// The push service that issued the rest.
    pub(super) service: Option<String>,
    pub(super) uaid: Option<String>,
    pub(super) channel_id: uuid::Uuid,
    pub(super) handle: Option<String>,
}

/// A row of the device table.
pub(super) struct Kept {
    pub(super) device: i64,
    pub(super) profile: Profile,
    pub(super) channel: Option<ChannelMemory>,
    pub(super) channel_keys: Option<Vec<u8>>,
    pub(super) conditions: Conditions,
}

/// Reads the device called `name`, or makes it. A profile that does not read is an error, never
/// replaced.
pub(super) async fn load(store: &Store, name: &DeviceName) -> Result<Kept, StoreError> {
    let name = name.to_string();
    store
        .write(move |connection| find_or_make(connection, &name))
        .await
}

fn find_or_make(connection: &Connection, name: &str) -> rusqlite::Result<Kept> {
    let fresh = to_json(&Profile::default())?;
    connection.execute(
        "INSERT INTO device(name, profile) VALUES (?1, ?2) ON CONFLICT(name) DO NOTHING",
        params![name, fresh],
    )?;
    let row = connection
        .query_row(
            "SELECT device, profile, channel, channel_keys, conditions FROM device WHERE name = ?1",
            [name],
            |row| {
                Ok((
                    row.get::<_, i64>(0)?,
                    row.get::<_, String>(1)?,
                    row.get::<_, Option<String>>(2)?,
                    row.get::<_, Option<Vec<u8>>>(3)?,
                    row.get::<_, Option<String>>(4)?,
                ))
            },
        )
        .optional()?;
    let (device, profile, channel, channel_keys, conditions) =
        row.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
    Ok(Kept {
        device,
        profile: from_json(&profile)?,
        channel: channel.map(|channel| from_json(&channel)).transpose()?,
        channel_keys,
        conditions: conditions
            .map(|conditions| from_json(&conditions))
            .transpose()?
            .unwrap_or_default(),
    })
}

pub(super) async fn save_profile(
    store: &Store,
    device: i64,
    profile: &Profile,
) -> Result<(), StoreError> {
    let profile = profile.clone();
    store
        .write(move |connection| {
            let json = to_json(&profile)?;
            connection.execute(
                "UPDATE device SET profile = ?2 WHERE device = ?1",
                params![device, json],
            )
        })
        .await
        .map(drop)
}

pub(super) async fn save_channel(
    store: &Store,
    device: i64,
    channel: &ChannelMemory,
    keys: Vec<u8>,
) -> Result<(), StoreError> {
    let channel = channel.clone();
    store
        .write(move |connection| {
            let json = to_json(&channel)?;
            connection.execute(
                "UPDATE device SET channel = ?2, channel_keys = ?3 WHERE device = ?1",
                params![device, json, keys],
            )
        })
        .await
        .map(drop)
}

pub(super) async fn save_conditions(
    store: &Store,
    device: i64,
    conditions: Conditions,
) -> Result<(), StoreError> {
    store
        .write(move |connection| {
            connection.execute(
                "UPDATE device SET conditions = ?2 WHERE device = ?1",
                params![device, to_json(&conditions)?],
            )
        })
        .await
        .map(drop)
}

fn to_json(value: &impl Serialize) -> rusqlite::Result<String> {
    serde_json::to_string(value)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
}

fn from_json<T: serde::de::DeserializeOwned>(text: &str) -> rusqlite::Result<T> {
    serde_json::from_str(text).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, error.into())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::UserName;

    fn account(backend: &str) -> Account {
        Account {
            user: UserName::parse("alice").unwrap(),
            backend: BackendOrigin::parse(backend).unwrap(),
        }
    }

    #[test]
    fn how_a_backend_is_spoken_to_is_remembered_through_sign_ins_elsewhere() {
        let own = BackendProfile::built_in("tutorial").unwrap();
        let at = |n: usize| account(&format!("https://b{n}.example"));
        let mut profile = Profile::default();
        profile.turn_to(Some(at(0)), Some(own.clone()));
        profile.turn_to(Some(at(1)), None);
        assert_eq!(profile.spoken_at(&at(0).backend), Some(&own));
        assert_eq!(profile.spoken_at(&at(1).backend), None);
        let kept: Profile =
            serde_json::from_str(&serde_json::to_string(&profile).unwrap()).unwrap();
        assert_eq!(kept.spoken_at(&at(0).backend), Some(&own));
        // Chosen anew, the usual way counts.
        profile.turn_to(Some(at(0)), None);
        profile.turn_to(Some(at(1)), None);
        assert_eq!(profile.spoken_at(&at(0).backend), None);
        for n in 0..20 {
            profile.turn_to(Some(at(n)), Some(own.clone()));
        }
        assert_eq!(profile.earlier_backends.len(), MOST_EARLIER);
        assert_eq!(profile.spoken_at(&at(18).backend), Some(&own));
    }
}
