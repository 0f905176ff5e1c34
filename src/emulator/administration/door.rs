//! The admin door: the rules over HTTP, for who has the token of this `serve`.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, FromRequest as _, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use secrecy::{ExposeSecret as _, SecretString};
use serde::de::DeserializeOwned;
use subtle::ConstantTimeEq as _;

use crate::emulator::random;
use crate::wire::push_administration::{
    AdministrationState, ChangeRequest, Changed, Failure, FailureCode, MAX_BODY, Permission,
    PermissionRequest,
};

use super::{AdministrationError, Policy, PushAdministration};

/// What stands behind the door, and the token that opens it.
#[derive(Debug)]
pub(in crate::emulator) struct AdminDoor {
    administration: PushAdministration,
    token: SecretString,
}

impl AdminDoor {
    /// A door with a token that nobody can guess.
    pub(in crate::emulator) fn new(administration: PushAdministration) -> Self {
        Self {
            administration,
            token: random::token_256().into(),
        }
    }

    /// What `Authorization: Bearer` must carry.
    pub(in crate::emulator) fn token(&self) -> &SecretString {
        &self.token
    }

    /// What the app backend and the hub ask.
    pub(in crate::emulator) fn policy(&self) -> &Policy {
        self.administration.policy()
    }

    fn admits(&self, headers: &HeaderMap) -> bool {
        let mut values = headers.get_all(header::AUTHORIZATION).iter();
        let (Some(value), None) = (values.next(), values.next()) else {
            return false;
        };
        // The scheme's letters are of either case (RFC 9110 §11.1).
        let (scheme, token) = value.as_bytes().split_at_checked(7).unwrap_or_default();
        let token = scheme.eq_ignore_ascii_case(b"bearer ").then_some(token);
        let own = self.token.expose_secret().as_bytes();
        token.is_some_and(|token| token.ct_eq(own).into())
    }
}

pub(in crate::emulator) fn routes(door: Arc<AdminDoor>) -> Router {
    Router::new()
        .route("/admin/push-administration", get(show).post(change))
        .route("/admin/push-administration/permission", post(permission))
        .layer(middleware::from_fn_with_state(door.clone(), authorise))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .with_state(door)
}

/// Lets in who has the token, and keeps every answer out of caches.
async fn authorise(State(door): State<Arc<AdminDoor>>, request: Request, next: Next) -> Response {
    let mut response = if door.admits(request.headers()) {
        next.run(request).await
    } else {
        Refused(
            FailureCode::TokenNeeded,
            "the admin door opens to the token that the running `handset serve` keeps in its home"
                .to_owned(),
        )
        .into_response()
    };
    let no_store = HeaderValue::from_static("no-store");
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, no_store);
    response
}

async fn show(State(door): State<Arc<AdminDoor>>) -> Json<AdministrationState> {
    Json(door.administration.state())
}

async fn change(
    State(door): State<Arc<AdminDoor>>,
    request: Request,
) -> Result<Json<Changed>, Refused> {
    let wanted: ChangeRequest = read(request).await?;
    Ok(Json(door.administration.change(wanted).await?))
}

async fn permission(
    State(door): State<Arc<AdminDoor>>,
    request: Request,
) -> Result<Json<Permission>, Refused> {
    let asked: PermissionRequest = read(request).await?;
    Ok(Json(door.administration.permission(&asked)))
}

async fn read<T: DeserializeOwned>(request: Request) -> Result<T, Refused> {
    let body = Bytes::from_request(request, &()).await.map_err(|broken| {
        if broken.status() == StatusCode::PAYLOAD_TOO_LARGE {
            let text = format!("the body is larger than {MAX_BODY} bytes");
            Refused(FailureCode::TooLarge, text)
        } else {
            Refused(FailureCode::BadRequest, "the body broke off".to_owned())
        }
    })?;
    serde_json::from_slice(&body).map_err(|error| {
        let text = format!("the body is not the JSON that is expected here: {error}");
        Refused(FailureCode::BadRequest, text)
    })
}

/// What was not done, and why.
struct Refused(FailureCode, String);

impl From<AdministrationError> for Refused {
    fn from(error: AdministrationError) -> Self {
        let code = match &error {
            AdministrationError::Refused(_) => FailureCode::Refused,
            AdministrationError::Store(_) | AdministrationError::Folder(_) => {
                tracing::warn!(%error, "push administration failed in the database");
                FailureCode::Unavailable
            }
        };
        Self(code, error.to_string())
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let Self(code, error) = self;
        let status = match code {
            FailureCode::TokenNeeded => StatusCode::UNAUTHORIZED,
            FailureCode::BadRequest => StatusCode::BAD_REQUEST,
            FailureCode::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            FailureCode::Refused => StatusCode::CONFLICT,
            FailureCode::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        };
        let mut response = (status, Json(Failure { code, error })).into_response();
        if status == StatusCode::UNAUTHORIZED {
            let challenge = HeaderValue::from_static(r#"Bearer realm="handset admin""#);
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, challenge);
        }
        response
    }
}
