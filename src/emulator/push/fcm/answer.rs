//! What FCM answers a sender: the message's name, or Google's error body with FCM's own code.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

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
    /// Too much waits for this device already.
    QuotaExceeded,
    /// It could not be stored.
    Unavailable,
    /// Something real FCM has and this one has not.
    Unimplemented(&'static str),
}

impl Refusal {
    pub(super) fn invalid(field: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::InvalidArgument {
            field: field.into(),
            problem: problem.into(),
        }
    }

    /// HTTP status, Google's name of it, FCM's own code, and words for people.
    fn parts(&self) -> (StatusCode, &'static str, Option<&'static str>, String) {
        match self {
            Self::Unauthenticated(reason) => (
                StatusCode::UNAUTHORIZED,
                "UNAUTHENTICATED",
                None,
                format!("the request has no usable OAuth 2 access token ({reason})"),
            ),
            Self::PermissionDenied(project) => (
                StatusCode::FORBIDDEN,
                "PERMISSION_DENIED",
                None,
                format!(
                    "Permission '{PERMISSION}' denied on resource '{}' (or it may not exist).",
                    resource(project)
                ),
            ),
            Self::InvalidArgument { field, problem } => (
                StatusCode::BAD_REQUEST,
                "INVALID_ARGUMENT",
                Some("INVALID_ARGUMENT"),
                format!("{field}: {problem}"),
            ),
            Self::Unregistered => (
                StatusCode::NOT_FOUND,
                "NOT_FOUND",
                Some("UNREGISTERED"),
                "the registration token is not, or no longer, registered".to_owned(),
            ),
            Self::SenderIdMismatch => (
                StatusCode::FORBIDDEN,
                "PERMISSION_DENIED",
                Some("SENDER_ID_MISMATCH"),
                "the registration token belongs to another project".to_owned(),
            ),
            Self::QuotaExceeded => (
                StatusCode::TOO_MANY_REQUESTS,
                "RESOURCE_EXHAUSTED",
                Some("QUOTA_EXCEEDED"),
                "too many messages wait for this device already".to_owned(),
            ),
            Self::Unavailable => (
                StatusCode::SERVICE_UNAVAILABLE,
                "UNAVAILABLE",
                Some("UNAVAILABLE"),
                "the message could not be stored".to_owned(),
            ),
            Self::Unimplemented(what) => (
                StatusCode::NOT_IMPLEMENTED,
                "UNIMPLEMENTED",
                None,
                (*what).to_owned(),
            ),
        }
    }

    fn details(&self, code: Option<&str>) -> Vec<Value> {
        let mut details = Vec::new();
        if let Some(code) = code {
            details.push(json!({ "@type": ERROR_TYPE, "errorCode": code }));
        }
        match self {
            Self::InvalidArgument { field, problem } => details.push(json!({
                "@type": "type.googleapis.com/google.rpc.BadRequest",
                "fieldViolations": [{ "field": field, "description": problem }],
            })),
            Self::Unauthenticated(reason) => details.push(json!({
                "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                "reason": reason,
                "domain": "googleapis.com",
                "metadata": { "service": "fcm.googleapis.com" },
            })),
            Self::PermissionDenied(project) => details.push(json!({
                "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                "reason": "IAM_PERMISSION_DENIED",
                "domain": "cloudresourcemanager.googleapis.com",
                "metadata": { "permission": PERMISSION, "resource": resource(project) },
            })),
            Self::Unregistered
            | Self::SenderIdMismatch
            | Self::QuotaExceeded
            | Self::Unavailable
            | Self::Unimplemented(_) => {}
        }
        details
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
        let (status, name, code, message) = self.parts();
        let body = json!({ "error": {
            "code": status.as_u16(),
            "message": message,
            "status": name,
            "details": self.details(code),
        }});
        let mut response = (status, Json(body)).into_response();
        let headers = response.headers_mut();
        if matches!(self, Self::QuotaExceeded | Self::Unavailable) {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("10"));
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
