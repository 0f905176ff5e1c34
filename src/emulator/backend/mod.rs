//! The app backend: sign-in, registrations, secure notifications and plain toasts, as the ASP.NET Web
//! API of the tutorials serves them, and the to-do list of Mobile Services, without their faults.

mod answer;
mod caller;
mod credentials;
mod forms;
mod hubs;
mod login;
mod notifications;
mod pushing;
mod registration;
#[cfg(test)]
mod tests;
mod toasts;
mod todo;
mod tokens;
mod users;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post, put};
use tokio::sync::Semaphore;

use crate::lifecycle::{Backoff, Clock, Spawner, timeouts};
use crate::store::Store;
use crate::wire::app_backend::MAX_BODY;

use super::administration::Policy;
use super::hub::HubError;
use credentials::Credentials;
pub(super) use hubs::Hubs;
use registration::Turns;
use tokens::Tokens;
pub use users::{Users, UsersError};

/// The app backend.
#[derive(Debug)]
pub(super) struct AppBackend {
    store: Store,
    clock: Clock,
    hubs: Hubs,
    policy: Policy,
    credentials: Credentials,
    tokens: Tokens,
    turns: Turns,
    spawner: Spawner,
    /// A place for each push that is under way.
    places: Arc<Semaphore>,
}

/// What an app backend is made of.
pub(super) struct BackendParts {
    pub(super) store: Store,
    pub(super) clock: Clock,
    pub(super) hubs: Hubs,
    pub(super) policy: Policy,
    pub(super) users: Users,
    pub(super) token_ttl: Duration,
    pub(super) spawner: Spawner,
}

impl AppBackend {
    pub(super) fn new(parts: BackendParts) -> Self {
        let BackendParts {
            store,
            clock,
            hubs,
            policy,
            users,
            token_ttl,
            spawner,
        } = parts;
        let tokens = Tokens::new(store.clone(), clock.clone(), token_ttl);
        let credentials = Credentials::new(users, clock.clone());
        Self {
            store,
            clock,
            hubs,
            policy,
            credentials,
            tokens,
            turns: Turns::new(),
            spawner,
            places: Arc::new(Semaphore::new(pushing::MOST_UNDER_WAY)),
        }
    }

    /// The bearer tokens, for tests and commands that end them.
    pub(super) fn tokens(&self) -> &Tokens {
        &self.tokens
    }

    /// Forgets what expired, again and again: tokens, registrations, and payloads after 30 days. A hub
    /// elsewhere that does not answer is asked more and more seldom.
    pub(super) async fn sweep_forever(&self) {
        let every = timeouts::SERVICE_SWEEP;
        let mut backoff = Backoff::new(2 * every, timeouts::SERVICE_SWEEP_PAUSE);
        loop {
            let wait = match self.sweep().await {
                Ok(()) => {
                    backoff.reset();
                    every
                }
                Err(error) => {
                    tracing::warn!(%error, "what has expired could not be swept");
                    backoff.next_wait()
                }
            };
            tokio::time::sleep(wait).await;
        }
    }

    async fn sweep(&self) -> Result<(), HubError> {
        self.tokens.sweep().await?;
        self.sweep_notifications().await?;
        self.sweep_registrations().await
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
        .route("/tables/{table}", post(todo::insert).get(todo::list))
        .route(
            "/tables/{table}/{id}",
            get(todo::read).patch(todo::update).delete(todo::delete),
        )
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .with_state(backend)
}
