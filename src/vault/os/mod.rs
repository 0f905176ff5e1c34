//! Secrets in the operating system's keyring, through the crate `keyring`.
//!
//! A keyring call blocks, and may do so for good: it runs on a thread of its own, with a time-out.

#[cfg(not(target_os = "linux"))]
mod native;
#[cfg(target_os = "linux")]
mod secret_service;

use std::sync::{Arc, Weak};
use std::time::Duration;

use keyring::{Entry, Error};
use secrecy::{ExposeSecret as _, SecretString};
use zeroize::{Zeroize as _, Zeroizing};

use super::error::quoted;
use super::{VaultError, VaultKey};
use crate::lifecycle::Worker;

#[cfg(not(target_os = "linux"))]
use native as platform;
#[cfg(target_os = "linux")]
use secret_service as platform;

/// The name that every entry carries as its `service`.
const SERVICE: &str = "handset";

/// What the keyring is called in errors.
const WHAT: &str = "the OS keyring";

/// The operating system's keyring.
#[derive(Debug)]
pub(super) struct OsVault {
    worker: Worker<Keyring>,
    limit: Duration,
}

impl OsVault {
    pub(super) fn new(limit: Duration) -> Self {
        Self {
            worker: Worker::new(WHAT, Keyring::default),
            limit,
        }
    }

    pub(super) async fn get(&self, key: &VaultKey) -> Result<Option<SecretString>, VaultError> {
        self.call(key, read).await
    }

    pub(super) async fn set(&self, key: &VaultKey, secret: SecretString) -> Result<(), VaultError> {
        let owned = key.clone();
        self.call(key, move |entry| {
            write(entry, secret.expose_secret())?;
            platform::describe(entry, &owned);
            Ok(())
        })
        .await
    }

    pub(super) async fn delete(&self, key: &VaultKey) -> Result<(), VaultError> {
        self.call(key, remove).await
    }

    pub(super) fn revive(&self) {
        self.worker.revive();
    }

    async fn call<T: Send + 'static>(
        &self,
        key: &VaultKey,
        act: impl Fn(&Entry) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, VaultError> {
        let caller = Arc::new(());
        let asked = Arc::downgrade(&caller);
        let (key, limit) = (key.clone(), self.limit);
        let answer = self
            .worker
            .call(limit, move |keyring| keyring.run(&key, &asked, limit, act))
            .await;
        drop(caller);
        answer?
    }
}

/// What the keyring's thread keeps from one call to the next.
#[derive(Default)]
struct Keyring {
    store: Option<platform::Store>,
}

impl Keyring {
    /// Runs `act` on the entry of `key`. A store that was opened earlier may be stale, because the
    /// bus or the keyring was restarted: then the call is repeated once on a fresh one.
    fn run<T>(
        &mut self,
        key: &VaultKey,
        asked: &Weak<()>,
        limit: Duration,
        act: impl Fn(&Entry) -> Result<T, Error>,
    ) -> Result<T, VaultError> {
        let kept = self.store.is_some();
        let mut result = self.attempt(key, asked, &act);
        if kept && matches!(result, Some(Err(Error::PlatformFailure(_)))) {
            tracing::debug!("the keyring's connection was stale and is opened anew");
            self.store = None;
            result = self.attempt(key, asked, &act);
        }
        match result {
            Some(Ok(value)) => Ok(value),
            Some(Err(error)) => {
                if matches!(error, Error::PlatformFailure(_)) {
                    self.store = None;
                }
                Err(explain(error))
            }
            None => Err(VaultError::Slow { what: WHAT, limit }),
        }
    }

    /// One try; none when the caller went away while the store was opened, since what was
    /// reported as failed must not take effect afterwards.
    fn attempt<T>(
        &mut self,
        key: &VaultKey,
        asked: &Weak<()>,
        act: impl Fn(&Entry) -> Result<T, Error>,
    ) -> Option<Result<T, Error>> {
        let entry = match self.entry(key) {
            Ok(entry) => entry,
            Err(error) => return Some(Err(error)),
        };
        (asked.strong_count() > 0).then(|| act(&entry))
    }

    fn entry(&mut self, key: &VaultKey) -> Result<Entry, Error> {
        let store = match self.store.take() {
            Some(store) => store,
            None => platform::Store::open()?,
        };
        self.store.insert(store).entry(key)
    }
}

fn read(entry: &Entry) -> Result<Option<SecretString>, Error> {
    let bytes = match entry.get_secret() {
        Ok(bytes) => Zeroizing::new(bytes),
        Err(Error::NoEntry) => return Ok(None),
        Err(error) => return Err(error),
    };
    match std::str::from_utf8(&bytes) {
        Ok(text) => Ok(Some(SecretString::from(text))),
        Err(_) => Err(Error::BadEncoding(Vec::new())),
    }
}

fn write(entry: &Entry, secret: &str) -> Result<(), Error> {
    match entry.set_secret(secret.as_bytes()) {
        Err(Error::Ambiguous(all)) => {
            remove_all(all)?;
            entry.set_secret(secret.as_bytes())
        }
        other => other,
    }
}

fn remove(entry: &Entry) -> Result<(), Error> {
    match entry.delete_credential() {
        Ok(()) | Err(Error::NoEntry) => Ok(()),
        Err(Error::Ambiguous(all)) => remove_all(all),
        Err(error) => Err(error),
    }
}

fn remove_all(entries: Vec<keyring_core::Entry>) -> Result<(), Error> {
    for entry in entries {
        match entry.delete_credential() {
            Ok(()) | Err(Error::NoEntry) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// The keyring's error in handset's words. Two of its variants carry the stored bytes: they are
/// wiped and never shown.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the rest, and what keyring adds later, is told in its own words"
)]
fn explain(error: Error) -> VaultError {
    match error {
        Error::NoStorageAccess(cause) => platform::explain_access(&*cause),
        Error::PlatformFailure(cause) => platform::explain_failure(&*cause),
        Error::Ambiguous(entries) => VaultError::Ambiguous {
            count: entries.len(),
        },
        Error::TooLong(_, limit) => VaultError::TooLong { limit },
        Error::BadEncoding(mut bytes) | Error::BadDataFormat(mut bytes, _) => {
            bytes.zeroize();
            VaultError::Damaged
        }
        Error::NoDefaultStore => VaultError::NoBus {
            problem: quoted(&Error::NoDefaultStore),
        },
        other => VaultError::other(&other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damaged_secrets_are_not_repeated_in_errors() {
        let error = explain(Error::BadEncoding(b"hunter2\xff".to_vec()));
        assert!(matches!(error, VaultError::Damaged));
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }

    #[test]
    fn limits_of_a_platform_are_told() {
        let error = explain(Error::TooLong("password".to_owned(), 2560));
        assert!(error.to_string().contains("2560"), "{error}");
    }
}
