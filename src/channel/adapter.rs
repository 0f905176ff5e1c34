//! From a platform's notification frame to the push a device takes: bounded, decrypted, and
//! otherwise refused with a reason.

use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use bytes::Bytes;

use crate::model::{DisplayText, MessageId, Platform, PushKind, RawNotification};
use crate::wire::push_socket::{ACK_DECRYPTION_FAILED, ACK_NOT_DELIVERED, NotificationHeaders};
use crate::wire::webpush::DeviceKeys;

/// Senders write base64url with and without padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The most characters of foreign text that a detail repeats.
const DETAIL: usize = 200;

/// A notification that the app does not get.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rejected {
    /// Which one, where its version is a message id.
    pub(super) message: Option<MessageId>,
    /// The rule, by name.
    pub(super) reason: &'static str,
    /// What was wrong.
    pub(super) detail: String,
    /// The code its acknowledgement carries.
    pub(super) code: u16,
}

/// Reads one notification.
///
/// # Errors
/// [`Rejected`], which says why the app does not get it and what to tell the service.
pub(super) fn adapt(
    version: String,
    data: Option<&str>,
    headers: Option<NotificationHeaders>,
    keys: &DeviceKeys,
) -> Result<RawNotification, Rejected> {
    let message = MessageId::parse(version).map_err(|invalid| Rejected {
        message: None,
        reason: "bad_message_id",
        detail: invalid.to_string(),
        code: ACK_NOT_DELIVERED,
    })?;
    let headers = headers.unwrap_or_default();
    let read = read_body(data.unwrap_or_default(), &headers, keys)
        .and_then(|content| Ok((kind(&headers)?, content)));
    match read {
        Ok((kind, content)) => Ok(RawNotification {
            kind,
            sent_at: headers.sent_at,
            traceparent: headers
                .traceparent
                .as_ref()
                .filter(|text| is_traceparent(text))
                .cloned(),
            ..RawNotification::new(message, platform(&headers), content)
        }),
        Err(refusal) => Err(Rejected {
            message: Some(message),
            reason: refusal.reason,
            detail: refusal.detail,
            code: refusal.code,
        }),
    }
}

/// Foreign text made harmless and short enough to repeat.
pub(super) fn shortened(text: &str) -> String {
    DisplayText::excerpt(text, DETAIL)
}

struct Refusal {
    reason: &'static str,
    detail: String,
    code: u16,
}

impl Refusal {
    fn new(reason: &'static str, detail: impl Into<String>, code: u16) -> Self {
        Self {
            reason,
            detail: detail.into(),
            code,
        }
    }
}

fn platform(headers: &NotificationHeaders) -> Platform {
    headers.platform.unwrap_or(Platform::WebPush)
}

/// `X-WNS-Type` decides for WNS; the other platforms' pushes are raw here.
fn kind(headers: &NotificationHeaders) -> Result<PushKind, Refusal> {
    let wns_type = match platform(headers) {
        Platform::Wns => headers.wns_type.as_deref(),
        Platform::Apns | Platform::Fcm | Platform::WebPush => None,
    };
    match wns_type {
        None | Some("wns/raw") => Ok(PushKind::Raw),
        Some("wns/toast") => Ok(PushKind::Toast),
        Some(other) => Err(Refusal::new(
            "unsupported_type",
            format!(
                "X-WNS-Type {:?} is not shown by this device",
                shortened(other)
            ),
            ACK_NOT_DELIVERED,
        )),
    }
}

fn read_body(
    data: &str,
    headers: &NotificationHeaders,
    keys: &DeviceKeys,
) -> Result<Bytes, Refusal> {
    let body = BASE64.decode(data).map_err(|error| {
        Refusal::new(
            "unreadable_body",
            format!("the body is not base64url: {error}"),
            ACK_NOT_DELIVERED,
        )
    })?;
    let content = match platform(headers) {
        Platform::WebPush => decrypted(body, headers.encoding.as_deref(), keys)?,
        Platform::Wns | Platform::Apns | Platform::Fcm => body,
    };
    if content.len() > RawNotification::MAX_CONTENT {
        return Err(Refusal::new(
            "content_too_large",
            format!(
                "the body has {} bytes, at most {} are taken",
                content.len(),
                RawNotification::MAX_CONTENT
            ),
            ACK_NOT_DELIVERED,
        ));
    }
    Ok(Bytes::from(content))
}

/// A Web Push body is encrypted for the device or empty (RFC 8291 §4, RFC 8030 §5).
fn decrypted(body: Vec<u8>, encoding: Option<&str>, keys: &DeviceKeys) -> Result<Vec<u8>, Refusal> {
    if body.is_empty() {
        return Ok(body);
    }
    match encoding {
        Some(name) if name.eq_ignore_ascii_case("aes128gcm") => {
            keys.decrypt(&body).map_err(|error| {
                Refusal::new("undecryptable", error.to_string(), ACK_DECRYPTION_FAILED)
            })
        }
        other => Err(Refusal::new(
            "unsupported_encoding",
            format!(
                "the body's encoding is {:?}, only aes128gcm is read",
                shortened(other.unwrap_or("none"))
            ),
            ACK_DECRYPTION_FAILED,
        )),
    }
}

/// W3C Trace Context §3.2: `version-trace-parent-flags` in lower-case hex. Anything else is left out.
fn is_traceparent(text: &str) -> bool {
    let lengths: Vec<usize> = text.split('-').map(str::len).collect();
    let hex = |c: char| c == '-' || c.is_ascii_digit() || ('a'..='f').contains(&c);
    lengths == [2, 32, 16, 2] && text.chars().all(hex)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::webpush::encrypt;

    fn keys() -> DeviceKeys {
        DeviceKeys::generate()
    }

    fn wns(wns_type: Option<&str>) -> NotificationHeaders {
        NotificationHeaders {
            platform: Some(Platform::Wns),
            wns_type: wns_type.map(str::to_owned),
            ..NotificationHeaders::default()
        }
    }

    fn encoded(encoding: &str) -> NotificationHeaders {
        NotificationHeaders {
            encoding: Some(encoding.to_owned()),
            ..NotificationHeaders::default()
        }
    }

    fn read(data: &str, headers: NotificationHeaders) -> Result<RawNotification, Rejected> {
        adapt("v1".to_owned(), Some(data), Some(headers), &keys())
    }

    #[test]
    fn a_wns_body_is_raw_or_a_toast_with_or_without_padding() {
        for (data, wns_type, kind) in [
            ("c2VjLTE", None, PushKind::Raw),
            ("c2VjLTE=", Some("wns/raw"), PushKind::Raw),
            ("c2VjLTE", Some("wns/toast"), PushKind::Toast),
        ] {
            let raw = read(data, wns(wns_type)).unwrap();
            assert_eq!(raw.content.as_ref(), b"sec-1");
            assert_eq!((raw.platform, raw.kind), (Platform::Wns, kind));
        }
        let tile = read("c2VjLTE", wns(Some("wns/tile"))).unwrap_err();
        assert_eq!((tile.reason, tile.code), ("unsupported_type", 102));
        assert_eq!(tile.message, Some(MessageId::parse("v1").unwrap()));
    }

    #[test]
    fn a_web_push_body_is_decrypted_for_this_device_alone() {
        let device = keys();
        let sealed = BASE64.encode(encrypt(&device.public(), b"sec-1").unwrap());
        let headers = || Some(encoded("AES128GCM"));
        let raw = adapt("v".to_owned(), Some(&sealed), headers(), &device).unwrap();
        assert_eq!(raw.content.as_ref(), b"sec-1");
        assert_eq!(raw.platform, Platform::WebPush);
        let foreign = adapt("v".to_owned(), Some(&sealed), headers(), &keys()).unwrap_err();
        assert_eq!((foreign.reason, foreign.code), ("undecryptable", 101));
    }

    #[test]
    fn an_empty_web_push_body_is_legal_and_other_encodings_are_not() {
        let empty = adapt("v".to_owned(), None, None, &keys()).unwrap();
        assert!(empty.content.is_empty());
        for encoding in ["aesgcm", "identity", "\u{202E}x"] {
            let refused = read("eA", encoded(encoding)).unwrap_err();
            assert_eq!(
                (refused.reason, refused.code),
                ("unsupported_encoding", 101)
            );
            assert!(!refused.detail.contains('\u{202E}'));
        }
        let none = read("eA", NotificationHeaders::default()).unwrap_err();
        assert_eq!(none.reason, "unsupported_encoding");
    }

    #[test]
    fn hostile_bodies_are_refused_with_a_reason() {
        let junk = read("!!!", wns(None)).unwrap_err();
        assert_eq!((junk.reason, junk.code), ("unreadable_body", 102));
        let most = RawNotification::MAX_CONTENT;
        assert!(read(&BASE64.encode(vec![7; most]), wns(None)).is_ok());
        let huge = read(&BASE64.encode(vec![7; most + 1]), wns(None)).unwrap_err();
        assert_eq!((huge.reason, huge.code), ("content_too_large", 102));
        for version in ["", "a b", "é", &"v".repeat(1025)] {
            let bad = adapt(version.to_owned(), None, None, &keys()).unwrap_err();
            assert_eq!((bad.reason, bad.message), ("bad_message_id", None));
        }
    }

    #[test]
    fn only_a_well_formed_trace_context_is_passed_on() {
        let good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        for (text, kept) in [(good, true), ("x", false), (&good.to_uppercase(), false)] {
            let headers = NotificationHeaders {
                traceparent: Some(text.to_owned()),
                ..wns(None)
            };
            assert_eq!(
                read("", headers).unwrap().traceparent.is_some(),
                kept,
                "{text}"
            );
        }
    }

    proptest::proptest! {
        #[test]
        fn no_notification_panics(version in ".*", data in ".*", encoding in ".*", wns in 0..4_u8) {
            let headers = NotificationHeaders {
                platform: Platform::ALL.get(usize::from(wns)).copied(),
                encoding: Some(encoding),
                ..NotificationHeaders::default()
            };
            drop(adapt(version, Some(&data), Some(headers), &keys()));
        }
    }
}
