//! The history of background tasks.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use axum::routing::get;

use super::calls::answer;
use super::{Shared, Shares};
use crate::control::api::TasksQuery;
use crate::control::commands;

pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/v1/tasks", get(tasks))
        .route("/v1/tasks/{id}", get(task))
}

async fn tasks(State(shared): Shares, Query(query): Query<TasksQuery>) -> Response {
    answer(commands::tasks(&shared.device, query).await)
}

async fn task(State(shared): Shares, Path(id): Path<u64>) -> Response {
    answer(commands::task(&shared.device, id).await)
}
