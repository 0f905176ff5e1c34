//! The registrar with the real client and a real database, against a small backend.

mod ensuring;
mod ids;
mod stored;

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{post, put};

use super::*;
use crate::backend::testing::FakeBackend;
use crate::backend::{BackendClient, Credential};
use crate::lifecycle::Clock;
use crate::model::{Account, UserName};
use crate::store::{Location, Schema, Store};

const SCHEMA: Schema = Schema {
    application_id: 0x0068_7374,
    migrations: &[MIGRATION, MIGRATION_2],
};

/// What the backend remembers, and how it is told to misbehave.
#[derive(Default)]
struct Records {
    given: u32,
    live: HashSet<String>,
    requests: Vec<String>,
    bodies: Vec<String>,
    forgets_at_once: bool,
    puts_fail_with: Option<StatusCode>,
}

type Shared = Arc<Mutex<Records>>;

async fn create(State(records): State<Shared>) -> String {
    let mut records = records.lock().unwrap();
    records.given += 1;
    let id = format!("id-{}", records.given);
    if !records.forgets_at_once {
        records.live.insert(id.clone());
    }
    records.requests.push(format!("POST {id}"));
    format!("\"{id}\"")
}

async fn update(State(records): State<Shared>, Path(id): Path<String>, body: String) -> StatusCode {
    let mut records = records.lock().unwrap();
    records.requests.push(format!("PUT {id}"));
    if !records.live.contains(&id) {
        return StatusCode::GONE;
    }
    records.bodies.push(body);
    records.puts_fail_with.unwrap_or(StatusCode::OK)
}

async fn remove(State(records): State<Shared>, Path(id): Path<String>) -> StatusCode {
    let mut records = records.lock().unwrap();
    records.requests.push(format!("DELETE {id}"));
    records.live.remove(&id);
    StatusCode::OK
}

struct Scene {
    records: Shared,
    _backend: FakeBackend,
    client: BackendClient,
    registrar: Registrar,
    account: Account,
    alice: Credential,
}

impl Scene {
    async fn new() -> Self {
        Self::with(Store::open(Location::Memory, SCHEMA).await.unwrap()).await
    }

    async fn with(store: Store) -> Self {
        let records = Shared::default();
        let router = Router::new()
            .route("/api/register", post(create))
            .route("/api/register/{id}", put(update).delete(remove))
            .with_state(records.clone());
        let backend = FakeBackend::serve(router).await;
        let user = UserName::parse("alice").unwrap();
        Self {
            client: backend.client(),
            registrar: Registrar::new(store, 1, Clock::system()),
            account: Account {
                user: user.clone(),
                backend: backend.origin(),
            },
            alice: Credential::basic(&user, &"alice".into()).unwrap(),
            records,
            _backend: backend,
        }
    }

    async fn ensure(&self, wanted: &Wanted) -> Result<Updated, RegistrationError> {
        self.registrar
            .ensure(&self.client, &self.alice, &self.account, wanted)
            .await
    }

    /// The requests since the last call.
    fn requests(&self) -> Vec<String> {
        std::mem::take(&mut self.records.lock().unwrap().requests)
    }

    fn set(&self, change: impl FnOnce(&mut Records)) {
        change(&mut self.records.lock().unwrap());
    }
}

fn wanted(handle: &str, tags: &[&str]) -> Wanted {
    Wanted {
        platform: Platform::Wns,
        handle: Handle::parse(handle).unwrap(),
        keys: None,
        tags: tags.iter().map(|tag| Tag::parse(*tag).unwrap()).collect(),
    }
}
