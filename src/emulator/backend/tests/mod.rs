//! The backend behind a hub that does what a test says.

mod failing;
mod handles;
mod hanging_up;
mod other_hubs;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request, Response};
use futures_util::future::BoxFuture;
use serde_json::Value;
use tokio::sync::Semaphore;
use tower::ServiceExt as _;

use super::{AppBackend, BackendParts, Hubs, Users, routes};
use crate::emulator::administration::{AdministrationOptions, PushAdministration};
use crate::emulator::hub::{Content, Device, Hub, HubError};
use crate::emulator::schema::SCHEMA;
use crate::lifecycle::{Clock, Scope};
use crate::model::{RegistrationId, TagExpression};
use crate::store::{Location, Store};
use crate::wire::app_backend::Delivery;
use crate::wire::push_administration::Profile;

/// What a hub was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Asked {
    Put(String),
    Removed(String),
    Sent(usize),
}

type Refuse = fn() -> HubError;

/// A hub that writes down what it is asked, and refuses where it was told to.
#[derive(Debug, Default)]
struct Scripted {
    asked: Mutex<Vec<Asked>>,
    refuse: Mutex<Option<Refuse>>,
    /// Where there is one, every put and every send waits for a permit.
    gate: Option<Semaphore>,
}

impl Scripted {
    fn refuse(&self, how: Option<Refuse>) {
        *self.refuse.lock().unwrap() = how;
    }

    fn answer(&self, asked: Vec<Asked>) -> Result<(), HubError> {
        match *self.refuse.lock().unwrap() {
            Some(refuse) => Err(refuse()),
            None => {
                self.asked.lock().unwrap().extend(asked);
                Ok(())
            }
        }
    }

    async fn pass(&self) {
        if let Some(gate) = &self.gate {
            gate.acquire().await.unwrap().forget();
        }
    }

    /// What it was asked since the last time.
    fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }
}

impl Hub for Scripted {
    fn upsert(&self, device: Device) -> BoxFuture<'_, Result<(), HubError>> {
        Box::pin(async move {
            self.pass().await;
            self.answer(vec![Asked::Put(device.id.into())])
        })
    }

    fn remove(&self, ids: Vec<RegistrationId>) -> BoxFuture<'_, Result<(), HubError>> {
        let removed = ids.into_iter().map(|id| Asked::Removed(id.into()));
        let answer = self.answer(removed.collect());
        Box::pin(std::future::ready(answer))
    }

    fn send(
        &self,
        _to: TagExpression,
        forms: Vec<Content>,
    ) -> BoxFuture<'_, Result<Vec<Delivery>, HubError>> {
        Box::pin(async move {
            self.pass().await;
            let answer = self.answer(vec![Asked::Sent(forms.len())]);
            answer.map(|()| Vec::new())
        })
    }
}

/// A backend, and its hub.
struct Bench {
    hub: Arc<Scripted>,
    backend: Arc<AppBackend>,
    router: Router,
    _scope: Scope,
}

impl Bench {
    async fn new() -> Self {
        Self::with(Scripted::default()).await
    }

    async fn with(hub: Scripted) -> Self {
        Self::under(Profile::QuickStart, hub).await
    }

    /// Under what holds where nothing is configured.
    async fn under(profile: Profile, hub: Scripted) -> Self {
        let hub = Arc::new(hub);
        let store = Store::open(Location::Memory, SCHEMA).await.unwrap();
        Self::of(store, profile, hub.clone(), Hubs::embedded(hub)).await
    }

    /// Over a store and hubs; what `hub` is asked is looked at.
    async fn of(store: Store, profile: Profile, hub: Arc<Scripted>, hubs: Hubs) -> Self {
        let options = AdministrationOptions {
            profile,
            ..AdministrationOptions::default()
        };
        let rules = PushAdministration::of(store.clone(), options, true).await;
        let scope = Scope::new();
        let backend = Arc::new(AppBackend::new(BackendParts {
            store,
            clock: Clock::system(),
            hubs,
            policy: rules.unwrap().policy().clone(),
            users: Users::demo(),
            token_ttl: Duration::from_secs(60),
            spawner: scope.spawner(),
        }));
        backend.take_up_registrations().await.unwrap();
        let router = routes(backend.clone());
        Self {
            hub,
            backend,
            router,
            _scope: scope,
        }
    }

    async fn ask(&self, method: Method, path: &str, user: &str, body: String) -> Response<Body> {
        use base64::Engine as _;
        let token = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{user}"));
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("authorization", format!("Basic {token}"))
            .body(Body::from(body))
            .unwrap();
        self.router.clone().oneshot(request).await.unwrap()
    }

    async fn id(&self, user: &str, query: &str) -> String {
        let path = format!("/api/register{query}");
        let answer = self.ask(Method::POST, &path, user, String::new()).await;
        let id = json(answer).await;
        id.as_str().unwrap().to_owned()
    }

    async fn put(&self, user: &str, id: &str, platform: &str, handle: &str) -> u16 {
        let path = format!("/api/register/{id}");
        let body = serde_json::json!({"platform": platform, "handle": handle}).to_string();
        let answer = self.ask(Method::PUT, &path, user, body).await;
        answer.status().as_u16()
    }

    async fn delete(&self, user: &str, id: &str) -> u16 {
        let path = format!("/api/register/{id}");
        let answer = self.ask(Method::DELETE, &path, user, String::new()).await;
        answer.status().as_u16()
    }
}

async fn json(answer: Response<Body>) -> Value {
    let body = axum::body::to_bytes(answer.into_body(), 64 * 1024).await;
    serde_json::from_slice(&body.unwrap()).unwrap()
}
