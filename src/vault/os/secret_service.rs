//! Linux: the Secret Service on the session bus.
//!
//! `keyring` opens its store once per process and keeps a failure for good, and a bus that hangs
//! at that moment blocks every later caller. So the store is opened here, afresh whenever the
//! last one is of no use, and its entries are put into `keyring`'s own entry type.

use std::collections::HashMap;
use std::error::Error as StdError;
use std::sync::Arc;

use keyring::{Entry, Error};
use keyring_core::api::CredentialStoreApi as _;
use secret_service::Error as ServiceError;
use zbus_secret_service_keyring_store::Store as SecretServiceStore;

use super::SERVICE;
use crate::vault::error::quoted;
use crate::vault::{VaultError, VaultKey};

/// A connection to the bus with an encrypted session at the Secret Service.
pub(super) struct Store(Arc<SecretServiceStore>);

impl Store {
    pub(super) fn open() -> Result<Self, Error> {
        Ok(Self(SecretServiceStore::new()?))
    }

    pub(super) fn entry(&self, key: &VaultKey) -> Result<Entry, Error> {
        let label = format!("handset: {key}");
        let modifiers = HashMap::from([("label", label.as_str())]);
        let inner = self.0.build(SERVICE, &key.to_string(), Some(&modifiers))?;
        Ok(Entry { inner })
    }
}

/// Names backend, user and device in the entry's attributes, for people who look for it with
/// `secret-tool search service handset`. The secret is kept without them.
pub(super) fn describe(entry: &Entry, key: &VaultKey) {
    let backend = key.backend.to_string();
    let attributes = HashMap::from([
        ("backend", backend.as_str()),
        ("user", key.user.as_str()),
        ("device", key.device.as_str()),
    ]);
    if let Err(error) = entry.inner.update_attributes(&attributes) {
        tracing::debug!(error = %quoted(&error), "the keyring entry has no attributes");
    }
}

/// What stands behind "no access to the store".
pub(super) fn explain_access(cause: &(dyn StdError + Send + Sync + 'static)) -> VaultError {
    match cause.downcast_ref::<ServiceError>() {
        Some(ServiceError::NoResult) => VaultError::NoKeyring,
        Some(ServiceError::Locked | ServiceError::Prompt | ServiceError::PromptDisconnected) => {
            VaultError::Locked
        }
        _ => VaultError::AccessDenied {
            problem: quoted(&cause),
        },
    }
}

/// What stands behind "the platform failed".
pub(super) fn explain_failure(cause: &(dyn StdError + Send + Sync + 'static)) -> VaultError {
    match cause.downcast_ref::<ServiceError>() {
        Some(ServiceError::Unavailable) => VaultError::NoBus {
            problem: quoted(&cause),
        },
        Some(ServiceError::Locked | ServiceError::Prompt | ServiceError::PromptDisconnected) => {
            VaultError::Locked
        }
        Some(ServiceError::NoResult) => VaultError::NoKeyring,
        Some(ServiceError::Zbus(error)) => explain_bus(error),
        Some(ServiceError::ZbusFdo(error)) => explain_standard(error),
        _ => VaultError::other(&cause),
    }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "only what has a remedy of its own is told apart"
)]
fn explain_bus(error: &zbus::Error) -> VaultError {
    let problem = quoted(error);
    match error {
        zbus::Error::Connection(..)
        | zbus::Error::Address(_)
        | zbus::Error::Handshake(_)
        | zbus::Error::InputOutput(_) => VaultError::NoBus { problem },
        zbus::Error::FDO(inner) => explain_standard(inner),
        zbus::Error::MethodError(name, _, _) => explain_named(name.as_str(), problem),
        _ => VaultError::Other { problem },
    }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "every other error is told apart by its name"
)]
fn explain_standard(error: &zbus::fdo::Error) -> VaultError {
    let problem = quoted(error);
    match error {
        zbus::fdo::Error::ZBus(inner) => explain_bus(inner),
        other => explain_named(zbus::DBusError::name(other).as_str(), problem),
    }
}

/// An error by its name on the bus.
fn explain_named(name: &str, problem: String) -> VaultError {
    const STANDARD: &str = "org.freedesktop.DBus.Error.";
    match name.strip_prefix(STANDARD).unwrap_or(name) {
        "ServiceUnknown" | "NameHasNoOwner" => VaultError::NoProvider,
        "AccessDenied" | "AuthFailed" => VaultError::AccessDenied { problem },
        "org.freedesktop.Secret.Error.IsLocked" => VaultError::Locked,
        spawn if spawn.starts_with("Spawn.") => VaultError::NoProvider,
        _ => VaultError::Other { problem },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_state_of_the_keyring_has_its_own_error() {
        let access = |cause| explain_access(&cause);
        assert!(matches!(
            access(ServiceError::NoResult),
            VaultError::NoKeyring
        ));
        assert!(matches!(access(ServiceError::Prompt), VaultError::Locked));
        let failure = |cause| explain_failure(&cause);
        assert!(matches!(
            failure(ServiceError::Unavailable),
            VaultError::NoBus { .. }
        ));
        let nobody = zbus::fdo::Error::ServiceUnknown("nobody".to_owned());
        assert!(matches!(
            failure(ServiceError::ZbusFdo(nobody)),
            VaultError::NoProvider
        ));
        let refused = zbus::Error::FDO(Box::new(zbus::fdo::Error::AccessDenied("no".to_owned())));
        assert!(matches!(
            failure(ServiceError::Zbus(refused)),
            VaultError::AccessDenied { .. }
        ));
        let nowhere = zbus::Error::Address("disabled:".to_owned());
        assert!(matches!(
            failure(ServiceError::Zbus(nowhere)),
            VaultError::NoBus { .. }
        ));
    }
}
