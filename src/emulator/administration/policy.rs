//! What the app backend and the hub ask before they push.

use crate::model::Platform;

/// The rules in force. Cheap to clone; clones see every change at once.
#[derive(Debug, Clone, Default)]
pub(in crate::emulator) struct Policy;

/// A push service is switched off.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the push service {service} is switched off: turn it on with `handset push-config set`")]
pub(in crate::emulator) struct ServiceOff {
    /// Its name.
    pub(in crate::emulator) service: &'static str,
}

/// An app backend may not push here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub(in crate::emulator) struct PartnerRefused {
    /// Why, with the remedy.
    pub(in crate::emulator) reason: String,
}

impl Policy {
    /// True to its name: every service on, every partner allowed.
    pub(in crate::emulator) fn quick_start() -> Self {
        Self
    }

    /// Whether pushes go through the push service of `platform`.
    pub(in crate::emulator) fn service(&self, _platform: Platform) -> Result<(), ServiceOff> {
        Ok(())
    }

    /// Whether the app backend that speaks for `domain` may push.
    pub(in crate::emulator) fn partner(&self, _domain: &str) -> Result<(), PartnerRefused> {
        Ok(())
    }
}
