//! What an endpoint answers, with autopush's error bodies.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::emulator::push::RETRY_AFTER;
use crate::store::StoreError;
use crate::wire::webpush::ErrorBody;

/// Where the numbers are explained.
const MORE_INFO: &str = "http://autopush.readthedocs.io/en/latest/http.html#error-codes";

/// 201: delivered, stored, or dropped because nobody was there and it could not wait.
#[derive(Debug)]
pub(super) struct Created {
    pub(super) location: String,
    pub(super) ttl: u64,
}

impl IntoResponse for Created {
    fn into_response(self) -> Response {
        let mut response = StatusCode::CREATED.into_response();
        let headers = response.headers_mut();
        headers.insert("ttl", HeaderValue::from(self.ttl));
        if let Ok(location) = HeaderValue::from_str(&self.location) {
            headers.insert(header::LOCATION, location);
        }
        response
    }
}

/// Why a push message was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    NotFound,
    Gone,
    TooLarge,
    TooMany,
    /// Too many came for one subscription; the sender may try again after so many seconds.
    Throttled(u64),
    MissingTtl,
    NegativeTtl,
    Topic(&'static str),
    Encoding(&'static str),
    Vapid(&'static str),
    InvalidMessageId,
    Unavailable,
    /// What this service never says by itself.
    OnDemand {
        status: StatusCode,
        errno: Option<u16>,
        message: &'static str,
    },
}

const fn other(status: StatusCode, errno: u16, message: &'static str) -> Refusal {
    Refusal::OnDemand {
        status,
        errno: Some(errno),
        message,
    }
}

/// What is answered on demand, by status and autopush's error number. A status alone stands for
/// its most usual number.
pub(super) const ON_DEMAND: [(&str, Refusal); 27] = [
    ("400", Refusal::MissingTtl),
    (
        "400-101",
        other(
            StatusCode::BAD_REQUEST,
            101,
            "Missing necessary crypto keys",
        ),
    ),
    (
        "400-108",
        other(StatusCode::BAD_REQUEST, 108, "Router type is invalid"),
    ),
    (
        "400-110",
        Refusal::Encoding("Unknown Content-Encoding header"),
    ),
    ("400-111", Refusal::MissingTtl),
    (
        "400-113",
        Refusal::Topic("topic: Topic must be no greater than 32 characters"),
    ),
    ("400-114", Refusal::NegativeTtl),
    ("401", Refusal::Vapid("VAPID public key mismatch")),
    ("401-109", Refusal::Vapid("VAPID public key mismatch")),
    (
        "403",
        other(
            StatusCode::FORBIDDEN,
            109,
            "VAPID key is not allowed to send here",
        ),
    ),
    (
        "403-109",
        other(
            StatusCode::FORBIDDEN,
            109,
            "VAPID key is not allowed to send here",
        ),
    ),
    ("404", Refusal::NotFound),
    (
        "404-102",
        other(StatusCode::NOT_FOUND, 102, "Invalid URL endpoint"),
    ),
    (
        "404-107",
        other(StatusCode::NOT_FOUND, 107, "Message ID not found"),
    ),
    ("410", Refusal::Gone),
    (
        "410-103",
        other(StatusCode::GONE, 103, "Expired URL endpoint"),
    ),
    (
        "410-105",
        other(
            StatusCode::GONE,
            105,
            "Endpoint became unavailable during request",
        ),
    ),
    ("410-106", Refusal::Gone),
    ("413", Refusal::TooLarge),
    ("413-104", Refusal::TooLarge),
    ("429", Refusal::Throttled(RETRY_AFTER)),
    (
        "500",
        other(StatusCode::INTERNAL_SERVER_ERROR, 999, "Unknown error"),
    ),
    (
        "500-999",
        other(StatusCode::INTERNAL_SERVER_ERROR, 999, "Unknown error"),
    ),
    (
        "502",
        other(
            StatusCode::BAD_GATEWAY,
            951,
            "The service behind this one did not answer",
        ),
    ),
    ("503", Refusal::Unavailable),
    ("503-201", Refusal::Unavailable),
    (
        "503-202",
        other(StatusCode::SERVICE_UNAVAILABLE, 202, "Try again at once"),
    ),
];

impl Refusal {
    /// HTTP status, autopush's error number, and words for people.
    fn parts(self) -> (StatusCode, Option<u16>, &'static str) {
        match self {
            Self::NotFound => (StatusCode::NOT_FOUND, None, ""),
            Self::Gone => (StatusCode::GONE, Some(106), "No such subscription"),
            Self::TooLarge => (
                StatusCode::PAYLOAD_TOO_LARGE,
                Some(104),
                "payload reached size limit",
            ),
            Self::TooMany => (
                StatusCode::SERVICE_UNAVAILABLE,
                Some(201),
                "too many messages wait for this subscription already",
            ),
            // RFC 8030 has the status, autopush no number for it but that for waiting.
            Self::Throttled(_) => (
                StatusCode::TOO_MANY_REQUESTS,
                Some(201),
                "too many messages came for this subscription",
            ),
            Self::MissingTtl => (StatusCode::BAD_REQUEST, Some(111), "Missing TTL value"),
            Self::NegativeTtl => (
                StatusCode::BAD_REQUEST,
                Some(114),
                "ttl: TTL must be greater than 0",
            ),
            Self::Topic(message) => (StatusCode::BAD_REQUEST, Some(113), message),
            Self::Encoding(message) => (StatusCode::BAD_REQUEST, Some(110), message),
            Self::Vapid(message) => (StatusCode::UNAUTHORIZED, Some(109), message),
            Self::InvalidMessageId => (StatusCode::BAD_REQUEST, None, "Invalid message ID"),
            Self::Unavailable => (
                StatusCode::SERVICE_UNAVAILABLE,
                Some(201),
                "the message could not be stored",
            ),
            Self::OnDemand {
                status,
                errno,
                message,
            } => (status, errno, message),
        }
    }

    fn retry_after(self, status: StatusCode, errno: Option<u16>) -> Option<u64> {
        if let Self::Throttled(seconds) = self {
            return Some(seconds);
        }
        let waits = status == StatusCode::SERVICE_UNAVAILABLE && errno == Some(201);
        waits.then_some(RETRY_AFTER)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        // A token that is none is answered without a body.
        if self == Self::NotFound {
            return StatusCode::NOT_FOUND.into_response();
        }
        let (status, errno, message) = self.parts();
        let body = ErrorBody {
            code: status.as_u16(),
            errno,
            error: status.canonical_reason().unwrap_or_default().to_owned(),
            message: message.to_owned(),
            more_info: MORE_INFO.to_owned(),
        };
        let mut response = (status, Json(body)).into_response();
        let headers = response.headers_mut();
        if status == StatusCode::GONE {
            let day = HeaderValue::from_static("max-age=86400");
            headers.insert(header::CACHE_CONTROL, day);
        }
        if let Some(seconds) = self.retry_after(status, errno) {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("vapid"));
        }
        response
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        tracing::warn!(%error, "a push message could not be stored");
        Self::Unavailable
    }
}
