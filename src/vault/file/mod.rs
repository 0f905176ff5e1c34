//! Secrets in a file that only its owner reads.
//!
//! The file is never written in place: the new content goes to a neighbour, which is synced and
//! then takes the file's name, under a lock that other processes of handset respect. A file that
//! others could have read or written, or that handset did not write, is refused and left alone.

mod disk;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{VaultError, VaultKey};
use crate::lifecycle::{Worker, timeouts};
use crate::model::{BackendOrigin, DeviceName, UserName};

/// The format of the file.
const VERSION: u32 = 1;

/// A vault in a file.
#[derive(Debug)]
pub(super) struct FileVault {
    worker: Worker<()>,
    path: Arc<Path>,
}

/// The file's content as it is read.
#[derive(Deserialize)]
struct Content {
    version: u32,
    secrets: Vec<Secret>,
}

#[derive(Deserialize)]
struct Secret {
    backend: BackendOrigin,
    user: UserName,
    device: DeviceName,
    secret: SecretString,
}

/// The file's content as it is written, borrowed so that no secret is copied.
#[derive(Serialize)]
struct ContentToWrite<'a> {
    version: u32,
    secrets: Vec<SecretToWrite<'a>>,
}

#[derive(Serialize)]
struct SecretToWrite<'a> {
    backend: &'a BackendOrigin,
    user: &'a UserName,
    device: &'a DeviceName,
    secret: &'a str,
}

impl FileVault {
    pub(super) fn new(path: PathBuf) -> Self {
        Self {
            worker: Worker::new("the vault file", || ()),
            path: path.into(),
        }
    }

    pub(super) async fn get(&self, key: &VaultKey) -> Result<Option<SecretString>, VaultError> {
        let (path, key) = (Arc::clone(&self.path), key.clone());
        self.call(move || {
            let found = read(&path)?.into_iter().find(|kept| kept.is_under(&key));
            Ok(found.map(|kept| kept.secret))
        })
        .await
    }

    pub(super) async fn set(&self, key: &VaultKey, secret: SecretString) -> Result<(), VaultError> {
        let (path, key) = (Arc::clone(&self.path), key.clone());
        self.call(move || {
            let _lock = disk::lock(&path)?;
            let mut secrets = read(&path)?;
            secrets.retain(|kept| !kept.is_under(&key));
            secrets.push(Secret {
                backend: key.backend,
                user: key.user,
                device: key.device,
                secret,
            });
            write(&path, &secrets)
        })
        .await
    }

    pub(super) async fn delete(&self, key: &VaultKey) -> Result<(), VaultError> {
        let (path, key) = (Arc::clone(&self.path), key.clone());
        self.call(move || {
            if !path.try_exists().unwrap_or(true) {
                return Ok(());
            }
            let _lock = disk::lock(&path)?;
            let mut secrets = read(&path)?;
            let before = secrets.len();
            secrets.retain(|kept| !kept.is_under(&key));
            if secrets.len() == before {
                return Ok(());
            }
            write(&path, &secrets)
        })
        .await
    }

    pub(super) fn revive(&self) {
        self.worker.revive();
    }

    async fn call<T: Send + 'static>(
        &self,
        act: impl FnOnce() -> Result<T, VaultError> + Send + 'static,
    ) -> Result<T, VaultError> {
        self.worker
            .call(timeouts::VAULT_FILE, move |()| act())
            .await?
    }
}

impl Secret {
    fn is_under(&self, key: &VaultKey) -> bool {
        self.backend == key.backend && self.user == key.user && self.device == key.device
    }

    fn to_write(&self) -> SecretToWrite<'_> {
        SecretToWrite {
            backend: &self.backend,
            user: &self.user,
            device: &self.device,
            secret: self.secret.expose_secret(),
        }
    }
}

/// The secrets in the file; none when there is no file.
fn read(path: &Path) -> Result<Vec<Secret>, VaultError> {
    let Some(bytes) = disk::read(path)? else {
        return Ok(Vec::new());
    };
    let garbage = |problem: String| VaultError::FileGarbage {
        path: path.to_owned(),
        problem,
    };
    // serde's own text may repeat a value of the file, so only the place is told.
    let content: Content = serde_json::from_slice(&bytes).map_err(|error| {
        garbage(format!(
            "no vault of handset from line {}, column {}",
            error.line(),
            error.column()
        ))
    })?;
    if content.version != VERSION {
        return Err(garbage(format!(
            "it has version {} and this handset reads version {VERSION}",
            content.version
        )));
    }
    Ok(content.secrets)
}

fn write(path: &Path, secrets: &[Secret]) -> Result<(), VaultError> {
    let content = ContentToWrite {
        version: VERSION,
        secrets: secrets.iter().map(Secret::to_write).collect(),
    };
    // Room for every character as an escape: a buffer that grows leaves copies of secrets behind.
    let room = 64
        + secrets
            .iter()
            .map(|kept| 2048 + 6 * kept.secret.expose_secret().len())
            .sum::<usize>();
    let mut bytes = Zeroizing::new(Vec::with_capacity(room));
    serde_json::to_writer(&mut *bytes, &content).map_err(|error| VaultError::File {
        path: path.to_owned(),
        action: "written",
        source: error.into(),
    })?;
    disk::replace(path, &bytes)
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;
    use crate::vault::Vault;
    use crate::vault::tests::key;

    fn mode(path: &Path) -> Option<u32> {
        let facts = fs::metadata(path).ok()?;
        Some(facts.permissions().mode() & 0o777)
    }

    fn write_with_mode(path: &Path, content: &str, mode: u32) -> std::io::Result<()> {
        fs::write(path, content)?;
        fs::set_permissions(path, fs::Permissions::from_mode(mode))
    }

    #[tokio::test]
    async fn every_file_it_leaves_is_its_owners_alone() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("deep/vault.json");
        let vault = Vault::file(path.clone());
        vault.set(&key("a", "p"), "s".into()).await.unwrap();
        assert_eq!(mode(path.parent().unwrap()), Some(0o700));
        for entry in fs::read_dir(path.parent().unwrap()).unwrap() {
            assert_eq!(mode(&entry.unwrap().path()), Some(0o600));
        }
        assert!(!home.path().join("deep/vault.json.new").exists());
    }

    #[tokio::test]
    async fn a_file_that_others_may_read_is_refused() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("vault.json");
        write_with_mode(&path, r#"{"version":1,"secrets":[]}"#, 0o640).unwrap();
        let vault = Vault::file(path.clone());
        let refused = vault.get(&key("a", "p")).await.unwrap_err();
        assert!(
            matches!(refused, VaultError::FileExposed { mode: 0o640, .. }),
            "{refused}"
        );
        assert!(vault.set(&key("a", "p"), "s".into()).await.is_err());
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        vault.set(&key("a", "p"), "s".into()).await.unwrap();
    }

    #[tokio::test]
    async fn links_folders_and_pipes_are_refused() {
        let home = tempfile::tempdir().unwrap();
        let real = home.path().join("real");
        write_with_mode(&real, r#"{"version":1,"secrets":[]}"#, 0o600).unwrap();
        let link = home.path().join("link");
        symlink(&real, &link).unwrap();
        let folder = home.path().join("folder");
        fs::create_dir(&folder).unwrap();
        for path in [link, folder] {
            let vault = Vault::file(path);
            let refused = vault.set(&key("a", "p"), "s".into()).await.unwrap_err();
            assert!(
                matches!(refused, VaultError::FileIrregular { .. }),
                "{refused}"
            );
        }
        assert_eq!(
            fs::read_to_string(real).unwrap(),
            r#"{"version":1,"secrets":[]}"#
        );
    }

    #[tokio::test]
    async fn garbage_is_told_without_its_content_and_never_overwritten() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("vault.json");
        let huge = "x".repeat((1 << 20) + 1);
        let damaged = r#"{"version":1,"secrets":[{"secret":"hunter2","user":7}]}"#;
        for content in [
            "",
            "hunter2",
            damaged,
            r#"{"version":2,"secrets":[]}"#,
            &huge,
        ] {
            write_with_mode(&path, content, 0o600).unwrap();
            let vault = Vault::file(path.clone());
            for error in [
                vault.get(&key("a", "p")).await.unwrap_err(),
                vault.set(&key("a", "p"), "s".into()).await.unwrap_err(),
                vault.delete(&key("a", "p")).await.unwrap_err(),
            ] {
                assert!(matches!(error, VaultError::FileGarbage { .. }), "{error}");
                assert!(!format!("{error} {error:?}").contains("hunter2"));
            }
            assert_eq!(fs::read_to_string(&path).unwrap(), content);
        }
    }

    #[tokio::test]
    async fn what_a_killed_writer_left_is_replaced() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("vault.json");
        fs::write(home.path().join("vault.json.new"), "half a vau").unwrap();
        let vault = Vault::file(path);
        vault.set(&key("a", "p"), "s".into()).await.unwrap();
        assert!(vault.get(&key("a", "p")).await.unwrap().is_some());
        assert!(!home.path().join("vault.json.new").exists());
    }

    #[tokio::test]
    async fn two_vaults_on_one_file_lose_nothing() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("vault.json");
        let (one, two) = (Vault::file(path.clone()), Vault::file(path));
        for round in 0..10 {
            let (left, right) = (format!("a{round}"), format!("b{round}"));
            let (left, right) = (key(&left, "p"), key(&right, "p"));
            let both = tokio::join!(one.set(&left, "s".into()), two.set(&right, "s".into()));
            both.0.unwrap();
            both.1.unwrap();
        }
        for round in 0..10 {
            for side in ["a", "b"] {
                let kept = one.get(&key(&format!("{side}{round}"), "p")).await.unwrap();
                assert!(kept.is_some(), "{side}{round} is lost");
            }
        }
    }

    #[tokio::test]
    async fn a_lock_that_is_never_let_go_is_told() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("vault.json");
        let held = disk::lock(&path).unwrap();
        let vault = Vault::file(path);
        let error = vault.set(&key("a", "p"), "s".into()).await.unwrap_err();
        assert!(error.to_string().contains("holds its lock"), "{error}");
        drop(held);
        vault.set(&key("a", "p"), "s".into()).await.unwrap();
    }
}
