//! Installations as JSON, and their JSON Patch (RFC 6902, as far as the hub has it).

mod document;
mod patch;
mod pointer;
mod read;
#[cfg(test)]
mod tests;
mod write;

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::model::Tag;

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
    /// The secondary tiles, by name, on Windows and Windows Phone: each is addressed by itself.
    pub secondary_tiles: BTreeMap<String, SecondaryTile>,
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

/// A secondary tile of an installation: a channel with tags and templates of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecondaryTile {
    /// The tile's channel.
    pub handle: PnsHandle,
    /// True when the push service said that the channel is gone.
    pub channel_expired: bool,
    /// The tags, as they were written.
    pub tags: Vec<Tag>,
    /// The templates, by name.
    pub templates: BTreeMap<String, InstallationTemplate>,
}
