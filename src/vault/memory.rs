//! Secrets in this process's memory.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use secrecy::SecretString;

use super::VaultKey;

/// Secrets that end with the process. Each is wiped when it is replaced, deleted or dropped.
#[derive(Debug, Default)]
pub(super) struct MemoryVault(Mutex<HashMap<VaultKey, SecretString>>);

impl MemoryVault {
    pub(super) fn get(&self, key: &VaultKey) -> Option<SecretString> {
        self.lock().get(key).cloned()
    }

    pub(super) fn set(&self, key: &VaultKey, secret: SecretString) {
        self.lock().insert(key.clone(), secret);
    }

    pub(super) fn delete(&self, key: &VaultKey) {
        self.lock().remove(key);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<VaultKey, SecretString>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
