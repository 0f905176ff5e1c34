//! Toasts and the badge.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};

use super::calls::{answer, to_its_end};
use super::{Shared, Shares};
use crate::control::api::{BadgeBody, TapBody};
use crate::control::commands;

pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/v1/toasts", get(toasts))
        .route("/v1/toasts/clear", post(clear))
        .route("/v1/toasts/{id}/tap", post(tap))
        .route("/v1/toasts/{id}/dismiss", post(dismiss))
        .route("/v1/badge", get(badge).post(set_badge))
}

async fn toasts(State(shared): Shares) -> Response {
    answer(commands::toasts(&shared.device).await)
}

async fn tap(State(shared): Shares, Path(id): Path<i64>, body: Option<Json<TapBody>>) -> Response {
    let device = shared.device.clone();
    let body = body.map(|Json(body)| body).unwrap_or_default();
    to_its_end(&shared, async move {
        answer(commands::tap(&device, id, &body).await)
    })
    .await
}

async fn dismiss(State(shared): Shares, Path(id): Path<i64>) -> Response {
    let device = shared.device.clone();
    to_its_end(&shared, async move {
        answer(commands::dismiss(&device, id).await)
    })
    .await
}

async fn clear(State(shared): Shares) -> Response {
    let device = shared.device.clone();
    to_its_end(
        &shared,
        async move { answer(commands::clear(&device).await) },
    )
    .await
}

async fn badge(State(shared): Shares) -> Response {
    Json(commands::badge(&shared.device)).into_response()
}

async fn set_badge(State(shared): Shares, Json(body): Json<BadgeBody>) -> Response {
    let device = shared.device.clone();
    to_its_end(&shared, async move {
        answer(commands::set_badge(&device, &body).await)
    })
    .await
}
