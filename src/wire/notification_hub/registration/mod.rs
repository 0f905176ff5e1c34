//! Registrations as Atom entries: one `…RegistrationDescription` each.

mod entry;
mod read;
#[cfg(test)]
mod tests;
mod write;

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::model::{RegistrationId, Tag};

use super::{HubPlatform, PnsHandle};

pub use write::{write_entry, write_feed};

/// A registration as its owner describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registration {
    /// The platform.
    pub platform: HubPlatform,
    /// The device's address.
    pub handle: PnsHandle,
    /// The tags, as they were written.
    pub tags: Vec<Tag>,
    /// Values that templates of this registration may use, by name.
    pub push_variables: BTreeMap<String, String>,
    /// The name of a secondary tile, on Windows and Windows Phone.
    pub secondary_tile: Option<String>,
    /// The template; none for a native registration.
    pub template: Option<Template>,
}

/// The template of a registration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// The name it is removed and replaced by.
    pub name: Option<String>,
    /// The body, with expressions.
    pub body: String,
    /// Headers for the push service (WNS, MPNS, APNs), with expressions.
    pub headers: Vec<(String, String)>,
    /// When Apple's push expires, with expressions.
    pub expiry: Option<String>,
    /// Apple's priority, with expressions.
    pub priority: Option<String>,
}

/// A registration as the hub keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredRegistration {
    /// Its id.
    pub id: RegistrationId,
    /// Its version, from 1: it counts up with every change.
    pub etag: u64,
    /// When it expires; none for never, which is written as `9999-12-31T23:59:59.999`.
    pub expires: Option<Timestamp>,
    /// When it was last put.
    pub updated: Timestamp,
    /// What its owner described.
    pub registration: Registration,
}

/// What a platform is called in the names of its descriptions: `AppleTemplateRegistrationDescription`.
fn kind_name(platform: HubPlatform) -> &'static str {
    match platform {
        HubPlatform::Windows => "Windows",
        HubPlatform::Apple => "Apple",
        HubPlatform::FcmV1 => "FcmV1",
        HubPlatform::Gcm => "Gcm",
        HubPlatform::Browser => "Browser",
        HubPlatform::Adm => "Adm",
        HubPlatform::Baidu => "Baidu",
        HubPlatform::Xiaomi => "Xiaomi",
        HubPlatform::WindowsPhone => "Mpns",
    }
}

/// What begins the names of a platform's headers, where templates of it have some: `WnsHeaders`.
fn header_prefix(platform: HubPlatform) -> Option<&'static str> {
    match platform {
        HubPlatform::Windows => Some("Wns"),
        HubPlatform::WindowsPhone => Some("Mpns"),
        HubPlatform::Apple => Some("Apns"),
        HubPlatform::FcmV1
        | HubPlatform::Gcm
        | HubPlatform::Browser
        | HubPlatform::Adm
        | HubPlatform::Baidu
        | HubPlatform::Xiaomi => None,
    }
}
