//! Ids that are gone, or are the phone's own.

use super::*;
use crate::backend::{BackendOptions, BackendProfile};

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
