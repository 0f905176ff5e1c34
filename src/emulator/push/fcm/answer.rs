//! What FCM answers a sender: the message's name, or Google's error body with FCM's own code.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::emulator::push::RETRY_AFTER;
use crate::store::StoreError;
use crate::wire::fcm::ERROR_TYPE;

/// What a service account needs in a project, to send.
const PERMISSION: &str = "cloudmessaging.messages.create";

/// The message was taken; in these words for every platform behind FCM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Accepted {
    /// `projects/{project}/messages/{id}`.
    pub(super) name: String,
}

/// Why a message was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Refusal {
    /// No access token, or one that ended.
    Unauthenticated(&'static str),
    /// The sender's service account has no say in this project.
    PermissionDenied(String),
    /// A field is missing or does not fit: which, and how.
    InvalidArgument { field: String, problem: String },
    /// The token is no longer one, or never was.
    Unregistered,
    /// The token belongs to another project.
    SenderIdMismatch,
    /// The key for APNs or the Web Push of the app's project is wrong.
    ThirdPartyAuth,
    /// Too many came for this device, or wait for it; the sender may try again after so many
    /// seconds.
    QuotaExceeded(u64),
    /// The token is subscribed to as many topics as may be.
    TooManyTopics,
    /// The token is subscribed to the topic already.
    AlreadySubscribed,
    /// The token is not subscribed to the topic.
    NotSubscribed,
    /// It failed inside the service.
    Internal,
    /// It could not be stored.
    Unavailable,
}

type Parts = (StatusCode, &'static str, Option<&'static str>);

impl Refusal {
    /// What is answered on demand, by the words that ask for it: FCM's own codes, and for errors
    /// that have none Google's.
    pub(super) fn on_demand() -> [(&'static str, Self); 9] {
        let argument = Self::invalid("message", "is invalid on demand");
        [
            ("INVALID_ARGUMENT", argument),
            ("UNAUTHENTICATED", Self::Unauthenticated("ON_DEMAND")),
            ("THIRD_PARTY_AUTH_ERROR", Self::ThirdPartyAuth),
            ("SENDER_ID_MISMATCH", Self::SenderIdMismatch),
            (
                "PERMISSION_DENIED",
                Self::PermissionDenied("on-demand".to_owned()),
            ),
            ("UNREGISTERED", Self::Unregistered),
            ("QUOTA_EXCEEDED", Self::QuotaExceeded(RETRY_AFTER)),
            ("INTERNAL", Self::Internal),
            ("UNAVAILABLE", Self::Unavailable),
        ]
    }

    /// The error on demand of this name.
    pub(super) fn named(name: &str) -> Option<Self> {
        let mut all = Self::on_demand().into_iter();
        all.find(|(known, _)| *known == name)
            .map(|(_, refusal)| refusal)
    }

    pub(super) fn invalid(field: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::InvalidArgument {
            field: field.into(),
            problem: problem.into(),
        }
    }

    pub(super) fn status(&self) -> StatusCode {
        self.parts().0
    }

    /// Google's name of the status.
    pub(super) fn status_name(&self) -> &'static str {
        self.parts().1
    }

    /// HTTP status, Google's name of it, and FCM's own code.
    fn parts(&self) -> Parts {
        let denied = (StatusCode::FORBIDDEN, "PERMISSION_DENIED");
        let missing = (StatusCode::NOT_FOUND, "NOT_FOUND");
        let exhausted = (StatusCode::TOO_MANY_REQUESTS, "RESOURCE_EXHAUSTED");
        let unknown = (StatusCode::UNAUTHORIZED, "UNAUTHENTICATED");
        let ((status, name), code) = match self {
            Self::Unauthenticated(_) => (unknown, None),
            Self::InvalidArgument { .. } => (
                (StatusCode::BAD_REQUEST, "INVALID_ARGUMENT"),
                Some("INVALID_ARGUMENT"),
            ),
            Self::Unregistered => (missing, Some("UNREGISTERED")),
            Self::SenderIdMismatch => (denied, Some("SENDER_ID_MISMATCH")),
            Self::PermissionDenied(_) => (denied, None),
            Self::ThirdPartyAuth => (unknown, Some("THIRD_PARTY_AUTH_ERROR")),
            Self::QuotaExceeded(_) => (exhausted, Some("QUOTA_EXCEEDED")),
            Self::TooManyTopics => (exhausted, None),
            Self::AlreadySubscribed => ((StatusCode::CONFLICT, "ALREADY_EXISTS"), None),
            Self::NotSubscribed => (missing, None),
            Self::Internal => (
                (StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL"),
                Some("INTERNAL"),
            ),
            Self::Unavailable => (
                (StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE"),
                Some("UNAVAILABLE"),
            ),
        };
        (status, name, code)
    }

    /// Words for people.
    fn message(&self) -> String {
        let message = match self {
            Self::Unauthenticated(reason) => {
                return format!("the request has no usable OAuth 2 access token ({reason})");
            }
            Self::InvalidArgument { field, problem } => return format!("{field}: {problem}"),
            Self::PermissionDenied(project) => {
                return format!(
                    "Permission '{PERMISSION}' denied on resource '{}' (or it may not exist).",
                    resource(project)
                );
            }
            Self::Unregistered => "the registration token is not, or no longer, registered",
            Self::SenderIdMismatch => "the registration token belongs to another project",
            Self::ThirdPartyAuth => "the project's key for APNs or Web Push is missing or wrong",
            Self::QuotaExceeded(_) => "too many messages came for this device, or wait for it",
            Self::TooManyTopics => "the registration token is subscribed to 2000 topics already",
            Self::AlreadySubscribed => "the registration token is subscribed to the topic already",
            Self::NotSubscribed => "the registration token is not subscribed to the topic",
            Self::Internal => "the message failed inside the service",
            Self::Unavailable => "the message could not be stored",
        };
        message.to_owned()
    }

    fn details(&self, code: Option<&str>) -> Vec<Value> {
        let own = code.map(|code| json!({ "@type": ERROR_TYPE, "errorCode": code }));
        let more = match self {
            Self::InvalidArgument { field, problem } => Some(json!({
                "@type": "type.googleapis.com/google.rpc.BadRequest",
                "fieldViolations": [{ "field": field, "description": problem }],
            })),
            Self::Unauthenticated(reason) => Some(json!({
                "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                "reason": reason,
                "domain": "googleapis.com",
                "metadata": { "service": "fcm.googleapis.com" },
            })),
            Self::PermissionDenied(project) => Some(json!({
                "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                "reason": "IAM_PERMISSION_DENIED",
                "domain": "cloudresourcemanager.googleapis.com",
                "metadata": { "permission": PERMISSION, "resource": resource(project) },
            })),
            Self::Unregistered
            | Self::SenderIdMismatch
            | Self::ThirdPartyAuth
            | Self::QuotaExceeded(_)
            | Self::TooManyTopics
            | Self::AlreadySubscribed
            | Self::NotSubscribed
            | Self::Internal
            | Self::Unavailable => None,
        };
        own.into_iter().chain(more).collect()
    }

    fn retry_after(&self) -> Option<u64> {
        if let Self::QuotaExceeded(seconds) = self {
            return Some(*seconds);
        }
        (*self == Self::Unavailable).then_some(RETRY_AFTER)
    }
}

fn resource(project: &str) -> String {
    format!("//cloudresourcemanager.googleapis.com/projects/{project}")
}

impl IntoResponse for Accepted {
    fn into_response(self) -> Response {
        Json(json!({ "name": self.name })).into_response()
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, name, code) = self.parts();
        let body = json!({ "error": {
            "code": status.as_u16(),
            "message": self.message(),
            "status": name,
            "details": self.details(code),
        }});
        let mut response = (status, Json(body)).into_response();
        let headers = response.headers_mut();
        if let Some(seconds) = self.retry_after() {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        tracing::warn!(%error, "a push could not be stored");
        Self::Unavailable
    }
}
