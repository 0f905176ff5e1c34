//! When the backend is asked, and when not.

use jiff::{SignedDuration, Timestamp};

use super::*;

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
async fn two_at_once_ask_for_one_id() {
    let scene = Scene::new().await;
    let (one, two) = (wanted("h1", &[]), wanted("h1", &[]));
    let (one, two) = tokio::join!(scene.ensure(&one), scene.ensure(&two));
    assert_eq!(one.unwrap().id, two.unwrap().id);
    assert_eq!(scene.requests(), ["POST id-1", "PUT id-1"]);
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
