//! What WNS answers a sender: nearly everything stands in headers.

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::emulator::push::header as header_text;
use crate::emulator::random;
use crate::wire::wns;

/// How long a throttled sender is asked to wait, in seconds.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("10");

/// The notification was taken, or dropped by the offline rule: 200 either way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) received: bool,
    /// Whether the device is connected, where the sender asked.
    pub(super) connected: Option<bool>,
}

/// Why a notification was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Refusal {
    Unauthorized,
    NotFound,
    Gone,
    TooLarge,
    LengthRequired,
    TtlConflict,
    Throttled,
    Unavailable,
    /// A header is missing or does not fit, and how.
    Header(&'static str),
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let mut response = StatusCode::OK.into_response();
        let headers = response.headers_mut();
        put_status(headers, if self.received { "received" } else { "dropped" });
        if let Some(connected) = self.connected {
            let status = if connected {
                "connected"
            } else {
                "disconnected"
            };
            put(headers, wns::DEVICE_CONNECTION_STATUS, status);
        }
        response
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, description) = match self {
            Self::Unauthorized => (
                StatusCode::UNAUTHORIZED,
                "the access token is missing, unknown or expired: ask the token endpoint for a new one",
            ),
            Self::NotFound => (StatusCode::NOT_FOUND, "the channel URI is not known"),
            Self::Gone => (StatusCode::GONE, "the channel expired or was closed"),
            Self::TooLarge => (
                StatusCode::PAYLOAD_TOO_LARGE,
                "the notification is larger than 5000 bytes",
            ),
            Self::LengthRequired => (
                StatusCode::LENGTH_REQUIRED,
                "Content-Length is required, chunked bodies are not taken",
            ),
            Self::TtlConflict => (
                StatusCode::BAD_REQUEST,
                "Ttl value conflicts with X-WNS-Cache-Policy.",
            ),
            Self::Throttled => (
                StatusCode::NOT_ACCEPTABLE,
                "the device has too many notifications waiting already",
            ),
            Self::Unavailable => (
                StatusCode::SERVICE_UNAVAILABLE,
                "the notification could not be stored",
            ),
            Self::Header(description) => (StatusCode::BAD_REQUEST, description),
        };
        let mut response = status.into_response();
        let headers = response.headers_mut();
        put(headers, wns::ERROR_DESCRIPTION, description);
        match self {
            Self::Throttled => {
                put_status(headers, "channelthrottled");
                headers.insert(header::RETRY_AFTER, RETRY_AFTER);
            }
            Self::Unavailable => {
                put_status(headers, "dropped");
                headers.insert(header::RETRY_AFTER, RETRY_AFTER);
            }
            Self::Unauthorized => {
                put_status(headers, "dropped");
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            Self::NotFound
            | Self::Gone
            | Self::TooLarge
            | Self::LengthRequired
            | Self::TtlConflict
            | Self::Header(_) => put_status(headers, "dropped"),
        }
        response
    }
}

/// Adds what every answer carries: the message id, a debug trace, and the sender's `MS-CV`.
pub(super) fn finish(answer: &mut HeaderMap, request: &HeaderMap, message: &str) {
    put(answer, wns::MSG_ID, message);
    put(answer, wns::DEBUG_TRACE, "HANDSET");
    let vector = header_text(request, wns::MS_CV)
        .filter(|value| value.len() <= 128)
        .map_or_else(|| format!("{}.0", random::hex_64()), str::to_owned);
    put(answer, wns::MS_CV, &vector);
}

fn put_status(headers: &mut HeaderMap, status: &'static str) {
    put(headers, wns::STATUS, status);
    put(headers, wns::NOTIFICATION_STATUS, status);
}

fn put(headers: &mut HeaderMap, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(HeaderName::from_static(name), value);
    }
}
