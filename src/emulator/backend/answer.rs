//! Answers of the app backend: JSON that is never cached, and errors with one `Message`, as
//! ASP.NET Web API writes them.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::json;

use crate::emulator::hub::HubError;
use crate::store::StoreError;

/// Why a request was not carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Refusal {
    /// No credentials, or not the right ones.
    SignInNeeded,
    BadRequest(String),
    NotFound,
    Gone,
    TooLarge(&'static str),
    TooMany(&'static str),
    Unavailable,
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, message) = match self {
            Self::SignInNeeded => (
                StatusCode::UNAUTHORIZED,
                "sign in with Basic credentials or a bearer token".into(),
            ),
            Self::BadRequest(message) => (StatusCode::BAD_REQUEST, message),
            Self::NotFound => (
                StatusCode::NOT_FOUND,
                "there is no such thing for you".into(),
            ),
            Self::Gone => (
                StatusCode::GONE,
                "the registration id expired: ask for a new one".into(),
            ),
            Self::TooLarge(message) => (StatusCode::PAYLOAD_TOO_LARGE, message.into()),
            Self::TooMany(message) => (StatusCode::TOO_MANY_REQUESTS, message.into()),
            Self::Unavailable => (
                StatusCode::SERVICE_UNAVAILABLE,
                "try again in a moment".into(),
            ),
        };
        let mut response = uncached((status, Json(json!({ "Message": message }))));
        let headers = response.headers_mut();
        match status {
            StatusCode::UNAUTHORIZED => {
                for challenge in [
                    r#"Basic realm="handset", charset="UTF-8""#,
                    r#"Bearer realm="handset""#,
                ] {
                    let challenge = HeaderValue::from_static(challenge);
                    headers.append(header::WWW_AUTHENTICATE, challenge);
                }
            }
            StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
            }
            _ => {}
        }
        response
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        tracing::warn!(%error, "a request failed in the database");
        Self::Unavailable
    }
}

impl From<HubError> for Refusal {
    fn from(error: HubError) -> Self {
        match error {
            HubError::Store(error) => error.into(),
            error => {
                tracing::warn!(%error, "the hub did not do what was asked of it");
                Self::Unavailable
            }
        }
    }
}

impl From<crate::model::Invalid> for Refusal {
    fn from(invalid: crate::model::Invalid) -> Self {
        Self::BadRequest(invalid.to_string())
    }
}

/// A request's whole body. One that is too large or breaks off is refused in the backend's words.
pub(super) struct WholeBody(pub(super) Bytes);

impl<S: Send + Sync> FromRequest<S> for WholeBody {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refusal> {
        let body = Bytes::from_request(request, state).await;
        body.map(Self).map_err(|rejection| {
            if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
                Refusal::TooLarge("the body is larger than 64 KiB")
            } else {
                Refusal::BadRequest("the body broke off".to_owned())
            }
        })
    }
}

/// 200 with JSON.
pub(super) fn json<T: Serialize>(value: T) -> Response {
    uncached(Json(value))
}

/// Tokens and payloads stay in no cache.
pub(super) fn uncached(answer: impl IntoResponse) -> Response {
    let mut response = answer.into_response();
    let no_store = HeaderValue::from_static("no-store");
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, no_store);
    response
}

/// Reads a JSON body. What is wrong with it is told without quoting it, but for what handset's
/// own types say, such as which character a tag may not have.
pub(super) fn read_json<T: serde::de::DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    serde_json::from_slice(body).map_err(|error| {
        // An error without a place comes from a type that was read by its own rules.
        Refusal::BadRequest(if error.is_data() && error.line() == 0 {
            format!("the body is not what is expected here: {error}")
        } else {
            format!(
                "the body is not the JSON that is expected here (line {}, column {})",
                error.line(),
                error.column()
            )
        })
    })
}
