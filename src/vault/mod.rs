//! Where a secret lives: the OS keyring, a 0600 file that somebody asked for, or memory.
//!
//! A vault keeps one secret for each backend, user and device, and nothing else. It knows no
//! session: what a secret is for, and when it expires, is not its business. Every call is
//! answered within a time-out, whatever the keyring or the disk does.

mod error;
mod file;
mod key;
mod memory;
mod os;
mod private;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};

pub use error::VaultError;
pub use key::VaultKey;
pub use private::{make_private_folder, private_file_options};

/// Which kind of vault it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VaultKind {
    /// The operating system's keyring.
    Os,
    /// A file that only its owner reads.
    File,
    /// This process's memory: gone when it ends.
    Memory,
}

/// Keeps secrets by [`VaultKey`]. Cheap to clone; clones are the same vault.
#[derive(Debug, Clone)]
pub struct Vault(Arc<Kept>);

#[derive(Debug)]
enum Kept {
    Os(os::OsVault),
    File(file::FileVault),
    Memory(memory::MemoryVault),
}

impl Vault {
    /// The operating system's keyring: Secret Service, Keychain or Credential Manager. Each call
    /// has `limit` ([`crate::lifecycle::timeouts::KEYRING`] where nothing else is known). Nothing is opened yet.
    #[must_use]
    pub fn os(limit: Duration) -> Self {
        Self(Arc::new(Kept::Os(os::OsVault::new(limit))))
    }

    /// This process's memory, wiped when an entry goes.
    #[must_use]
    pub fn memory() -> Self {
        Self(Arc::new(Kept::Memory(memory::MemoryVault::default())))
    }

    /// A file at `path`, for its owner alone (mode 0600); it comes into being with the first secret.
    /// The secrets stand in it unencrypted. Several processes may share it.
    #[must_use]
    pub fn file(path: PathBuf) -> Self {
        Self(Arc::new(Kept::File(file::FileVault::new(path))))
    }

    /// Which kind of vault this is.
    #[must_use]
    pub fn kind(&self) -> VaultKind {
        match *self.0 {
            Kept::Os(_) => VaultKind::Os,
            Kept::File(_) => VaultKind::File,
            Kept::Memory(_) => VaultKind::Memory,
        }
    }

    /// The secret under `key`, if there is one. A keyring that was never created has none.
    ///
    /// # Errors
    /// [`VaultError`] when the vault cannot tell.
    pub async fn get(&self, key: &VaultKey) -> Result<Option<SecretString>, VaultError> {
        match &*self.0 {
            Kept::Os(vault) => vault.get(key).await,
            Kept::File(vault) => vault.get(key).await,
            Kept::Memory(vault) => Ok(vault.get(key)),
        }
    }

    /// Keeps `secret` under `key`, in the place of an earlier one. A user who signs in asks anew:
    /// a keyring that was given up after it hung is tried again.
    ///
    /// # Errors
    /// [`VaultError`] when the secret is not kept, or, after a time-out, may not be.
    pub async fn set(&self, key: &VaultKey, secret: SecretString) -> Result<(), VaultError> {
        self.revive();
        match &*self.0 {
            Kept::Os(vault) => vault.set(key, secret).await,
            Kept::File(vault) => vault.set(key, secret).await,
            Kept::Memory(vault) => {
                vault.set(key, secret);
                Ok(())
            }
        }
    }

    /// Forgets the secret under `key`; that there is none is no error.
    ///
    /// # Errors
    /// [`VaultError`] when the secret may still be there.
    pub async fn delete(&self, key: &VaultKey) -> Result<(), VaultError> {
        match &*self.0 {
            Kept::Os(vault) => vault.delete(key).await,
            Kept::File(vault) => vault.delete(key).await,
            Kept::Memory(vault) => {
                vault.delete(key);
                Ok(())
            }
        }
    }

    /// Whether the vault can keep a secret at this moment: stores a value that means nothing,
    /// reads it back and deletes it. A vault that was given up after it hung is tried again.
    ///
    /// # Errors
    /// [`VaultError`] of the step that failed, [`VaultError::Forgetful`] when another value came back.
    pub async fn probe(&self) -> Result<(), VaultError> {
        self.revive();
        let nonce = rand::random::<u64>();
        let key = VaultKey::for_probe(nonce)?;
        let value = format!("probe {nonce:016x}");
        let kept = self.set(&key, SecretString::from(value.as_str())).await;
        let read = match kept {
            Ok(()) => self.get(&key).await,
            Err(error) => return Err(error),
        };
        self.delete(&key).await?;
        match read? {
            Some(found) if found.expose_secret() == value => Ok(()),
            _ => Err(VaultError::Forgetful),
        }
    }

    /// Tries a keyring or file again that was given up because it hung several times.
    pub fn revive(&self) {
        match &*self.0 {
            Kept::Os(vault) => vault.revive(),
            Kept::File(vault) => vault.revive(),
            Kept::Memory(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{BackendOrigin, DeviceName, UserName};

    pub(super) fn key(user: &str, device: &str) -> VaultKey {
        VaultKey {
            backend: BackendOrigin::parse("http://127.0.0.1:8480").unwrap(),
            user: UserName::parse(user).unwrap(),
            device: DeviceName::parse(device).unwrap(),
        }
    }

    async fn keeps_replaces_and_forgets(vault: Vault) {
        let (alice, bob) = (key("alice", "phone"), key("bob", "phone"));
        assert!(vault.get(&alice).await.unwrap().is_none());
        vault.set(&alice, "first".into()).await.unwrap();
        vault.set(&bob, "other".into()).await.unwrap();
        vault.set(&alice, "second".into()).await.unwrap();
        let found = vault.get(&alice).await.unwrap().unwrap();
        assert_eq!(found.expose_secret(), "second");
        vault.delete(&alice).await.unwrap();
        vault.delete(&alice).await.unwrap();
        assert!(vault.get(&alice).await.unwrap().is_none());
        let found = vault.get(&bob).await.unwrap().unwrap();
        assert_eq!(found.expose_secret(), "other");
        vault.probe().await.unwrap();
    }

    #[tokio::test]
    async fn memory_keeps_replaces_and_forgets() {
        keeps_replaces_and_forgets(Vault::memory()).await;
    }

    #[tokio::test]
    async fn a_file_keeps_replaces_and_forgets() {
        let home = tempfile::tempdir().unwrap();
        keeps_replaces_and_forgets(Vault::file(home.path().join("vault.json"))).await;
    }

    #[tokio::test]
    async fn no_secret_is_in_debug_output() {
        let home = tempfile::tempdir().unwrap();
        let stores = [
            Vault::memory(),
            Vault::file(home.path().join("vault.json")),
            Vault::os(Duration::from_secs(1)),
        ];
        for vault in &stores[..2] {
            vault.set(&key("a", "p"), "hunter2".into()).await.unwrap();
        }
        for vault in stores {
            let shown = format!("{vault:?}");
            assert!(!shown.contains("hunter2"), "{shown}");
        }
    }
}
