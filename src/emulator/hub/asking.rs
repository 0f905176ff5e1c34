//! What is asked about registrations.

use crate::model::Tag;
use crate::wire::notification_hub::StoredRegistration;

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
