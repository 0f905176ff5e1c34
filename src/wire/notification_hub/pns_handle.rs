//! The address of a device on its platform.

use std::fmt;

use url::Url;

use crate::model::{Handle, Invalid, SubscriptionKeys};

use super::HubPlatform;

/// The longest key of a Web Push subscription, in bytes: a public key has 88, padded.
const MAX_KEY: usize = 256;

/// The address of a device on its platform. `Debug` shows neither the address nor its keys.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PnsHandle {
    /// Channel URI, device token (upper case), registration token, endpoint, or, for Baidu,
    /// `{user id}-{channel id}`.
    pub text: Handle,
    /// The keys of a Web Push subscription: for browsers alone.
    pub keys: Option<SubscriptionKeys>,
}

impl fmt::Debug for PnsHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PnsHandle").finish_non_exhaustive()
    }
}

impl PnsHandle {
    /// Reads an address as `platform` has it: a device token is hexadecimal and gets upper case,
    /// channel URIs and endpoints are absolute URLs, Baidu's is `{user id}-{channel id}`. `keys` are
    /// a browser's, and looked at for browsers alone.
    ///
    /// # Errors
    /// [`Invalid`] says what is wrong, without quoting the address.
    pub fn parse(
        platform: HubPlatform,
        text: &str,
        keys: Option<SubscriptionKeys>,
    ) -> Result<Self, Invalid> {
        let text = text.trim();
        let (text, keys) = match platform {
            HubPlatform::Apple => (device_token(text)?, None),
            HubPlatform::Windows | HubPlatform::WindowsPhone => {
                (absolute("channel URI", text)?, None)
            }
            HubPlatform::Browser => (absolute("endpoint", text)?, Some(checked(keys)?)),
            HubPlatform::Baidu => (baidu(text)?, None),
            HubPlatform::FcmV1 | HubPlatform::Gcm | HubPlatform::Adm | HubPlatform::Xiaomi => {
                (text.to_owned(), None)
            }
        };
        let text = Handle::parse(text)?;
        Ok(Self { text, keys })
    }
}

fn device_token(text: &str) -> Result<String, Invalid> {
    if text.is_empty()
        || !text.len().is_multiple_of(2)
        || !text.bytes().all(|b| b.is_ascii_hexdigit())
    {
        return Err(Invalid::new(
            "device token",
            "is not hexadecimal, two digits a byte",
        ));
    }
    Ok(text.to_ascii_uppercase())
}

fn absolute(what: &'static str, text: &str) -> Result<String, Invalid> {
    match Url::parse(text) {
        Ok(url) if url.has_host() => Ok(text.to_owned()),
        Ok(_) | Err(_) => Err(Invalid::new(what, "is not an absolute URL")),
    }
}

fn baidu(text: &str) -> Result<String, Invalid> {
    match text.split_once('-') {
        Some((user, channel)) if !user.is_empty() && !channel.is_empty() => Ok(text.to_owned()),
        Some(_) | None => Err(Invalid::new(
            "Baidu handle",
            "is not {user id}-{channel id}",
        )),
    }
}

fn checked(keys: Option<SubscriptionKeys>) -> Result<SubscriptionKeys, Invalid> {
    let keys = keys.ok_or_else(|| Invalid::new("browser handle", "has no keys p256dh and auth"))?;
    let keys = SubscriptionKeys {
        p256dh: keys.p256dh.trim().to_owned(),
        auth: keys.auth.trim().to_owned(),
    };
    if is_base64(&keys.p256dh) && is_base64(&keys.auth) {
        return Ok(keys);
    }
    Err(Invalid::new(
        "browser handle",
        "has keys that are not base64url",
    ))
}

/// Both alphabets are let through: whoever encrypts decodes the keys anyway.
fn is_base64(key: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"-_+/=".contains(&b);
    (1..=MAX_KEY).contains(&key.len()) && key.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(p256dh: &str, auth: &str) -> Option<SubscriptionKeys> {
        let (p256dh, auth) = (p256dh.to_owned(), auth.to_owned());
        Some(SubscriptionKeys { p256dh, auth })
    }

    #[test]
    fn each_platform_has_its_own_form() {
        use HubPlatform as P;
        for (platform, text, read) in [
            (P::Apple, " e28aa0f5\n", Some("E28AA0F5")),
            (P::Apple, "e28", None),
            (P::Apple, "xyz0", None),
            (
                P::Windows,
                "https://db5p.notify.windows.com/w/?token=c2%2b",
                Some("https://db5p.notify.windows.com/w/?token=c2%2b"),
            ),
            (P::Windows, "/w/?token=c2", None),
            (P::WindowsPhone, "mailto:a@b", None),
            (P::Baidu, "user-chan-nel", Some("user-chan-nel")),
            (P::Baidu, "user", None),
            (P::Baidu, "-channel", None),
            (P::FcmV1, "e1a3:APA91b", Some("e1a3:APA91b")),
            (P::Gcm, "", None),
            (P::Adm, "a b", None),
            (P::Xiaomi, "r", Some("r")),
        ] {
            let handle = PnsHandle::parse(platform, text, keys("a", "b")).ok();
            assert_eq!(
                handle.as_ref().map(|h| h.text.as_str()),
                read,
                "{platform} {text}"
            );
            assert!(handle.is_none_or(|h| h.keys.is_none()));
        }
    }

    #[test]
    fn a_browser_needs_its_keys() {
        let parse = |keys| PnsHandle::parse(HubPlatform::Browser, "https://push.example/x", keys);
        assert_eq!(
            parse(keys(" BP-_", "QQ== ")).unwrap().keys,
            keys("BP-_", "QQ==")
        );
        for bad in [
            None,
            keys("", "b"),
            keys("a", "b c"),
            keys(&"a".repeat(257), "b"),
        ] {
            assert!(parse(bad).is_err());
        }
    }

    #[test]
    fn neither_errors_nor_debug_repeat_a_handle() {
        let handle = PnsHandle::parse(HubPlatform::Gcm, "s3cret", None).unwrap();
        assert!(!format!("{handle:?}").contains("s3cret"));
        for platform in HubPlatform::ALL {
            let error = PnsHandle::parse(platform, "s3cret s3cret", None).unwrap_err();
            assert!(!error.to_string().contains("s3cret"), "{error}");
        }
    }
}
