//! A backend that signs people in, and a session with it.

use std::sync::{Arc, Mutex as Lock};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use secrecy::SecretString;

use crate::backend::BackendClient;
use crate::backend::testing::FakeBackend;
use crate::lifecycle::Clock;
use crate::model::{DeviceName, UserName};
use crate::session::{Session, SessionError, SignIn};
use crate::telemetry::{EventName, EventReceiver, EventStream};
use crate::vault::{Vault, VaultKey};

/// How the backend answers, and what it was asked.
#[derive(Default)]
pub(super) struct Desk {
    requests: Vec<String>,
    pub(super) refuses: bool,
    pub(super) fails: bool,
    pub(super) no_refresh: bool,
    tokens: u32,
}

type Shared = Arc<Lock<Desk>>;

impl Desk {
    fn note(&mut self, request: &str, headers: &HeaderMap) -> Result<(), StatusCode> {
        let authorization = headers
            .get("authorization")
            .map_or("", |value| value.to_str().unwrap());
        let line = format!("{request} {authorization}");
        self.requests.push(line.trim_end().to_owned());
        match (self.fails, self.refuses) {
            (true, _) => Err(StatusCode::INTERNAL_SERVER_ERROR),
            (_, true) => Err(StatusCode::FORBIDDEN),
            _ => Ok(()),
        }
    }

    fn token(&mut self) -> String {
        self.tokens += 1;
        format!(r#"{{"token":"token-{}","expires_in":100}}"#, self.tokens)
    }
}

async fn check(State(desk): State<Shared>, headers: HeaderMap) -> StatusCode {
    let noted = desk.lock().unwrap().note("check", &headers);
    noted.err().unwrap_or(StatusCode::OK)
}

async fn login(State(desk): State<Shared>, headers: HeaderMap) -> Result<String, StatusCode> {
    let mut desk = desk.lock().unwrap();
    desk.note("login", &headers)?;
    Ok(desk.token())
}

async fn refresh(State(desk): State<Shared>, headers: HeaderMap) -> Result<String, StatusCode> {
    let mut desk = desk.lock().unwrap();
    desk.note("refresh", &headers)?;
    if desk.no_refresh {
        return Err(StatusCode::NOT_FOUND);
    }
    Ok(desk.token())
}

async fn logout(State(desk): State<Shared>, headers: HeaderMap) -> StatusCode {
    let noted = desk.lock().unwrap().note("logout", &headers);
    noted.err().unwrap_or(StatusCode::NO_CONTENT)
}

pub(super) struct Scene {
    desk: Shared,
    _backend: FakeBackend,
    pub(super) client: BackendClient,
    pub(super) vault: Vault,
    pub(super) key: VaultKey,
    pub(super) clock: Clock,
    events: EventReceiver,
    pub(super) session: Session,
}

impl Scene {
    pub(super) async fn new() -> Self {
        Self::with(Vault::memory()).await
    }

    pub(super) async fn with(vault: Vault) -> Self {
        let desk = Shared::default();
        let router = Router::new()
            .route("/api/notifications", get(check))
            .route("/api/login", post(login))
            .route("/api/login/refresh", post(refresh))
            .route("/api/logout", post(logout))
            .with_state(desk.clone());
        let backend = FakeBackend::serve(router).await;
        let key = VaultKey {
            backend: backend.origin(),
            user: UserName::parse("alice").unwrap(),
            device: DeviceName::default(),
        };
        let clock = Clock::simulated("2026-11-20T18:00:00Z".parse().unwrap());
        let stream = EventStream::default();
        let events = stream.listen();
        let session = Session::new(vault.clone(), key.clone(), clock.clone(), stream);
        Self {
            client: backend.client(),
            desk,
            _backend: backend,
            vault,
            key,
            clock,
            events,
            session,
        }
    }

    /// The session as a new process finds it.
    pub(super) fn restarted(&self) -> Session {
        let events = EventStream::default();
        Session::new(
            self.vault.clone(),
            self.key.clone(),
            self.clock.clone(),
            events,
        )
    }

    pub(super) async fn sign_in(&self, sign_in: SignIn) -> Result<(), SessionError> {
        self.session.sign_in(&self.client, sign_in).await
    }

    pub(super) async fn stored(&self) -> Option<SecretString> {
        self.vault.get(&self.key).await.unwrap()
    }

    /// The requests since the last call.
    pub(super) fn requests(&self) -> Vec<String> {
        std::mem::take(&mut self.desk.lock().unwrap().requests)
    }

    pub(super) fn set(&self, change: impl FnOnce(&mut Desk)) {
        change(&mut self.desk.lock().unwrap());
    }

    pub(super) fn event_names(&mut self) -> Vec<EventName> {
        std::iter::from_fn(|| self.events.try_next())
            .map(|event| event.event)
            .collect()
    }
}
