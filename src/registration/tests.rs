//! The registrar with the real client and a real database, against a small backend.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{post, put};
use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::backend::testing::FakeBackend;
use crate::backend::{BackendClient, BackendOptions, BackendProfile, Credential};
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

#[tokio::test]
async fn registers_once_and_again_only_when_something_changed() {
    let scene = Scene::new().await;
    let first = scene.ensure(&wanted("h1", &["news"])).await.unwrap();
    assert_eq!((first.id.as_str(), first.changed), ("id-1", true));
    assert_eq!(scene.requests(), ["POST id-1", "PUT id-1"]);

    let same = scene.ensure(&wanted("h1", &["NEWS"])).await.unwrap();
    assert_eq!((same.id.as_str(), same.changed), ("id-1", false));
    assert_eq!(scene.requests(), [""; 0]);

    let moved = scene.ensure(&wanted("h2", &["news"])).await.unwrap();
    assert!(moved.changed);
    assert_eq!(scene.requests(), ["PUT id-1"]);

    let same = wanted("h2", &["news"]);
    let anew = scene
        .registrar
        .ensure_anew(&scene.client, &scene.alice, &scene.account, &same);
    assert!(anew.await.unwrap().changed);
    assert_eq!(scene.requests(), ["PUT id-1"]);
    let bodies = &scene.records.lock().unwrap().bodies;
    assert_eq!(
        bodies[2],
        r#"{"Platform":"wns","Handle":"h2","Tags":["news"]}"#
    );
}

#[tokio::test]
async fn a_day_later_it_is_put_once_more_and_a_backend_that_is_away_is_no_matter() {
    let clock = Clock::simulated(Timestamp::UNIX_EPOCH);
    let mut scene = Scene::new().await;
    scene.registrar.clock = clock.clone();
    let ensure = async || {
        let updated = scene.ensure(&wanted("h1", &[])).await.unwrap();
        (updated.id.to_string(), updated.changed, scene.requests())
    };
    ensure().await;
    let day = SignedDuration::from_hours(24);
    clock.set_by(day - SignedDuration::from_secs(60));
    assert_eq!(ensure().await, ("id-1".to_owned(), false, vec![]));
    clock.set_by(SignedDuration::from_secs(60));
    let put = || vec!["PUT id-1".to_owned()];
    scene.set(|records| records.puts_fail_with = Some(StatusCode::SERVICE_UNAVAILABLE));
    assert_eq!(ensure().await, ("id-1".to_owned(), false, put()));
    scene.set(|records| records.puts_fail_with = None);
    assert_eq!(ensure().await, ("id-1".to_owned(), false, put()));
    assert_eq!(ensure().await, ("id-1".to_owned(), false, vec![]));
    // A clock that was set back says nothing about the age.
    clock.set_by(-day);
    assert_eq!(ensure().await.2, put());
    clock.set_by(day);
    scene.set(|records| records.live.clear());
    let (id, changed, requests) = ensure().await;
    assert_eq!((id.as_str(), changed), ("id-2", true));
    assert_eq!(requests, ["PUT id-1", "POST id-2", "PUT id-2"]);
    // An id is given up for a new one once, also where the day is over.
    clock.set_by(day);
    scene.set(|records| {
        records.live.clear();
        records.forgets_at_once = true;
    });
    let again = scene.ensure(&wanted("h1", &[])).await.unwrap_err();
    assert!(
        matches!(again, RegistrationError::GoneAgain(_)),
        "{again:?}"
    );
    assert_eq!(scene.requests(), ["PUT id-2", "POST id-3", "PUT id-3"]);
}

#[tokio::test]
async fn an_id_that_is_gone_is_replaced_once() {
    let scene = Scene::new().await;
    scene.ensure(&wanted("h1", &[])).await.unwrap();
    scene.set(|records| records.live.clear());
    scene.requests();
    let renewed = scene.ensure(&wanted("h2", &[])).await.unwrap();
    assert_eq!((renewed.id.as_str(), renewed.changed), ("id-2", true));
    assert_eq!(scene.requests(), ["PUT id-1", "POST id-2", "PUT id-2"]);
}

#[tokio::test]
async fn a_backend_that_forgets_at_once_is_not_asked_for_ever() {
    let scene = Scene::new().await;
    scene.set(|records| records.forgets_at_once = true);
    let error = scene.ensure(&wanted("h1", &[])).await.unwrap_err();
    assert!(
        matches!(error, RegistrationError::GoneAgain(_)),
        "{error:?}"
    );
    assert_eq!(
        scene.requests(),
        ["POST id-1", "PUT id-1", "POST id-2", "PUT id-2"]
    );
    assert_eq!(scene.registrar.stored(&scene.account).await.unwrap(), None);
}

#[tokio::test]
async fn a_put_without_an_answer_is_put_again_under_the_same_id() {
    let scene = Scene::new().await;
    scene.ensure(&wanted("h1", &[])).await.unwrap();
    scene.set(|records| records.puts_fail_with = Some(StatusCode::SERVICE_UNAVAILABLE));
    let error = scene.ensure(&wanted("h2", &[])).await.unwrap_err();
    assert!(error.is_transient() && !error.needs_sign_in());
    scene.requests();
    scene.set(|records| records.puts_fail_with = None);
    // Back to what was acknowledged before: the backend may have the other.
    assert!(scene.ensure(&wanted("h1", &[])).await.unwrap().changed);
    assert_eq!(scene.requests(), ["PUT id-1"]);
}

#[tokio::test]
async fn a_refused_sign_in_says_so_and_keeps_the_id() {
    let scene = Scene::new().await;
    scene.set(|records| records.puts_fail_with = Some(StatusCode::FORBIDDEN));
    let error = scene.ensure(&wanted("h1", &[])).await.unwrap_err();
    assert!(error.needs_sign_in());
    let stored = scene
        .registrar
        .stored(&scene.account)
        .await
        .unwrap()
        .unwrap();
    assert_eq!((stored.id.as_str(), stored.acknowledged), ("id-1", None));
}

#[tokio::test]
async fn a_reserved_tag_is_refused_before_anything_is_sent() {
    let scene = Scene::new().await;
    for tag in [
        "username:bob",
        "UserName:bob",
        "Google:1",
        "$InstallationId:{x}",
    ] {
        let error = scene
            .ensure(&wanted("h1", &["news", tag]))
            .await
            .unwrap_err();
        assert!(matches!(error, RegistrationError::Refused(_)), "{error:?}");
        assert!(error.to_string().contains(tag), "{error}");
        assert!(!error.is_transient());
    }
    assert_eq!(scene.requests(), [""; 0]);
}

#[tokio::test]
async fn removing_tells_the_backend_and_forgets() {
    let scene = Scene::new().await;
    let remove = async || {
        let removed = scene
            .registrar
            .remove(&scene.client, &scene.alice, &scene.account);
        removed.await.unwrap();
        scene.requests()
    };
    assert_eq!(remove().await, [""; 0]);
    scene.ensure(&wanted("h1", &[])).await.unwrap();
    scene.requests();
    assert_eq!(remove().await, ["DELETE id-1"]);
    assert_eq!(scene.registrar.stored(&scene.account).await.unwrap(), None);
    scene.ensure(&wanted("h1", &[])).await.unwrap();
    assert_eq!(scene.requests(), ["POST id-2", "PUT id-2"]);
}

#[tokio::test]
async fn a_registration_belongs_to_its_account_and_device_and_survives_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let location = Location::File(folder.path().join("phone.db"));
    let store = Store::open(location.clone(), SCHEMA).await.unwrap();
    let mut scene = Scene::with(store).await;
    scene.ensure(&wanted("h1", &["news"])).await.unwrap();
    scene.requests();

    let Registrar { store, .. } = scene.registrar;
    store.close().await;
    let store = Store::open(location, SCHEMA).await.unwrap();
    scene.registrar = Registrar::new(store.clone(), 1, Clock::system());
    assert!(
        !scene
            .ensure(&wanted("h1", &["news"]))
            .await
            .unwrap()
            .changed
    );
    assert_eq!(scene.requests(), [""; 0]);

    let other_device = Registrar::new(store, 2, Clock::system());
    assert_eq!(other_device.stored(&scene.account).await.unwrap(), None);
    scene.account.user = UserName::parse("bob").unwrap();
    assert_eq!(scene.registrar.stored(&scene.account).await.unwrap(), None);
}

#[tokio::test]
async fn two_at_once_ask_for_one_id() {
    let scene = Scene::new().await;
    let (one, two) = (wanted("h1", &[]), wanted("h1", &[]));
    let (one, two) = tokio::join!(scene.ensure(&one), scene.ensure(&two));
    assert_eq!(one.unwrap().id, two.unwrap().id);
    assert_eq!(scene.requests(), ["POST id-1", "PUT id-1"]);
}

#[tokio::test]
async fn a_damaged_row_is_asked_for_anew() {
    let scene = Scene::new().await;
    let account = scene.account.to_string();
    let spoil = move |connection: &rusqlite::Connection| {
        connection.execute(
            "INSERT INTO registration VALUES (1, ?1, 'a b', '{', NULL)",
            [account],
        )
    };
    scene.registrar.store.write(spoil).await.unwrap();
    scene.ensure(&wanted("h1", &[])).await.unwrap();
    assert_eq!(scene.requests(), ["POST id-1", "PUT id-1"]);
}

/// A backend that gives no ids out: it takes the phone's own and says under which it keeps it.
const UPSERT: &str = r#"
[put]
request = "PUT /mine/{id}"
body = { h = "{handle}" }
id = "id"
[fetch]
request = "GET /x/{id}"
payload = "text"
"#;

async fn upsert(
    State(records): State<Shared>,
    Path(id): Path<String>,
) -> Result<String, StatusCode> {
    let mut records = records.lock().unwrap();
    records.requests.push(id.clone());
    if records.given > 0 && !records.live.contains(&id) {
        return Err(StatusCode::GONE);
    }
    records.given += 1;
    let kept = format!("kept-{}", records.given);
    records.live.insert(kept.clone());
    Ok(format!("{{\"id\":\"{kept}\"}}"))
}

#[tokio::test]
async fn an_id_of_the_phones_own_becomes_the_one_that_the_backend_keeps() {
    let mut scene = Scene::new().await;
    let router = Router::new()
        .route("/mine/{id}", put(upsert))
        .with_state(scene.records.clone());
    let backend = FakeBackend::serve(router).await;
    scene.client = BackendClient::new(BackendOptions {
        profile: BackendProfile::parse("upsert.toml", UPSERT).unwrap(),
        ..BackendOptions::new(backend.origin())
    })
    .unwrap();
    let first = scene.ensure(&wanted("h1", &[])).await.unwrap();
    assert_eq!((first.id.as_str(), first.changed), ("kept-1", true));
    let own = scene.requests().remove(0);
    assert!(uuid::Uuid::parse_str(&own).is_ok(), "{own}");
    let second = scene.ensure(&wanted("h2", &[])).await.unwrap();
    assert_eq!(second.id.as_str(), "kept-2");
    assert_eq!(scene.requests(), ["kept-1"]);

    // Gone: another of its own.
    scene.set(|records| {
        records.live.clear();
        records.given = 0;
    });
    let third = scene.ensure(&wanted("h3", &[])).await.unwrap();
    assert_eq!(third.id.as_str(), "kept-1");

    // It cannot be removed there, so it is not forgotten here.
    let removed = scene
        .registrar
        .remove(&scene.client, &scene.alice, &scene.account)
        .await;
    let error = removed.unwrap_err().to_string();
    assert!(error.contains("no [delete]"), "{error}");
    assert!(
        scene
            .registrar
            .stored(&scene.account)
            .await
            .unwrap()
            .is_some()
    );
}

#[tokio::test]
async fn what_is_in_doubt_is_put_anew_under_its_id() {
    let scene = Scene::new().await;
    scene.registrar.doubt(&scene.account).await.unwrap();
    scene.ensure(&wanted("h1", &[])).await.unwrap();
    scene.requests();
    scene.registrar.doubt(&scene.account).await.unwrap();
    let again = scene.ensure(&wanted("h1", &[])).await.unwrap();
    assert_eq!((again.id.as_str(), again.changed), ("id-1", true));
    assert_eq!(scene.requests(), ["PUT id-1"]);
}
