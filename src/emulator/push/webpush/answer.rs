//! What an endpoint answers, with autopush's error bodies.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

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
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Refusal {
    NotFound,
    Gone,
    TooLarge,
    TooMany,
    MissingTtl,
    NegativeTtl,
    Topic(&'static str),
    Encoding(&'static str),
    Vapid(&'static str),
    InvalidMessageId,
    Unavailable,
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, errno, message) = match self {
            Self::NotFound => return StatusCode::NOT_FOUND.into_response(),
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
        };
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
            headers.insert(
                header::CACHE_CONTROL,
                HeaderValue::from_static("max-age=86400"),
            );
        }
        if status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("10"));
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
