//! Registrations as Atom entries: one `…RegistrationDescription` each.

use std::collections::BTreeMap;

use jiff::Timestamp;
use url::Url;

use crate::model::{Invalid, RegistrationId, Tag};

use super::{HubPlatform, PnsHandle};

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
    /// The name of a secondary tile, on Windows.
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

impl Registration {
    /// Reads an entry, elements in any order. A document type is refused.
    ///
    /// # Errors
    /// [`Invalid`] says what is malformed, without quoting handles or bodies.
    pub fn read(_body: &[u8]) -> Result<Self, Invalid> {
        unimplemented!()
    }

    /// The entry as an SDK sends it.
    #[must_use]
    pub fn write(&self, _updated: Timestamp) -> String {
        unimplemented!()
    }
}

/// One stored registration as an entry; `at` is its URL. The elements stand in the order that .NET's
/// data contracts need.
#[must_use]
pub fn write_entry(_stored: &StoredRegistration, _at: &Url) -> String {
    unimplemented!()
}

/// A list of stored registrations, each with its URL, as a feed.
#[must_use]
pub fn write_feed(_stored: &[(StoredRegistration, Url)], _at: &Url, _now: Timestamp) -> String {
    unimplemented!()
}
