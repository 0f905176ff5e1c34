//! The hub: knows installations, and sends to a tag.
//!
//! It posts to the push services through their own front doors, as any sender does.

mod destination;
mod installations;
mod senders;
mod tag_hub;
mod template;

use futures_util::future::BoxFuture;

use crate::model::{Handle, NotificationId, Platform, RegistrationId, SubscriptionKeys, Tag};
use crate::store::StoreError;
use crate::wire::app_backend::{Delivery, SendPriority};

pub(super) use destination::refuse_special;
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

/// What is sent, before any platform gives it its shape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Push {
    /// The ID of a payload, without UI: it wakes the app, which fetches the payload.
    Secure {
        id: NotificationId,
        priority: SendPriority,
    },
    /// Text that the platform shows by itself.
    Toast(String),
}

/// Whom a push is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Recipients {
    pub(super) tag: Tag,
    /// Installations of one platform alone.
    pub(super) only: Option<Platform>,
}

/// What an app backend asks of a hub.
pub(super) trait Hub: Send + Sync + std::fmt::Debug {
    /// Puts an installation, which takes its handle away from any other.
    fn upsert(&self, installation: Installation) -> BoxFuture<'_, Result<(), StoreError>>;

    /// Removes installations; unknown ones are none.
    fn remove(&self, ids: Vec<RegistrationId>) -> BoxFuture<'_, Result<(), StoreError>>;

    /// Sends to every installation of the recipients, in each platform's own shape.
    fn send(&self, to: Recipients, push: Push) -> BoxFuture<'_, Result<Vec<Delivery>, StoreError>>;
}
