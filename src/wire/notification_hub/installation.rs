//! Installations as JSON, and their JSON Patch (RFC 6902, as far as the hub has it).

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::model::{Invalid, Tag};

use super::{HubPlatform, PnsHandle};

/// A device as it is upserted under an id of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installation {
    /// The id that its owner chose.
    pub id: String,
    /// The platform.
    pub platform: HubPlatform,
    /// The device's address.
    pub handle: PnsHandle,
    /// True when the push service said that the address is gone.
    pub channel_expired: bool,
    /// The tags, as they were written.
    pub tags: Vec<Tag>,
    /// The user, who is addressed by `$UserId:{…}`.
    pub user_id: Option<String>,
    /// When it expires; none for never.
    pub expires: Option<Timestamp>,
    /// Values that templates may use, by name.
    pub push_variables: BTreeMap<String, String>,
    /// The templates, by name.
    pub templates: BTreeMap<String, InstallationTemplate>,
}

/// A template of an installation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstallationTemplate {
    /// The body, with expressions.
    pub body: String,
    /// Headers for the push service, with expressions.
    pub headers: BTreeMap<String, String>,
    /// Tags of this template alone, besides the installation's.
    pub tags: Vec<Tag>,
    /// When Apple's push expires, with expressions.
    pub expiry: Option<String>,
}

/// A patch cannot be applied.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PatchProblem {
    /// It is not JSON, or no patch.
    #[error(transparent)]
    Malformed(#[from] Invalid),
}

impl Installation {
    /// Reads an installation; property names in camelCase, the platform in any case.
    ///
    /// # Errors
    /// [`Invalid`] says what is malformed, without quoting handles or bodies.
    pub fn read(_json: &[u8]) -> Result<Self, Invalid> {
        unimplemented!()
    }

    /// The installation as the hub answers it, or as an SDK puts it.
    #[must_use]
    pub fn write(&self) -> String {
        unimplemented!()
    }

    /// The installation as `patch` makes it: `add`, `remove` and `replace` of tags, channel, user,
    /// expiry, variables and templates. Either all of it is applied or nothing.
    ///
    /// # Errors
    /// [`PatchProblem`]
    pub fn patched(&self, _patch: &[u8]) -> Result<Self, PatchProblem> {
        unimplemented!()
    }
}
