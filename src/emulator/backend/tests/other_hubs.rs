//! A home whose app backend sends through one hub today and through another tomorrow.

use std::sync::Arc;

use axum::http::Method;

use super::{Asked, Bench, Scripted};
use crate::emulator::backend::Hubs;
use crate::emulator::hub::HubError;
use crate::emulator::schema::SCHEMA;
use crate::store::{Location, Schema, Store};
use crate::wire::push_administration::Profile;

const THERE: &str = "ns.example/hub";

/// One home, its embedded hub and one elsewhere.
struct Home {
    store: Store,
    embedded: Arc<Scripted>,
    elsewhere: Arc<Scripted>,
}

impl Home {
    async fn new() -> Self {
        Self::of(Store::open(Location::Memory, SCHEMA).await.unwrap())
    }

    fn of(store: Store) -> Self {
        Self {
            store,
            embedded: Arc::default(),
            elsewhere: Arc::default(),
        }
    }

    /// The backend as it is after a start without `--hub`.
    async fn here(&self) -> Bench {
        let hubs = Hubs::embedded(self.embedded.clone());
        self.start(&self.embedded, hubs).await
    }

    /// The backend as it is after a start with `--hub`.
    async fn at(&self, name: &str) -> Bench {
        let hubs = Hubs::elsewhere(self.elsewhere.clone(), name, self.embedded.clone());
        self.start(&self.elsewhere, hubs).await
    }

    async fn start(&self, hub: &Arc<Scripted>, hubs: Hubs) -> Bench {
        let (store, hub) = (self.store.clone(), hub.clone());
        Bench::of(store, Profile::QuickStart, hub, hubs).await
    }
}

/// The registration of the phone, which is `user`'s now.
async fn registered(bench: &Bench, user: &str) -> String {
    let id = bench.id(user, "").await;
    assert_eq!(bench.put(user, &id, "wns", "http://x/1").await, 200);
    id
}

fn removed(id: &str) -> Asked {
    Asked::Removed(id.to_owned())
}

fn away() -> HubError {
    HubError::Remote {
        hub: "ns.example".to_owned(),
        problem: "cannot be reached".to_owned(),
        transient: true,
        in_doubt: false,
    }
}

#[tokio::test]
async fn a_hub_that_was_away_lets_go_when_it_is_in_use_again() {
    let home = Home::new().await;
    let there = home.at(THERE).await;
    let id = registered(&there, "alice").await;
    home.elsewhere.refuse(Some(away));
    assert_eq!(there.delete("alice", &id).await, 503);
    home.elsewhere.refuse(None);
    home.elsewhere.asked();

    let here = home.here().await;
    here.backend.sweep().await.unwrap();
    let other = home.at("ns.example/other").await;
    other.backend.sweep().await.unwrap();
    assert_eq!(
        home.elsewhere.asked(),
        [],
        "another hub knows nothing of it"
    );
    assert_eq!(home.embedded.asked(), []);

    let there = home.at("NS.example/Hub").await;
    there.backend.sweep().await.unwrap();
    assert_eq!(home.elsewhere.asked(), [removed(&id)]);
    there.backend.sweep().await.unwrap();
    assert_eq!(home.elsewhere.asked(), [], "once");
}

#[tokio::test]
async fn who_signs_out_while_another_hub_is_in_use_leaves_the_embedded_one_too() {
    let home = Home::new().await;
    let here = home.here().await;
    let id = registered(&here, "alice").await;
    home.embedded.asked();
    let there = home.at(THERE).await;
    assert_eq!(there.delete("alice", &id).await, 200);
    assert_eq!(home.embedded.asked(), [removed(&id)]);
    assert_eq!(home.elsewhere.asked(), []);
}

#[tokio::test]
async fn a_hub_elsewhere_that_is_not_in_use_holds_up_no_sign_out() {
    let home = Home::new().await;
    let there = home.at(THERE).await;
    let id = registered(&there, "alice").await;
    home.elsewhere.asked();
    let here = home.here().await;
    assert_eq!(here.delete("alice", &id).await, 200);
    // Her handle is free for somebody else.
    registered(&here, "bob").await;
    here.backend.sweep().await.unwrap();
    assert_eq!(home.elsewhere.asked(), []);
    let there = home.at(THERE).await;
    there.backend.sweep().await.unwrap();
    assert_eq!(home.elsewhere.asked(), [removed(&id)]);
}

#[tokio::test]
async fn a_registration_that_is_put_at_another_hub_leaves_the_one_before() {
    let home = Home::new().await;
    let here = home.here().await;
    let id = registered(&here, "alice").await;
    home.embedded.asked();
    let there = home.at(THERE).await;
    assert_eq!(there.put("alice", &id, "wns", "http://x/1").await, 200);
    there.backend.sweep().await.unwrap();
    assert_eq!(home.embedded.asked(), [removed(&id)]);
    assert_eq!(home.elsewhere.asked(), [Asked::Put(id.clone())]);

    let here = home.here().await;
    assert_eq!(here.put("alice", &id, "wns", "http://x/1").await, 200);
    here.backend.sweep().await.unwrap();
    assert_eq!(home.embedded.asked(), [Asked::Put(id.clone())]);
    // Put there anew before it was let go: it stays.
    let there = home.at(THERE).await;
    assert_eq!(there.put("alice", &id, "wns", "http://x/1").await, 200);
    there.backend.sweep().await.unwrap();
    assert_eq!(home.elsewhere.asked(), [Asked::Put(id.clone())]);
    assert_eq!(home.embedded.asked(), [removed(&id)]);
}

#[tokio::test]
async fn nothing_is_sent_through_a_hub_before_it_has_let_go() {
    let home = Home::new().await;
    let there = home.at(THERE).await;
    let id = registered(&there, "alice").await;
    let here = home.here().await;
    assert_eq!(here.delete("alice", &id).await, 200);
    registered(&here, "bob").await;
    home.elsewhere.asked();

    let there = home.at(THERE).await;
    home.elsewhere.refuse(Some(away));
    let send = async || {
        let sent = there.ask(Method::POST, "/api/notifications", "alice", "{}".to_owned());
        sent.await.status()
    };
    assert_eq!(send().await, 503);
    home.elsewhere.refuse(None);
    assert_eq!(send().await, 201);
    let asked = home.elsewhere.asked();
    assert_eq!(asked[0], removed(&id), "{asked:?}");
    assert!(matches!(asked[1..], [Asked::Sent(_)]), "{asked:?}");
}

#[tokio::test]
async fn a_hub_that_does_not_take_a_registration_takes_it_from_none() {
    let home = Home::new().await;
    let there = home.at(THERE).await;
    let id = registered(&there, "alice").await;
    let wrong = home.at("ns.example/wrong").await;
    home.elsewhere.refuse(Some(away));
    assert_eq!(wrong.put("alice", &id, "wns", "http://x/1").await, 503);
    home.elsewhere.refuse(None);
    home.elsewhere.asked();

    let there = home.at(THERE).await;
    there.backend.sweep().await.unwrap();
    assert_eq!(home.elsewhere.asked(), [], "it is there");
    // The other one may know it all the same.
    let wrong = home.at("ns.example/wrong").await;
    wrong.backend.sweep().await.unwrap();
    assert_eq!(home.elsewhere.asked(), [removed(&id)]);
    let there = home.at(THERE).await;
    assert_eq!(there.delete("alice", &id).await, 200);
    assert_eq!(home.elsewhere.asked(), [removed(&id)]);
}

#[tokio::test]
async fn who_takes_over_a_handle_at_another_hub_takes_it_from_the_one_before_too() {
    let home = Home::new().await;
    let there = home.at(THERE).await;
    let alices = registered(&there, "alice").await;
    home.elsewhere.asked();
    let here = home.here().await;
    registered(&here, "bob").await;
    let there = home.at(THERE).await;
    there.backend.sweep().await.unwrap();
    assert_eq!(home.elsewhere.asked(), [removed(&alices)]);
}

#[tokio::test]
async fn what_expires_while_another_hub_is_in_use_is_forgotten_here_and_let_go_there() {
    let home = Home::new().await;
    let there = home.at(THERE).await;
    let id = registered(&there, "alice").await;
    home.elsewhere.asked();
    let here = home.here().await;
    here.backend.expire_registrations().await.unwrap();
    here.backend.sweep().await.unwrap();
    assert_eq!(here.put("alice", &id, "wns", "http://x/1").await, 410);
    let there = home.at(THERE).await;
    there.backend.sweep().await.unwrap();
    assert_eq!(home.elsewhere.asked(), [removed(&id)]);
}

/// How many migrations there were before a registration's hub was written down.
const BEFORE: usize = 6;

const ROWS: &str = "
INSERT INTO registration(id, user, expires_at, platform, handle, in_hub) VALUES
    ('here', 'alice', 9999999999999, 'wns', 'http://x/1', 1),
    ('there', 'alice', 0, 'wns', NULL, 1),
    ('nowhere', 'alice', 9999999999999, NULL, NULL, 0);
INSERT INTO hub_target(registration, kind, platform, handle, tags, etag, updated_at, of_backend)
VALUES ('here', 1, 1, 'http://x/1', 'username:alice', 1, 0, 1),
    ('stale', 1, 1, 'http://x/2', 'username:alice', 1, 0, 1),
    ('sdks', 1, 1, 'http://x/3', 'username:alice', 1, 0, 0);
";

#[tokio::test]
async fn a_home_that_wrote_down_no_hub_is_put_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("services.db");
    let old = Schema {
        migrations: &SCHEMA.migrations[..BEFORE],
        ..SCHEMA
    };
    let store = Store::open(Location::File(file.clone()), old).await;
    let store = store.unwrap();
    store.write(|c| c.execute_batch(ROWS)).await.unwrap();
    store.close().await;

    let home = Home::of(Store::open(Location::File(file), SCHEMA).await.unwrap());
    let here = home.here().await;
    assert_eq!(home.embedded.asked(), [removed("stale")], "at the start");
    here.backend.sweep().await.unwrap();
    assert_eq!(home.embedded.asked(), []);
    let there = home.at(THERE).await;
    there.backend.sweep().await.unwrap();
    assert_eq!(home.elsewhere.asked(), [removed("there")]);
    assert_eq!(there.delete("alice", "here").await, 200);
    assert_eq!(home.embedded.asked(), [removed("here")]);
    assert_eq!(home.elsewhere.asked(), []);
}
