//! The app backend: sign-in, registrations and secure notifications, as the ASP.NET Web API of the
//! tutorials serves them, without its faults.

mod answer;
mod caller;
mod credentials;
mod forms;
mod login;
mod notifications;
mod registration;
mod toasts;
mod tokens;
mod users;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post, put};

use crate::lifecycle::Clock;
use crate::store::Store;
use crate::wire::app_backend::MAX_BODY;

use super::hub::{Hub, HubError};
use credentials::Credentials;
use tokens::Tokens;
pub use users::{Users, UsersError};

/// The app backend.
#[derive(Debug)]
pub(super) struct AppBackend {
    store: Store,
    clock: Clock,
    hub: Arc<dyn Hub>,
    credentials: Credentials,
    tokens: Tokens,
}

impl AppBackend {
    pub(super) fn new(
        store: Store,
        clock: Clock,
        hub: Arc<dyn Hub>,
        users: Users,
        token_ttl: std::time::Duration,
    ) -> Self {
        let tokens = Tokens::new(store.clone(), clock.clone(), token_ttl);
        let credentials = Credentials::new(users, clock.clone());
        Self {
            store,
            clock,
            hub,
            credentials,
            tokens,
        }
    }

    /// The bearer tokens, for tests and commands that end them.
    pub(super) fn tokens(&self) -> &Tokens {
        &self.tokens
    }

    /// Forgets what expired: tokens, registrations, and payloads after 30 days.
    pub(super) async fn sweep(&self) -> Result<(), HubError> {
        self.tokens.sweep().await?;
        self.sweep_registrations().await?;
        Ok(self.sweep_notifications().await?)
    }
}

pub(super) fn routes(backend: Arc<AppBackend>) -> Router {
    Router::new()
        .route("/api/login", post(login::login))
        .route("/api/login/refresh", post(login::refresh))
        .route("/api/logout", post(login::logout))
        .route("/api/register", post(registration::create))
        .route(
            "/api/register/{id}",
            put(registration::update).delete(registration::delete),
        )
        .route(
            "/api/notifications",
            post(notifications::send).get(notifications::unread),
        )
        .route("/api/notifications/{id}", get(notifications::read))
        .route(
            "/api/notifications/{id}/read",
            put(notifications::mark_read),
        )
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .with_state(backend)
}
