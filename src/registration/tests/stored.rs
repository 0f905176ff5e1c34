//! What is kept, for whom, and for how long.

use super::*;

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
