//! The push platforms a device can be.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::Invalid;

/// A push platform. Its text form is the one of the device socket's `platform` field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Platform {
    /// Windows Push Notification Services.
    Wns,
    /// Apple Push Notification service.
    Apns,
    /// Firebase Cloud Messaging, HTTP v1.
    Fcm,
    /// Web Push, RFC 8030.
    WebPush,
}

impl Platform {
    /// Every platform, in the order they are listed to people.
    pub const ALL: [Self; 4] = [Self::Wns, Self::Apns, Self::Fcm, Self::WebPush];

    /// The name on the device socket and on the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Wns => "wns",
            Self::Apns => "apns",
            Self::Fcm => "fcm",
            Self::WebPush => "webpush",
        }
    }

    /// The name in the app backend's `Platform` property and `pns` parameter.
    #[must_use]
    pub fn backend_name(self) -> &'static str {
        match self {
            Self::Wns => "wns",
            Self::Apns => "apns",
            Self::Fcm => "fcmv1",
            Self::WebPush => "browser",
        }
    }

    /// Reads the app backend's name of a platform, in any case; `gcm` and `fcm` are FCM.
    #[must_use]
    pub fn from_backend_name(name: &str) -> Option<Self> {
        match name.to_ascii_lowercase().as_str() {
            "wns" => Some(Self::Wns),
            "apns" => Some(Self::Apns),
            "gcm" | "fcm" | "fcmv1" => Some(Self::Fcm),
            "browser" | "webpush" => Some(Self::WebPush),
            _ => None,
        }
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Platform {
    type Err = Invalid;
    fn from_str(value: &str) -> Result<Self, Invalid> {
        Self::ALL
            .into_iter()
            .find(|platform| platform.as_str().eq_ignore_ascii_case(value))
            .ok_or_else(|| Invalid::new("platform", "is none of wns, apns, fcm and webpush"))
    }
}
