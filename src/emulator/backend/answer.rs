//! Answers of the app backend: JSON that is never cached, and errors with one `Message`, as
//! ASP.NET Web API writes them.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::emulator::hub::HubError;
use crate::store::StoreError;
use crate::wire::app_backend::{REFUSED_BY, RefusalBody};

/// Why a request was not carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Refusal {
    /// No credentials, or not the right ones.
    SignInNeeded,
    /// Who signs in by name and password gave a wrong one.
    WrongPassword,
    BadRequest(String),
    NotFound,
    Gone,
    TooLarge(&'static str),
    TooMany(&'static str),
    Conflict(&'static str),
    Unavailable,
    /// The hub did not do its part.
    ByHub {
        status: StatusCode,
        reason: String,
    },
}

impl Refusal {
    /// What is said to people.
    pub(super) fn into_words(self) -> String {
        self.told().1
    }

    /// Its status, and its words for people.
    fn told(self) -> (StatusCode, String) {
        match self {
            Self::SignInNeeded => (
                StatusCode::UNAUTHORIZED,
                "sign in with Basic credentials or a bearer token".into(),
            ),
            Self::WrongPassword => (
                StatusCode::UNAUTHORIZED,
                "the user name or the password is wrong".into(),
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
            Self::Conflict(message) => (StatusCode::CONFLICT, message.into()),
            Self::Unavailable => (
                StatusCode::SERVICE_UNAVAILABLE,
                "try again in a moment".into(),
            ),
            Self::ByHub { status, reason } => (status, reason),
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let by_hub = matches!(self, Self::ByHub { .. });
        let (status, message) = self.told();
        let mut response = uncached((status, Json(RefusalBody { message })));
        let headers = response.headers_mut();
        if by_hub {
            headers.insert(REFUSED_BY, HeaderValue::from_static("hub"));
        }
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

/// The status says who can do something about it: with 403 and 400 who asks for a push, with 502 and 507
/// who runs the hub or has its key; with 503 nobody has to, and the same call may go through later.
impl From<HubError> for Refusal {
    fn from(error: HubError) -> Self {
        let status = match &error {
            HubError::Store(_) => {
                tracing::warn!(%error, "the hub's database failed");
                return Self::Unavailable;
            }
            HubError::Partner(_) | HubError::Refused { .. } => StatusCode::FORBIDDEN,
            HubError::Invalid(_) => StatusCode::BAD_REQUEST,
            HubError::Full(_) => StatusCode::INSUFFICIENT_STORAGE,
            HubError::TooOften { .. } => StatusCode::TOO_MANY_REQUESTS,
            HubError::Remote {
                transient: true, ..
            } => StatusCode::SERVICE_UNAVAILABLE,
            HubError::Remote { .. } | HubError::NotFound(_) | HubError::Changed => {
                StatusCode::BAD_GATEWAY
            }
        };
        tracing::warn!(%error, "the hub did not do what was asked of it");
        let reason = error.to_string();
        Self::ByHub { status, reason }
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
