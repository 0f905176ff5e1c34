//! Sign-in, registration, sending, conditions and status.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Serialize;
use tokio::sync::oneshot;

use super::{Shared, Shares};
use crate::control::api::{ConditionsBody, ControlFailure, LoginBody, RegisterBody, SendBody};
use crate::control::commands;
use crate::device::{DeviceError, ErrorKind};

pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/v1/login", post(login))
        .route("/v1/logout", post(logout))
        .route("/v1/register", post(register))
        .route("/v1/unregister", post(unregister))
        .route("/v1/send", post(send))
        .route("/v1/conditions", get(conditions).post(set_conditions))
        .route("/v1/status", get(status))
        .route("/v1/sign-in-check", get(check_sign_in))
        .route("/v1/profile", get(profile))
}

async fn login(State(shared): Shares, Json(body): Json<LoginBody>) -> Response {
    let device = shared.device.clone();
    to_its_end(&shared, async move {
        answer(commands::login(&device, &body).await)
    })
    .await
}

async fn logout(State(shared): Shares) -> Response {
    let device = shared.device.clone();
    to_its_end(
        &shared,
        async move { answer(commands::logout(&device).await) },
    )
    .await
}

async fn register(State(shared): Shares, Json(body): Json<RegisterBody>) -> Response {
    let device = shared.device.clone();
    to_its_end(&shared, async move {
        answer(commands::register(&device, &body).await)
    })
    .await
}

async fn unregister(State(shared): Shares) -> Response {
    let device = shared.device.clone();
    to_its_end(&shared, async move {
        answer(commands::unregister(&device).await)
    })
    .await
}

async fn send(State(shared): Shares, Json(body): Json<SendBody>) -> Response {
    let device = shared.device.clone();
    to_its_end(&shared, async move {
        answer(commands::send(&device, &body).await)
    })
    .await
}

/// Runs a call to its end even when whoever asked goes away, so that none stops half way.
pub(super) async fn to_its_end(
    shared: &Shared,
    call: impl Future<Output = Response> + Send + 'static,
) -> Response {
    let (done, answer) = oneshot::channel();
    shared.calls.spawn("control call", async move {
        // Whoever asked may be gone: then nobody reads the answer.
        done.send(call.await).ok();
    });
    // A call that was dropped was ended by the phone's switching off.
    answer
        .await
        .unwrap_or_else(|_| StatusCode::SERVICE_UNAVAILABLE.into_response())
}

async fn conditions(State(shared): Shares) -> Response {
    Json(commands::conditions(&shared.device)).into_response()
}

async fn set_conditions(State(shared): Shares, Json(body): Json<ConditionsBody>) -> Response {
    let device = shared.device.clone();
    to_its_end(&shared, async move {
        answer(commands::set_conditions(&device, &body).await)
    })
    .await
}

async fn status(State(shared): Shares) -> Response {
    Json(commands::status(&shared.device).await).into_response()
}

async fn check_sign_in(State(shared): Shares) -> Response {
    answer(commands::check_sign_in(&shared.device).await)
}

async fn profile(State(shared): Shares) -> Response {
    Json(commands::profile(&shared.device)).into_response()
}

pub(super) fn answer(done: Result<impl Serialize, DeviceError>) -> Response {
    match done {
        Ok(value) => Json(value).into_response(),
        Err(error) => {
            let status = match error.kind() {
                ErrorKind::Usage => StatusCode::BAD_REQUEST,
                ErrorKind::SignInNeeded => StatusCode::FORBIDDEN,
                ErrorKind::TimedOut | ErrorKind::Unreachable => StatusCode::BAD_GATEWAY,
                ErrorKind::Failed | ErrorKind::NoKeyring => StatusCode::INTERNAL_SERVER_ERROR,
            };
            let failure = ControlFailure {
                error: error.to_string(),
                kind: error.kind(),
            };
            (status, Json(failure)).into_response()
        }
    }
}
