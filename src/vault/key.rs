//! What a secret is kept under.

use std::fmt;

use super::VaultError;
use crate::model::{BackendOrigin, DeviceName, UserName};

/// Whose secret it is: one for each backend, user and device.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct VaultKey {
    /// The app backend that the secret is for.
    pub backend: BackendOrigin,
    /// The user at that backend.
    pub user: UserName,
    /// The simulated device that signed in.
    pub device: DeviceName,
}

impl VaultKey {
    /// A key that no session has, so that two probes at once do not meet.
    pub(super) fn for_probe(nonce: u64) -> Result<Self, VaultError> {
        let invalid = |error: crate::model::Invalid| VaultError::other(&error);
        Ok(Self {
            backend: BackendOrigin::parse("http://probe.invalid").map_err(invalid)?,
            user: UserName::parse("probe").map_err(invalid)?,
            device: DeviceName::parse(format!("probe-{nonce:016x}")).map_err(invalid)?,
        })
    }
}

/// As people and keyrings see it. None of the parts can hold a space, so two keys never read alike.
impl fmt::Display for VaultKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {} on {}", self.user, self.backend, self.device)
    }
}
