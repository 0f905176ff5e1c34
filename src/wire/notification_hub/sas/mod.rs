//! Shared access signatures: `SharedAccessSignature sr=…&sig=…&se=…&skn=…`.

mod audience;
#[cfg(test)]
mod tests;

use std::fmt;
use std::time::Duration;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;
use url::Url;

use crate::model::Invalid;

/// The word before the parts.
const SCHEME: &str = "SharedAccessSignature";

/// The longest token, in bytes. One client signs whole URLs with their queries, encoded once more.
const LONGEST: usize = 16 * 1024;

/// The longest signature and the longest name of a key, decoded; SDKs allow names of 256.
const LONGEST_SIGNATURE: usize = 128;
const LONGEST_NAME: usize = 256;

/// What stays as it is in a part: RFC 3986 *unreserved*.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

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

/// A token as it came: parsed, and not yet believed. `Debug` does not show the signature.
#[derive(Clone, PartialEq, Eq)]
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
    /// Reads the value of an `Authorization` header; parts in any order, their names in any case.
    /// Other parts than `sr`, `sig`, `se` and `skn` are passed over.
    ///
    /// # Errors
    /// [`Invalid`], which shows nothing of the value.
    pub fn parse(value: &str) -> Result<Self, Invalid> {
        if value.len() > LONGEST {
            return Err(bad(&format!("is longer than {LONGEST} bytes")));
        }
        let parts = Parts::read(value)?;
        let resource = parts.resource.ok_or_else(|| bad("has no sr"))?;
        if resource.is_empty() || !resource.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(bad("has an sr that is no encoded URL"));
        }
        let signature = parts.signature.ok_or_else(|| bad("has no sig"))?;
        let signature = decoded(signature)
            .filter(|text| (1..=LONGEST_SIGNATURE).contains(&text.len()))
            .ok_or_else(|| bad("has a sig that is no HMAC-SHA256"))?;
        let key_name = parts.key_name.ok_or_else(|| bad("has no skn"))?;
        let key_name = decoded(key_name)
            .filter(|name| (1..=LONGEST_NAME).contains(&name.len()))
            .filter(|name| !name.chars().any(char::is_control))
            .ok_or_else(|| bad("has an skn that names no key"))?;
        Ok(Self {
            resource: resource.to_owned(),
            // Who did not encode it has `+` in it, which a form reads as a space.
            signature: signature.replace(' ', "+"),
            expires: expiry(parts.expires.ok_or_else(|| bad("has no se"))?)?,
            key_name,
        })
    }

    /// True when `key` signed it; how long it takes says nothing about the key.
    #[must_use]
    pub fn is_signed_by(&self, key: &SasKey) -> bool {
        signature(key, &self.resource, self.expires.as_second()).is_some_and(|expected| {
            let given = self.signature.as_bytes();
            expected.as_bytes().ct_eq(given).into()
        })
    }

    /// True when its audience covers a request for `path` at `host` (without the port): scheme, port
    /// and query do not count, case does not either, and its path is a prefix in whole segments.
    #[must_use]
    pub fn covers(&self, host: &str, path: &str) -> bool {
        decoded(&self.resource).is_some_and(|url| audience::covers(&url, host, path))
    }
}

impl fmt::Debug for SasToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SasToken")
            .field("resource", &self.resource)
            .field("expires", &self.expires)
            .field("key_name", &self.key_name)
            .finish_non_exhaustive()
    }
}

impl SasKey {
    /// The value of an `Authorization` header for `resource`, good for `lifetime` from `now`, in whole
    /// seconds.
    #[must_use]
    pub fn token(&self, resource: &Url, now: Timestamp, lifetime: Duration) -> SecretString {
        let resource = encoded(resource.as_str());
        let lifetime = i64::try_from(lifetime.as_secs()).unwrap_or(i64::MAX);
        let latest = Timestamp::MAX.as_second();
        let expires = now.as_second().saturating_add(lifetime).min(latest);
        let signature = signature(self, &resource, expires).unwrap_or_default();
        let signature = encoded(&signature);
        let name = encoded(&self.name);
        SecretString::from(format!(
            "{SCHEME} sr={resource}&sig={signature}&se={expires}&skn={name}"
        ))
    }
}

/// The parts of a token, each at most once.
#[derive(Default)]
struct Parts<'a> {
    resource: Option<&'a str>,
    signature: Option<&'a str>,
    expires: Option<&'a str>,
    key_name: Option<&'a str>,
}

impl<'a> Parts<'a> {
    fn read(value: &'a str) -> Result<Self, Invalid> {
        let parts = value
            .split_once(' ')
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case(SCHEME))
            .map(|(_, parts)| parts)
            .ok_or_else(|| bad(&format!("does not begin with {SCHEME} and a space")))?;
        let mut read = Self::default();
        for part in parts.split('&') {
            let (name, value) = part
                .split_once('=')
                .ok_or_else(|| bad("has a part without ="))?;
            let name = name.trim().to_ascii_lowercase();
            let place = match name.as_str() {
                "sr" => &mut read.resource,
                "sig" => &mut read.signature,
                "se" => &mut read.expires,
                "skn" => &mut read.key_name,
                _ => continue,
            };
            if place.replace(value.trim()).is_some() {
                return Err(bad(&format!("has {name} twice")));
            }
        }
        Ok(read)
    }
}

/// Seconds since 1970, written as the signature covers them: without a sign or leading zeros.
fn expiry(text: &str) -> Result<Timestamp, Invalid> {
    let wrong = || bad("has an se that is no number of seconds since 1970");
    let seconds: i64 = text.parse().map_err(|_| wrong())?;
    if seconds < 0 || seconds.to_string() != text {
        return Err(wrong());
    }
    Timestamp::from_second(seconds).map_err(|_| wrong())
}

/// `base64(HMAC-SHA256(key, resource + "\n" + expires))`, the key as its text stands. An HMAC takes
/// keys of every length (RFC 2104 §2): there always is one.
fn signature(key: &SasKey, resource: &str, expires: i64) -> Option<String> {
    let key = key.key.expose_secret().as_bytes();
    let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
    mac.update(format!("{resource}\n{expires}").as_bytes());
    Some(BASE64_STANDARD.encode(mac.finalize().into_bytes()))
}

/// A part's value, decoded as form fields are: two SDKs write a space as `+`. None when it is no
/// UTF-8.
fn decoded(value: &str) -> Option<String> {
    let spaced = value.replace('+', " ");
    let text = percent_decode_str(&spaced).decode_utf8().ok()?;
    Some(text.into_owned())
}

fn encoded(value: &str) -> String {
    utf8_percent_encode(value, ENCODED).to_string()
}

fn bad(problem: &str) -> Invalid {
    Invalid::new("shared access signature", problem)
}
