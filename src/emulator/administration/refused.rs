//! That an app backend may not push, and why.

use crate::wire::push_administration::PartnerRefusal;

/// An app backend may not push here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub(in crate::emulator) struct PartnerRefused {
    /// The rule.
    pub(in crate::emulator) kind: PartnerRefusal,
    /// Why, with the remedy.
    pub(in crate::emulator) reason: String,
}

impl PartnerRefused {
    pub(super) fn new(kind: PartnerRefusal, reason: impl Into<String>) -> Self {
        let reason = reason.into();
        Self { kind, reason }
    }
}
