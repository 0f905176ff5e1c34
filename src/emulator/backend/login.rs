//! `POST /api/login`, `/api/login/refresh` and `/api/logout`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;

use crate::model::UserName;
use crate::wire::app_backend::LoginRequest;

use super::AppBackend;
use super::answer::{Refusal, WholeBody, json, read_json};
use super::caller::Caller;

pub(super) async fn login(
    State(backend): State<Arc<AppBackend>>,
    WholeBody(body): WholeBody,
) -> Result<Response, Refusal> {
    let request: LoginRequest = read_json(&body)?;
    let user = UserName::parse(&request.username).map_err(|_| Refusal::WrongPassword)?;
    let checked = backend.credentials.check(&user, request.password).await;
    checked.map_err(|refusal| {
        if refusal == Refusal::SignInNeeded {
            Refusal::WrongPassword
        } else {
            refusal
        }
    })?;
    let token = backend.tokens.issue(&user, None).await?;
    Ok(answer(&backend, &token))
}

/// A live bearer token is exchanged for a new one; the old one serves what is on its way.
pub(super) async fn refresh(
    State(backend): State<Arc<AppBackend>>,
    caller: Caller,
) -> Result<Response, Refusal> {
    let earlier = caller.token.ok_or(Refusal::SignInNeeded)?;
    let token = backend.tokens.issue(&caller.user, Some(earlier)).await?;
    Ok(answer(&backend, &token))
}

/// Ends the bearer token of the request; with Basic there is nothing to end.
pub(super) async fn logout(
    State(backend): State<Arc<AppBackend>>,
    caller: Caller,
) -> Result<Response, Refusal> {
    if let Some(token) = caller.token {
        backend.tokens.revoke(token).await?;
    }
    Ok(StatusCode::NO_CONTENT.into_response())
}

fn answer(backend: &AppBackend, token: &SecretString) -> Response {
    json(json!({
        "token": token.expose_secret(),
        "expires_in": backend.tokens.seconds(),
    }))
}
