//! macOS and Windows: `keyring`'s own store, which needs no connection.

use std::error::Error as StdError;

use keyring::{Entry, Error};

use super::SERVICE;
use crate::vault::error::quoted;
use crate::vault::{VaultError, VaultKey};

/// The platform's one store.
pub(super) struct Store;

impl Store {
    #[expect(
        clippy::unnecessary_wraps,
        reason = "opening the store of another platform may fail"
    )]
    pub(super) fn open() -> Result<Self, Error> {
        Ok(Self)
    }

    #[expect(
        clippy::unused_self,
        reason = "the store of another platform is a connection"
    )]
    pub(super) fn entry(&self, key: &VaultKey) -> Result<Entry, Error> {
        Entry::new(SERVICE, &key.to_string())
    }
}

/// The entry's name says all there is to say.
pub(super) fn describe(_entry: &Entry, _key: &VaultKey) {}

/// What stands behind "no access to the store".
pub(super) fn explain_access(cause: &(dyn StdError + Send + Sync + 'static)) -> VaultError {
    VaultError::AccessDenied {
        problem: quoted(&cause),
    }
}

/// What stands behind "the platform failed".
pub(super) fn explain_failure(cause: &(dyn StdError + Send + Sync + 'static)) -> VaultError {
    VaultError::other(&cause)
}
