//! What APNs answers a sender: headers alone on success, a `reason` in JSON otherwise.

use axum::Json;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde_json::json;
use uuid::Uuid;

use crate::emulator::push::RETRY_AFTER;
use crate::store::StoreError;
use crate::wire::apns;

/// The longest `apns-id` that is echoed.
const MAX_ECHO: usize = 256;

/// Why a notification was not taken, by Apple's words for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The sender came by a certificate that is not taken.
    BadCertificate,
    BadCertificateEnvironment,
    BadCollapseId,
    BadDeviceToken,
    BadEnvironmentKeyIdInToken,
    BadExpirationDate,
    BadMessageId,
    BadPath,
    BadPriority,
    BadTopic,
    DeviceTokenNotForTopic,
    DuplicateHeaders,
    ExpiredProviderToken,
    Forbidden,
    IdleTimeout,
    InternalServerError,
    InvalidProviderToken,
    InvalidPushType,
    MethodNotAllowed,
    MissingDeviceToken,
    MissingProviderToken,
    MissingTopic,
    PayloadEmpty,
    PayloadTooLarge,
    ServiceUnavailable,
    Shutdown,
    TooManyProviderTokenUpdates,
    TopicDisallowed,
    UnrelatedKeyIdInToken,
    /// The device token has expired, and when.
    ExpiredToken(Timestamp),
    /// Too many came for one device token; the sender may try again after so many seconds.
    TooManyRequests(u64),
    /// The device token was given back, and when.
    Unregistered(Timestamp),
}

impl Refusal {
    /// Every reason there is.
    pub(super) fn all(now: Timestamp) -> [Self; 32] {
        [
            Self::BadCertificate,
            Self::BadCertificateEnvironment,
            Self::BadCollapseId,
            Self::BadDeviceToken,
            Self::BadEnvironmentKeyIdInToken,
            Self::BadExpirationDate,
            Self::BadMessageId,
            Self::BadPath,
            Self::BadPriority,
            Self::BadTopic,
            Self::DeviceTokenNotForTopic,
            Self::DuplicateHeaders,
            Self::ExpiredProviderToken,
            Self::Forbidden,
            Self::IdleTimeout,
            Self::InternalServerError,
            Self::InvalidProviderToken,
            Self::InvalidPushType,
            Self::MethodNotAllowed,
            Self::MissingDeviceToken,
            Self::MissingProviderToken,
            Self::MissingTopic,
            Self::PayloadEmpty,
            Self::PayloadTooLarge,
            Self::ServiceUnavailable,
            Self::Shutdown,
            Self::TooManyProviderTokenUpdates,
            Self::TopicDisallowed,
            Self::UnrelatedKeyIdInToken,
            Self::ExpiredToken(now),
            Self::TooManyRequests(RETRY_AFTER),
            Self::Unregistered(now),
        ]
    }

    /// The refusal with this reason.
    pub(super) fn named(reason: &str, now: Timestamp) -> Option<Self> {
        let mut all = Self::all(now).into_iter();
        all.find(|refusal| refusal.reason() == reason)
    }

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
            | Self::IdleTimeout
            | Self::InvalidPushType
            | Self::MissingDeviceToken
            | Self::MissingTopic
            | Self::PayloadEmpty
            | Self::TopicDisallowed => StatusCode::BAD_REQUEST,
            Self::BadCertificate
            | Self::BadCertificateEnvironment
            | Self::BadEnvironmentKeyIdInToken
            | Self::ExpiredProviderToken
            | Self::Forbidden
            | Self::InvalidProviderToken
            | Self::MissingProviderToken
            | Self::UnrelatedKeyIdInToken => StatusCode::FORBIDDEN,
            Self::BadPath => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::PayloadTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooManyProviderTokenUpdates | Self::TooManyRequests(_) => {
                StatusCode::TOO_MANY_REQUESTS
            }
            Self::InternalServerError => StatusCode::INTERNAL_SERVER_ERROR,
            Self::ServiceUnavailable | Self::Shutdown => StatusCode::SERVICE_UNAVAILABLE,
            Self::ExpiredToken(_) | Self::Unregistered(_) => StatusCode::GONE,
        }
    }

    pub(super) fn reason(self) -> &'static str {
        match self {
            Self::BadCertificate => "BadCertificate",
            Self::BadCertificateEnvironment => "BadCertificateEnvironment",
            Self::BadCollapseId => "BadCollapseId",
            Self::BadDeviceToken => "BadDeviceToken",
            Self::BadEnvironmentKeyIdInToken => "BadEnvironmentKeyIdInToken",
            Self::BadExpirationDate => "BadExpirationDate",
            Self::BadMessageId => "BadMessageId",
            Self::BadPath => "BadPath",
            Self::BadPriority => "BadPriority",
            Self::BadTopic => "BadTopic",
            Self::DeviceTokenNotForTopic => "DeviceTokenNotForTopic",
            Self::DuplicateHeaders => "DuplicateHeaders",
            Self::ExpiredProviderToken => "ExpiredProviderToken",
            Self::Forbidden => "Forbidden",
            Self::IdleTimeout => "IdleTimeout",
            Self::InternalServerError => "InternalServerError",
            Self::InvalidProviderToken => "InvalidProviderToken",
            Self::InvalidPushType => "InvalidPushType",
            Self::MethodNotAllowed => "MethodNotAllowed",
            Self::MissingDeviceToken => "MissingDeviceToken",
            Self::MissingProviderToken => "MissingProviderToken",
            Self::MissingTopic => "MissingTopic",
            Self::PayloadEmpty => "PayloadEmpty",
            Self::PayloadTooLarge => "PayloadTooLarge",
            Self::ServiceUnavailable => "ServiceUnavailable",
            Self::Shutdown => "Shutdown",
            Self::TooManyProviderTokenUpdates => "TooManyProviderTokenUpdates",
            Self::TopicDisallowed => "TopicDisallowed",
            Self::UnrelatedKeyIdInToken => "UnrelatedKeyIdInToken",
            Self::ExpiredToken(_) => "ExpiredToken",
            Self::TooManyRequests(_) => "TooManyRequests",
            Self::Unregistered(_) => "Unregistered",
        }
    }

    fn retry_after(self) -> Option<u64> {
        if let Self::TooManyRequests(seconds) = self {
            return Some(seconds);
        }
        (self == Self::ServiceUnavailable).then_some(RETRY_AFTER)
    }

    /// Since when the device token is none any more.
    fn gone_since(self) -> Option<Timestamp> {
        if let Self::Unregistered(at) | Self::ExpiredToken(at) = self {
            return Some(at);
        }
        None
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let body = match self.gone_since() {
            Some(at) => json!({ "reason": self.reason(), "timestamp": at.as_millisecond() }),
            None => json!({ "reason": self.reason() }),
        };
        let mut response = (self.status(), Json(body)).into_response();
        let headers = response.headers_mut();
        if let Some(seconds) = self.retry_after() {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
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
