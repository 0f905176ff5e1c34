//! The hub: knows installations, and sends to a tag.
//!
//! It posts to the push services through their own front doors, as any sender does.

mod destination;
mod installations;
mod senders;
mod tag_hub;

use futures_util::future::BoxFuture;

use crate::model::{Handle, NotificationId, Platform, RegistrationId, SubscriptionKeys, Tag};
use crate::store::StoreError;
use crate::wire::app_backend::Delivery;

pub(super) use destination::OwnOrigin;
pub(super) use tag_hub::TagHub;

/// A device as the hub knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Installation {
    pub(super) id: RegistrationId,
    pub(super) platform: Platform,
    pub(super) handle: Handle,
    pub(super) keys: Option<SubscriptionKeys>,
    /// Every tag, the user's own included.
    pub(super) tags: Vec<Tag>,
}

/// What an app backend asks of a hub.
pub(super) trait Hub: Send + Sync + std::fmt::Debug {
    /// Puts an installation, which takes its handle away from any other.
    fn upsert(&self, installation: Installation) -> BoxFuture<'_, Result<(), StoreError>>;

    /// Removes installations; unknown ones are none.
    fn remove(&self, ids: Vec<RegistrationId>) -> BoxFuture<'_, Result<(), StoreError>>;

    /// Sends the ID of a payload to every installation with `tag`, in each platform's own shape.
    fn send(
        &self,
        tag: Tag,
        payload: NotificationId,
    ) -> BoxFuture<'_, Result<Vec<Delivery>, StoreError>>;
}
