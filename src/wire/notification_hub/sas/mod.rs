//! Shared access signatures: `SharedAccessSignature sr=…&sig=…&se=…&skn=…`.

use std::time::Duration;

use jiff::Timestamp;
use secrecy::SecretString;
use url::Url;

use crate::model::Invalid;

/// What a key may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SasClaim {
    /// Register devices.
    Listen,
    /// Send.
    Send,
    /// Everything else.
    Manage,
}

/// A named key. The key's text is not decoded, and `Debug` does not show it.
#[derive(Debug, Clone)]
pub struct SasKey {
    /// The key's name: `skn`.
    pub name: String,
    /// The key.
    pub key: SecretString,
}

/// A token as it came: parsed, and not yet believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SasToken {
    /// The audience as it was received, still percent-encoded: what is signed.
    pub resource: String,
    /// The signature, in base64.
    pub signature: String,
    /// When it expires.
    pub expires: Timestamp,
    /// The key's name.
    pub key_name: String,
}

impl SasToken {
    /// Reads the value of an `Authorization` header; parts in any order.
    ///
    /// # Errors
    /// [`Invalid`], which shows nothing of the value.
    pub fn parse(_value: &str) -> Result<Self, Invalid> {
        unimplemented!()
    }

    /// True when `key` signed it; how long it takes says nothing about the key.
    #[must_use]
    pub fn is_signed_by(&self, _key: &SasKey) -> bool {
        unimplemented!()
    }

    /// True when its audience covers a request for `path` at `host` (without the port): scheme, port
    /// and query do not count, case does not either, and its path is a prefix in whole segments.
    #[must_use]
    pub fn covers(&self, _host: &str, _path: &str) -> bool {
        unimplemented!()
    }
}

impl SasKey {
    /// The value of an `Authorization` header for `resource`, good for `lifetime` from `now`.
    #[must_use]
    pub fn token(&self, _resource: &Url, _now: Timestamp, _lifetime: Duration) -> SecretString {
        unimplemented!()
    }
}
