//! What is sent, and to whom.

use crate::model::TagExpression;
use crate::wire::notification_hub::PnsHandle;

use super::Content;

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
