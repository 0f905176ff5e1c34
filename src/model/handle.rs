//! The opaque address a push service issues to a device.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Invalid, check_chars};

/// A handle: WNS channel URI, APNs device token, FCM registration token or Web Push endpoint.
/// Opaque; up to 2,048 visible ASCII characters.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Handle(String);

impl Handle {
    /// Parses a handle from outside.
    ///
    /// # Errors
    /// [`Invalid`] when it is empty, too long or not visible ASCII.
    pub fn parse(value: impl Into<String>) -> Result<Self, Invalid> {
        let value = value.into();
        check_chars("handle", &value, 2048, "visible ASCII", |c| {
            c.is_ascii_graphic()
        })?;
        Ok(Self(value))
    }

    /// The handle as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Handle {
    type Error = Invalid;
    fn try_from(value: String) -> Result<Self, Invalid> {
        Self::parse(value)
    }
}

impl From<Handle> for String {
    fn from(value: Handle) -> Self {
        value.0
    }
}

/// A Web Push subscription as a sender needs it: the endpoint and the public half of the
/// device's keys (RFC 8291 §3.1), both base64url without padding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subscription {
    /// Where the sender posts.
    pub endpoint: Handle,
    /// The device's public key and the authentication secret.
    pub keys: SubscriptionKeys,
}

/// The keys of a [`Subscription`].
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SubscriptionKeys {
    /// The device's P-256 public key, uncompressed, base64url.
    pub p256dh: String,
    /// The 16-byte authentication secret, base64url.
    pub auth: String,
}
