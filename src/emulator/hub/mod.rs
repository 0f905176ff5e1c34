//! The hub: knows devices and their tags, and sends what it is given to those that are meant.
//!
//! It posts to the push services through their own front doors, as any sender does. What a push
//! says, and in which form for each platform, its sender decides.

mod asking;
mod backend_hub;
mod content;
mod delivery;
mod destination;
mod error;
mod hub_parts;
mod lanes;
mod name;
mod notification_hub;
mod outcome;
mod posting;
mod registration_id;
mod remote;
mod rest;
mod routing;
mod rows;
mod send;
mod senders;
mod sends;
mod template;
mod templates;

use futures_util::future::BoxFuture;

use crate::model::{Handle, Platform, RegistrationId, SubscriptionKeys, Tag, TagExpression};
use crate::wire::app_backend::Delivery;

pub(super) use backend_hub::BackendHub;
pub(super) use content::Content;
pub(super) use destination::refuse_special;
pub(super) use error::HubError;
pub(super) use hub_parts::HubParts;
pub use name::HubName;
pub(super) use notification_hub::NotificationHub;
pub(super) use remote::RemoteHub;
pub use remote::RemoteHubOptions;
pub(super) use rest::HubDoor;

/// A device as an app backend puts it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Device {
    pub(super) id: RegistrationId,
    pub(super) platform: Platform,
    pub(super) handle: Handle,
    pub(super) keys: Option<SubscriptionKeys>,
    /// Every tag, the user's own included.
    pub(super) tags: Vec<Tag>,
}

/// What an app backend asks of a hub.
pub(super) trait Hub: Send + Sync + std::fmt::Debug {
    /// Puts a device, which takes its handle away from any other.
    fn upsert(&self, device: Device) -> BoxFuture<'_, Result<(), HubError>>;

    /// Removes devices; unknown ones are none.
    fn remove(&self, ids: Vec<RegistrationId>) -> BoxFuture<'_, Result<(), HubError>>;

    /// Sends to every device that `to` means and that one of `forms` is for: one form a platform.
    fn send(
        &self,
        to: TagExpression,
        forms: Vec<Content>,
    ) -> BoxFuture<'_, Result<Vec<Delivery>, HubError>>;
}
