//! Keeps the installation, its handle and tags, current with the backend, per account.
//!
//! An account's registration id is asked for once and kept across restarts; the installation is
//! put whenever it differs from what the backend last acknowledged, and once a day all the same, for
//! backends forget what they do not hear of (Azure Notification Hubs after 90 days). A backend that no longer knows
//! the id (410, or 404) is asked for a new one, once. What comes next is decided in `course`,
//! which does no I/O; when to look, and with which credential, is the device's to decide.

mod course;
mod error;
mod registrar;
mod stored;
#[cfg(test)]
mod tests;

pub use error::RegistrationError;
pub use registrar::{Registrar, Updated};
pub use stored::{MIGRATION, MIGRATION_2, Stored};

use std::collections::BTreeMap;

use crate::model::{Handle, Platform, SubscriptionKeys, Tag};
use crate::wire::app_backend::RegistrationBody;

/// What the backend should know about this device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// The push platform.
    pub platform: Platform,
    /// The handle that the push service issued.
    pub handle: Handle,
    /// The keys of a Web Push subscription: only for [`Platform::WebPush`].
    pub keys: Option<SubscriptionKeys>,
    /// The tags, without the user's own, which the backend adds.
    pub tags: Vec<Tag>,
}

impl Wanted {
    /// The installation as it is put: tags once each, in one order, so that the same tags in
    /// another order or in other letters are no change.
    fn body(&self) -> RegistrationBody {
        let tags: BTreeMap<String, &Tag> = self
            .tags
            .iter()
            .rev()
            .map(|tag| (tag.as_str().to_ascii_lowercase(), tag))
            .collect();
        RegistrationBody {
            platform: self.platform.backend_name().to_owned(),
            handle: self.handle.clone(),
            keys: self.keys.clone(),
            tags: tags.into_values().cloned().collect(),
        }
    }
}
