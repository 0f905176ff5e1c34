//! What WNS answers a sender: nearly everything stands in headers.

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::emulator::push::RETRY_AFTER;
use crate::emulator::push::header as header_text;
use crate::emulator::random;
use crate::wire::wns;

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
    Forbidden,
    NotFound,
    MethodNotAllowed,
    Gone,
    DomainBlocked,
    TooLarge,
    LengthRequired,
    TtlConflict,
    /// Too many came for the channel; the sender may try again after so many seconds.
    Throttled(u64),
    ServerError,
    Unavailable,
    /// A header is missing or does not fit, and how.
    Header(&'static str),
}

/// What is answered on demand, by the words that ask for it.
pub(super) const ON_DEMAND: [(&str, Result<Answer, Refusal>); 15] = [
    (
        "400",
        Err(Refusal::Header("a header does not fit, on demand")),
    ),
    ("ttlconflict", Err(Refusal::TtlConflict)),
    ("401", Err(Refusal::Unauthorized)),
    ("403", Err(Refusal::Forbidden)),
    ("404", Err(Refusal::NotFound)),
    ("405", Err(Refusal::MethodNotAllowed)),
    ("406", Err(Refusal::Throttled(RETRY_AFTER))),
    ("channelthrottled", Err(Refusal::Throttled(RETRY_AFTER))),
    ("410", Err(Refusal::Gone)),
    ("domainblocked", Err(Refusal::DomainBlocked)),
    ("411", Err(Refusal::LengthRequired)),
    ("413", Err(Refusal::TooLarge)),
    ("500", Err(Refusal::ServerError)),
    ("503", Err(Refusal::Unavailable)),
    ("dropped", Ok(Answer::of_nobody(false))),
];

impl Answer {
    /// For a handle without a device.
    pub(super) const fn of_nobody(received: bool) -> Self {
        Self {
            received,
            connected: None,
        }
    }
}

impl Refusal {
    /// The HTTP status, and words for people.
    fn parts(&self) -> (StatusCode, &'static str) {
        match self {
            Self::Unauthorized => (
                StatusCode::UNAUTHORIZED,
                "the access token is missing, unknown or expired: ask the token endpoint for a new one",
            ),
            Self::Forbidden => (
                StatusCode::FORBIDDEN,
                "the channel belongs to another app than the access token",
            ),
            Self::NotFound => (StatusCode::NOT_FOUND, "the channel URI is not known"),
            Self::MethodNotAllowed => (
                StatusCode::METHOD_NOT_ALLOWED,
                "a channel URI takes POST, and DELETE with X-WNS-Match",
            ),
            Self::Gone => (StatusCode::GONE, "the channel expired or was closed"),
            Self::DomainBlocked => (StatusCode::GONE, "Domain Blocked"),
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
            Self::Throttled(_) => (
                StatusCode::NOT_ACCEPTABLE,
                "the channel takes no more notifications for now",
            ),
            Self::ServerError => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "the notification could not be delivered, on demand",
            ),
            Self::Unavailable => (
                StatusCode::SERVICE_UNAVAILABLE,
                "the notification could not be stored",
            ),
            Self::Header(description) => (StatusCode::BAD_REQUEST, description),
        }
    }
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
        let (status, description) = self.parts();
        let mut response = status.into_response();
        let headers = response.headers_mut();
        put(headers, wns::ERROR_DESCRIPTION, description);
        let throttled = matches!(self, Self::Throttled(_));
        put_status(
            headers,
            if throttled {
                "channelthrottled"
            } else {
                "dropped"
            },
        );
        if let Self::Throttled(seconds) = self {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self == Self::Unavailable {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(RETRY_AFTER));
        }
        if self == Self::Unauthorized {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if self == Self::MethodNotAllowed {
            headers.insert(header::ALLOW, HeaderValue::from_static("POST, DELETE"));
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
