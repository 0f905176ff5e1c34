//! What APNs answers a sender: headers alone on success, a `reason` in JSON otherwise.

use axum::Json;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde_json::json;
use uuid::Uuid;

use crate::store::StoreError;
use crate::wire::apns;

/// The longest `apns-id` that is echoed.
const MAX_ECHO: usize = 256;

/// Why a notification was not taken, by Apple's words for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The sender came by a certificate that is not taken.
    BadCertificate,
    BadCollapseId,
    BadDeviceToken,
    BadExpirationDate,
    BadMessageId,
    BadPath,
    BadPriority,
    BadTopic,
    DeviceTokenNotForTopic,
    DuplicateHeaders,
    ExpiredProviderToken,
    InvalidProviderToken,
    InvalidPushType,
    MethodNotAllowed,
    MissingDeviceToken,
    MissingProviderToken,
    MissingTopic,
    PayloadEmpty,
    PayloadTooLarge,
    ServiceUnavailable,
    TooManyRequests,
    /// The device token was given back, and when.
    Unregistered(Timestamp),
}

impl Refusal {
    fn status(self) -> StatusCode {
        match self {
            Self::BadCollapseId
            | Self::BadDeviceToken
            | Self::BadExpirationDate
            | Self::BadMessageId
            | Self::BadPriority
            | Self::BadTopic
            | Self::DeviceTokenNotForTopic
            | Self::DuplicateHeaders
            | Self::InvalidPushType
            | Self::MissingDeviceToken
            | Self::MissingTopic
            | Self::PayloadEmpty => StatusCode::BAD_REQUEST,
            Self::BadCertificate
            | Self::ExpiredProviderToken
            | Self::InvalidProviderToken
            | Self::MissingProviderToken => StatusCode::FORBIDDEN,
            Self::BadPath => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::Unregistered(_) => StatusCode::GONE,
            Self::PayloadTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooManyRequests => StatusCode::TOO_MANY_REQUESTS,
            Self::ServiceUnavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    fn reason(self) -> &'static str {
        match self {
            Self::BadCertificate => "BadCertificate",
            Self::BadCollapseId => "BadCollapseId",
            Self::BadDeviceToken => "BadDeviceToken",
            Self::BadExpirationDate => "BadExpirationDate",
            Self::BadMessageId => "BadMessageId",
            Self::BadPath => "BadPath",
            Self::BadPriority => "BadPriority",
            Self::BadTopic => "BadTopic",
            Self::DeviceTokenNotForTopic => "DeviceTokenNotForTopic",
            Self::DuplicateHeaders => "DuplicateHeaders",
            Self::ExpiredProviderToken => "ExpiredProviderToken",
            Self::InvalidProviderToken => "InvalidProviderToken",
            Self::InvalidPushType => "InvalidPushType",
            Self::MethodNotAllowed => "MethodNotAllowed",
            Self::MissingDeviceToken => "MissingDeviceToken",
            Self::MissingProviderToken => "MissingProviderToken",
            Self::MissingTopic => "MissingTopic",
            Self::PayloadEmpty => "PayloadEmpty",
            Self::PayloadTooLarge => "PayloadTooLarge",
            Self::ServiceUnavailable => "ServiceUnavailable",
            Self::TooManyRequests => "TooManyRequests",
            Self::Unregistered(_) => "Unregistered",
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let body = if let Self::Unregistered(at) = self {
            json!({ "reason": self.reason(), "timestamp": at.as_millisecond() })
        } else {
            json!({ "reason": self.reason() })
        };
        let mut response = (self.status(), Json(body)).into_response();
        let headers = response.headers_mut();
        if matches!(self, Self::TooManyRequests | Self::ServiceUnavailable) {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("10"));
        }
        if self == Self::MethodNotAllowed {
            headers.insert(header::ALLOW, HeaderValue::from_static("POST"));
        }
        response
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        tracing::warn!(%error, "a push could not be stored");
        Self::ServiceUnavailable
    }
}

/// Adds the sender's own id of the notification, byte for byte as it came, or a new one.
pub(super) fn echo_id(answer: &mut HeaderMap, request: &HeaderMap) {
    let given = request
        .get(apns::ID)
        .filter(|value| (1..=MAX_ECHO).contains(&value.len()))
        .cloned();
    let id = given.or_else(|| {
        let id = Uuid::new_v4().hyphenated().to_string().to_ascii_uppercase();
        HeaderValue::from_str(&id).ok()
    });
    if let Some(id) = id {
        answer.insert(HeaderName::from_static(apns::ID), id);
    }
}

/// Adds the service's id of a notification that was taken.
pub(super) fn put_unique_id(answer: &mut HeaderMap, message: &str) {
    if let Ok(value) = HeaderValue::from_str(message) {
        answer.insert(HeaderName::from_static(apns::UNIQUE_ID), value);
    }
}
