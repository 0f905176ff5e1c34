//! The embedded hub as its REST door and the embedded app backend use it.

use jiff::Timestamp;

use crate::model::{RegistrationId, Tag, TagExpression};
use crate::wire::notification_hub::{
    Installation, NotificationDetails, NotificationOutcome, PnsHandle, Registration,
    StoredRegistration,
};

use super::{Content, HubError};

/// The embedded hub.
#[derive(Debug)]
pub(in crate::emulator) struct NotificationHub;

/// When a change is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Precondition {
    /// Always: no `If-Match`, or `*`.
    None,
    /// While its version is this one.
    Version(u64),
}

/// Which registrations are listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Listing {
    All,
    WithTag(Tag),
    /// Those whose handle is one of these texts: as it came, and percent-decoded.
    WithHandle(Vec<String>),
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Page {
    pub(super) registrations: Vec<StoredRegistration>,
    /// Where the next page begins; none where this is the last.
    pub(super) next: Option<u64>,
}

/// A notification and whom it is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Send {
    pub(super) to: Target,
    pub(super) content: Content,
}

/// Whom a send is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Target {
    Broadcast,
    Tags(TagExpression),
    /// These devices, registered or not.
    Direct(Vec<PnsHandle>),
}

impl NotificationHub {
    /// Makes a registration under a new id.
    pub(super) async fn create(&self, _new: Registration) -> Result<StoredRegistration, HubError> {
        unimplemented!()
    }

    /// Makes or replaces the registration with this id.
    pub(super) async fn put(
        &self,
        _id: RegistrationId,
        _new: Registration,
        _when: Precondition,
    ) -> Result<StoredRegistration, HubError> {
        unimplemented!()
    }

    /// The registration with this id; one that expired is none.
    pub(super) async fn registration(
        &self,
        _id: RegistrationId,
    ) -> Result<Option<StoredRegistration>, HubError> {
        unimplemented!()
    }

    /// Removes a registration; one that is gone already is removed.
    pub(super) async fn delete(
        &self,
        _id: RegistrationId,
        _when: Precondition,
    ) -> Result<(), HubError> {
        unimplemented!()
    }

    /// At most `top` registrations, from where `after` says.
    pub(super) async fn list(
        &self,
        _which: Listing,
        _top: usize,
        _after: Option<u64>,
    ) -> Result<Page, HubError> {
        unimplemented!()
    }

    /// Makes or replaces an installation.
    pub(super) async fn put_installation(&self, _new: Installation) -> Result<(), HubError> {
        unimplemented!()
    }

    /// The installation with this id.
    pub(super) async fn installation(&self, _id: String) -> Result<Option<Installation>, HubError> {
        unimplemented!()
    }

    /// Changes an installation as a JSON Patch says.
    pub(super) async fn patch_installation(
        &self,
        _id: String,
        _patch: Vec<u8>,
    ) -> Result<(), HubError> {
        unimplemented!()
    }

    /// Removes an installation; one that is gone already is removed.
    pub(super) async fn delete_installation(&self, _id: String) -> Result<(), HubError> {
        unimplemented!()
    }

    /// Takes a send, durably, and answers its id; it is carried out behind the answer.
    pub(super) async fn accept(&self, _send: Send) -> Result<String, HubError> {
        unimplemented!()
    }

    /// Carries out a send to at most ten devices, and says what became of it at each.
    pub(super) async fn test(
        &self,
        _send: Send,
    ) -> Result<(String, NotificationOutcome), HubError> {
        unimplemented!()
    }

    /// Takes a send for later, and answers its id.
    pub(super) async fn schedule(&self, _send: Send, _at: Timestamp) -> Result<String, HubError> {
        unimplemented!()
    }

    /// Cancels a scheduled send that was not begun.
    pub(super) async fn cancel(&self, _id: String) -> Result<(), HubError> {
        unimplemented!()
    }

    /// What became of a send.
    pub(super) async fn details(
        &self,
        _id: String,
    ) -> Result<Option<NotificationDetails>, HubError> {
        unimplemented!()
    }
}
