//! The headers of a push message (RFC 8030 §5), checked as autopush does.

use axum::http::HeaderMap;
use jiff::Timestamp;

use crate::emulator::push::{header, traceparent};
use crate::model::Platform;
use crate::wire::push_socket::NotificationHeaders;
use crate::wire::webpush::{MAX_TOPIC, MAX_TTL};

use super::answer::Refusal;

/// The longest header that is handed on to the device.
const MAX_HANDED_ON: usize = 1024;

/// A push message's headers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct WebPushRequest {
    pub(super) ttl: u64,
    pub(super) topic: Option<String>,
    encoding: Option<String>,
    encryption: Option<String>,
    crypto_key: Option<String>,
    urgency: Option<String>,
    traceparent: Option<String>,
}

impl WebPushRequest {
    pub(super) fn read(headers: &HeaderMap) -> Result<Self, Refusal> {
        let handed_on = |name| {
            header(headers, name)
                .filter(|value| value.len() <= MAX_HANDED_ON)
                .map(str::to_owned)
        };
        let urgencies = ["very-low", "low", "normal", "high"];
        Ok(Self {
            ttl: read_ttl(headers)?,
            topic: read_topic(headers)?,
            encoding: handed_on("content-encoding"),
            encryption: handed_on("encryption").as_deref().map(bare),
            crypto_key: handed_on("crypto-key").as_deref().map(bare),
            urgency: handed_on("urgency").filter(|value| urgencies.contains(&value.as_str())),
            traceparent: traceparent(headers),
        })
    }

    /// A body must say how it is encrypted; without one there is nothing to say.
    pub(super) fn check_encoding(&self, has_body: bool) -> Result<(), Refusal> {
        if !has_body {
            return Ok(());
        }
        match self.encoding.as_deref() {
            None => Err(Refusal::Encoding("Missing Content-Encoding header")),
            Some("aes128gcm") => Ok(()),
            Some("aesgcm") if self.encryption.is_none() => {
                Err(Refusal::Encoding("Missing Encryption header"))
            }
            Some("aesgcm") if self.crypto_key.is_none() => {
                Err(Refusal::Encoding("Missing Crypto-Key header"))
            }
            Some("aesgcm") => Ok(()),
            Some(_) => Err(Refusal::Encoding("Unknown Content-Encoding header")),
        }
    }

    /// What the device is told: to a plain autopush client no more than autopush would say.
    pub(super) fn to_frame_headers(
        &self,
        extended: bool,
        sent_at: Timestamp,
    ) -> NotificationHeaders {
        let plain = NotificationHeaders {
            encoding: self.encoding.clone(),
            encryption: self.encryption.clone(),
            crypto_key: self.crypto_key.clone(),
            ..NotificationHeaders::default()
        };
        if !extended {
            return plain;
        }
        NotificationHeaders {
            platform: Some(Platform::WebPush),
            priority: self.urgency.clone(),
            collapse: self.topic.clone(),
            ttl: Some(self.ttl),
            sent_at: Some(sent_at),
            traceparent: self.traceparent.clone(),
            ..plain
        }
    }
}

/// A header's parameters without quotes and without the padding of base64, as autopush hands them on.
fn bare(header: &str) -> String {
    let header = header.replace('"', "");
    let parts = header.split_inclusive([',', ';']).map(|part| {
        let value = part.trim_end_matches([',', ';']);
        let (value, end) = (value.trim_end_matches('='), &part[value.len()..]);
        format!("{value}{end}")
    });
    parts.collect()
}

fn read_ttl(headers: &HeaderMap) -> Result<u64, Refusal> {
    let value = header(headers, "ttl").ok_or(Refusal::MissingTtl)?;
    if let Some(digits) = value.strip_prefix('-') {
        let negative = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        return Err(if negative {
            Refusal::NegativeTtl
        } else {
            Refusal::MissingTtl
        });
    }
    if value.is_empty() || !value.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Refusal::MissingTtl);
    }
    // What does not fit into a number is over the limit all the same.
    Ok(value.parse::<u64>().unwrap_or(u64::MAX).min(MAX_TTL))
}

fn read_topic(headers: &HeaderMap) -> Result<Option<String>, Refusal> {
    if !headers.contains_key("topic") {
        return Ok(None);
    }
    let topic = header(headers, "topic").unwrap_or_default();
    if topic.len() > MAX_TOPIC {
        return Err(Refusal::Topic(
            "topic: Topic must be no greater than 32 characters",
        ));
    }
    let safe = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'=');
    if topic.is_empty() || !topic.bytes().all(safe) {
        return Err(Refusal::Topic(
            "topic: Topic must be URL and Filename safe Base64 alphabet",
        ));
    }
    Ok(Some(topic.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&'static str, &'static str)]) -> Result<WebPushRequest, Refusal> {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.insert(*name, value.parse().unwrap());
        }
        WebPushRequest::read(&headers)
    }

    #[test]
    fn a_ttl_is_required_and_clamped() {
        assert_eq!(read(&[]).unwrap_err(), Refusal::MissingTtl);
        for bad in ["abc", "", "1.5", "-", "+1"] {
            assert_eq!(
                read(&[("ttl", bad)]).unwrap_err(),
                Refusal::MissingTtl,
                "{bad}"
            );
        }
        assert_eq!(read(&[("ttl", "-1")]).unwrap_err(), Refusal::NegativeTtl);
        for long in ["99999999999", "99999999999999999999999999"] {
            assert_eq!(read(&[("ttl", long)]).unwrap().ttl, 2_592_000);
        }
    }

    #[test]
    fn a_body_says_how_it_is_encrypted() {
        let encoded = |pairs: &[(&'static str, &'static str)]| {
            let mut all = vec![("ttl", "60")];
            all.extend_from_slice(pairs);
            read(&all).unwrap().check_encoding(true).is_ok()
        };
        assert!(encoded(&[("content-encoding", "aes128gcm")]));
        assert!(!encoded(&[]));
        assert!(!encoded(&[("content-encoding", "identity")]));
        assert!(!encoded(&[("content-encoding", "aesgcm")]));
        assert!(!encoded(&[
            ("content-encoding", "aesgcm"),
            ("encryption", "salt=x")
        ]));
        let complete = [
            ("content-encoding", "aesgcm"),
            ("encryption", "s"),
            ("crypto-key", "k"),
        ];
        assert!(encoded(&complete));
        assert!(
            read(&[("ttl", "60")])
                .unwrap()
                .check_encoding(false)
                .is_ok()
        );
    }

    #[test]
    fn what_the_headers_of_aesgcm_say_is_handed_on_bare() {
        let pairs = [
            ("ttl", "60"),
            ("content-encoding", "aesgcm"),
            (
                "encryption",
                "keyid=\"a\"; salt=\"XZwpw6o37R-6qoZjw6KwAw==\";rs=4096",
            ),
            ("crypto-key", "keyid=a;dh=AA=,p256ecdsa=BB"),
        ];
        let headers = read(&pairs)
            .unwrap()
            .to_frame_headers(false, Timestamp::MAX);
        assert_eq!(
            headers.encryption.as_deref(),
            Some("keyid=a; salt=XZwpw6o37R-6qoZjw6KwAw;rs=4096")
        );
        assert_eq!(
            headers.crypto_key.as_deref(),
            Some("keyid=a;dh=AA,p256ecdsa=BB")
        );
    }

    #[test]
    fn a_topic_has_at_most_32_characters_of_base64url() {
        let read = |topic| read(&[("ttl", "1"), ("topic", topic)]);
        assert!(read("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa").is_ok());
        for bad in ["aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "a b!", ""] {
            assert!(matches!(read(bad), Err(Refusal::Topic(_))), "{bad}");
        }
    }
}
