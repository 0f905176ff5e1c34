//! From a platform's notification frame to the push a device takes: bounded, decrypted, and
//! otherwise refused with a reason.

mod rules;
#[cfg(test)]
mod tests;

use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use bytes::Bytes;

use crate::model::{DisplayText, MessageId, Platform, RawNotification};
use crate::wire::push_socket::{ACK_DECRYPTION_FAILED, ACK_NOT_DELIVERED, NotificationHeaders};
use crate::wire::webpush::{AesGcmHeaders, CryptoError, DeviceKeys};

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
        .and_then(|content| Ok((rules::kind(&headers, &content)?, content)));
    match read {
        Ok((kind, content)) => Ok(RawNotification {
            kind,
            priority: rules::priority(&headers, kind),
            collapse: rules::name(headers.collapse.as_deref()),
            group: rules::name(headers.group.as_deref()),
            suppress_popup: headers.suppress_popup.unwrap_or_default(),
            expires_at: rules::expires_at(&headers),
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
        Platform::WebPush => decrypted(body, headers, keys)?,
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
fn decrypted(
    body: Vec<u8>,
    headers: &NotificationHeaders,
    keys: &DeviceKeys,
) -> Result<Vec<u8>, Refusal> {
    if body.is_empty() {
        return Ok(body);
    }
    let encoding = headers.encoding.as_deref().unwrap_or("none");
    let is = |name: &str| encoding.eq_ignore_ascii_case(name);
    let decrypted = if is("aes128gcm") {
        keys.decrypt(&body)
    } else if is("aesgcm") {
        decrypted_aesgcm(&body, headers, keys)
    } else {
        return Err(Refusal::new(
            "unsupported_encoding",
            format!(
                "the body's encoding is {:?}, only aes128gcm and aesgcm are read",
                shortened(encoding)
            ),
            ACK_DECRYPTION_FAILED,
        ));
    };
    decrypted
        .map_err(|error| Refusal::new("undecryptable", error.to_string(), ACK_DECRYPTION_FAILED))
}

fn decrypted_aesgcm(
    body: &[u8],
    headers: &NotificationHeaders,
    keys: &DeviceKeys,
) -> Result<Vec<u8>, CryptoError> {
    let encryption = headers.encryption.as_deref().unwrap_or_default();
    let crypto_key = headers.crypto_key.as_deref().unwrap_or_default();
    let parameters = AesGcmHeaders::read(encryption, crypto_key)?;
    keys.decrypt_aesgcm(&parameters, body)
}

/// W3C Trace Context §3.2: `version-trace-parent-flags` in lower-case hex. Anything else is left out.
fn is_traceparent(text: &str) -> bool {
    let lengths: Vec<usize> = text.split('-').map(str::len).collect();
    let hex = |c: char| c == '-' || c.is_ascii_digit() || ('a'..='f').contains(&c);
    lengths == [2, 32, 16, 2] && text.chars().all(hex)
}
