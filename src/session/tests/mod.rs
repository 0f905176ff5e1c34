//! Sessions with the real client and a real vault, against a small backend, by a simulated clock.

mod scene;

use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};

use super::*;
use scene::Scene;

/// Moves the simulated clock. Time is paused for the moment alone: with it paused for good, a
/// request's time-out would fire while the answer is under way.
async fn pass(seconds: u64) {
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(seconds)).await;
    tokio::time::resume();
}

fn basic() -> SignIn {
    SignIn::Basic {
        password: "alice".into(),
    }
}

fn bearer() -> SignIn {
    SignIn::Bearer {
        password: "alice".into(),
    }
}

fn token_of(current: &Current) -> &str {
    current.credential.token().expose_secret()
}

#[tokio::test]
async fn basic_sign_in_is_checked_kept_and_found_after_a_restart() {
    let mut scene = Scene::new().await;
    assert_eq!(scene.session.state(), SessionState::Unknown);
    assert!(scene.session.credential().await.unwrap().is_none());
    assert_eq!(scene.session.state(), SessionState::SignedOut);

    scene.sign_in(basic()).await.unwrap();
    assert_eq!(scene.requests(), ["check Basic YWxpY2U6YWxpY2U="]);
    assert_eq!(scene.event_names(), [EventName::SessionSignedIn]);
    let current = scene.session.credential().await.unwrap().unwrap();
    let day = "2026-11-20T18:00:00Z".parse::<Timestamp>().unwrap();
    assert!(current.generation >= day.as_millisecond());
    assert!(current.generation <= scene.clock.now().as_millisecond());

    let found = scene.restarted().credential().await.unwrap().unwrap();
    assert_eq!(token_of(&found), token_of(&current));
    assert_eq!(found.generation, current.generation);
    assert_eq!(scene.requests(), [""; 0]);
}

#[tokio::test]
async fn a_refused_sign_in_changes_nothing() {
    let mut scene = Scene::new().await;
    scene.sign_in(basic()).await.unwrap();
    scene.event_names();
    scene.set(|desk| desk.refuses = true);
    for again in [basic(), bearer(), SignIn::Token { token: "t".into() }] {
        let error = scene.sign_in(again).await.unwrap_err();
        assert!(matches!(error, SessionError::Refused { status: 403, .. }));
        assert!(error.needs_sign_in() && !error.is_transient());
    }
    scene.set(|desk| desk.fails = true);
    assert!(scene.sign_in(basic()).await.unwrap_err().is_transient());
    let unusable = SignIn::Token {
        token: "a b".into(),
    };
    let error = scene.sign_in(unusable).await.unwrap_err();
    assert!(matches!(error, SessionError::Unusable(_)), "{error:?}");
    assert_eq!(scene.event_names(), []);
    assert!(scene.session.credential().await.unwrap().is_some());
}

#[tokio::test]
async fn a_bearer_token_that_has_expired_is_not_sent() {
    let scene = Scene::new().await;
    scene.sign_in(bearer()).await.unwrap();
    assert_eq!(scene.requests(), ["login"]);
    let current = scene.session.credential().await.unwrap().unwrap();
    assert_eq!(token_of(&current), "token-1");
    assert!(matches!(
        scene.session.state(),
        SessionState::SignedIn {
            scheme: AuthScheme::Bearer,
            expires_at: Some(_)
        }
    ));
    pass(101).await;
    assert!(scene.session.credential().await.unwrap().is_none());
    assert_eq!(scene.session.state(), SessionState::Expired);
    let restarted = scene.restarted();
    assert_eq!(restarted.restore().await.unwrap(), SessionState::Expired);
}

#[tokio::test]
async fn a_refusal_hits_the_token_that_was_used_and_no_newer_one() {
    let scene = Scene::new().await;
    scene.sign_in(basic()).await.unwrap();
    let old = scene.session.credential().await.unwrap().unwrap();
    scene.sign_in(basic()).await.unwrap();
    let new = scene.session.credential().await.unwrap().unwrap();
    assert!(new.generation > old.generation);
    assert!(!scene.session.refused(old.generation));
    assert!(scene.session.credential().await.unwrap().is_some());
    assert!(scene.session.refused(new.generation));
    assert!(scene.session.credential().await.unwrap().is_none());
    assert_eq!(scene.session.state(), SessionState::Expired);

    scene.sign_in(basic()).await.unwrap();
    let newest = scene.session.credential().await.unwrap().unwrap();
    assert!(newest.generation > new.generation);
}

#[tokio::test]
async fn generations_grow_across_restarts() {
    let scene = Scene::new().await;
    scene.sign_in(basic()).await.unwrap();
    let before = scene.session.credential().await.unwrap().unwrap();
    let restarted = scene.restarted();
    restarted.sign_in(&scene.client, basic()).await.unwrap();
    let after = restarted.credential().await.unwrap().unwrap();
    assert!(after.generation > before.generation);
}

#[tokio::test]
async fn signing_out_revokes_deletes_and_says_so() {
    let mut scene = Scene::new().await;
    scene.sign_in(bearer()).await.unwrap();
    scene.requests();
    scene.session.sign_out(&scene.client).await.unwrap();
    assert_eq!(scene.requests(), ["logout Bearer token-1"]);
    assert!(scene.stored().await.is_none());
    assert_eq!(scene.session.state(), SessionState::SignedOut);
    assert_eq!(
        scene.event_names(),
        [EventName::SessionSignedIn, EventName::SessionSignedOut]
    );

    scene.sign_in(bearer()).await.unwrap();
    scene.set(|desk| desk.fails = true);
    scene.requests();
    // A process that never read the token revokes it too, and a dead backend does not keep it.
    scene.restarted().sign_out(&scene.client).await.unwrap();
    assert_eq!(scene.requests(), ["logout Bearer token-2"]);
    assert!(scene.stored().await.is_none());
}

#[tokio::test]
async fn a_token_is_refreshed_shortly_before_its_end() {
    let scene = Scene::new().await;
    scene.sign_in(bearer()).await.unwrap();
    let first = scene.session.credential().await.unwrap().unwrap();
    let refresh = async || scene.session.refresh_if_near_expiry(&scene.client).await;
    assert!(!refresh().await.unwrap());
    pass(85).await;
    assert!(scene.session.refresh_at().unwrap() <= scene.clock.now());
    scene.requests();
    assert!(refresh().await.unwrap());
    assert_eq!(scene.requests(), ["refresh Bearer token-1"]);
    let second = scene.session.credential().await.unwrap().unwrap();
    assert_eq!(token_of(&second), "token-2");
    assert!(second.generation > first.generation && second.expires_at > first.expires_at);
    let found = scene.restarted().credential().await.unwrap().unwrap();
    assert_eq!(token_of(&found), "token-2");

    pass(85).await;
    scene.set(|desk| desk.no_refresh = true);
    assert!(!refresh().await.unwrap());
    assert_eq!(scene.session.refresh_at(), None);
}

#[tokio::test]
async fn a_refused_refresh_ends_the_token_and_a_failed_one_does_not() {
    let scene = Scene::new().await;
    scene.sign_in(bearer()).await.unwrap();
    pass(85).await;
    let refresh = async || scene.session.refresh_if_near_expiry(&scene.client).await;
    scene.set(|desk| desk.fails = true);
    assert!(refresh().await.unwrap_err().is_transient());
    assert!(scene.session.credential().await.unwrap().is_some());
    scene.set(|desk| (desk.fails, desk.refuses) = (false, true));
    assert!(refresh().await.unwrap_err().needs_sign_in());
    assert_eq!(scene.session.state(), SessionState::Expired);
}

#[tokio::test]
async fn a_token_that_the_vault_does_not_keep_does_not_count_and_is_revoked() {
    let folder = tempfile::tempdir().unwrap();
    let mut scene = Scene::with(Vault::file(folder.path().join("missing/vault"))).await;
    std::fs::write(
        folder.path().join("missing"),
        "a file where the folder should be",
    )
    .unwrap();
    let error = scene.sign_in(bearer()).await.unwrap_err();
    assert!(matches!(error, SessionError::Vault(_)), "{error:?}");
    assert_eq!(scene.requests(), ["login", "logout Bearer token-1"]);
    assert_eq!(scene.event_names(), []);
    assert!(!matches!(
        scene.session.state(),
        SessionState::SignedIn { .. }
    ));

    // What is the user's own is not revoked.
    let own = SignIn::Token {
        token: "own".into(),
    };
    scene.sign_in(own).await.unwrap_err();
    assert_eq!(scene.requests(), ["check Bearer own"]);
}

#[tokio::test]
async fn a_vault_that_comes_to_life_later_is_asked_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vault");
    let scene = Scene::with(Vault::file(path.clone())).await;
    scene.sign_in(basic()).await.unwrap();

    let aside = folder.path().join("aside");
    std::fs::rename(&path, &aside).unwrap();
    std::fs::create_dir(&path).unwrap();
    let restarted = scene.restarted();
    for _ in 0..2 {
        let error = restarted.credential().await.unwrap_err();
        assert!(matches!(error, SessionError::Vault(_)), "{error:?}");
        assert_eq!(restarted.state(), SessionState::Unknown);
    }
    std::fs::remove_dir(&path).unwrap();
    std::fs::rename(&aside, &path).unwrap();
    assert!(restarted.credential().await.unwrap().is_some());
}

#[tokio::test]
async fn a_damaged_entry_is_said_once_and_counts_as_signed_out() {
    let scene = Scene::new().await;
    let garbage = SecretString::from("{\"token\":\"hunter2");
    scene.vault.set(&scene.key, garbage).await.unwrap();
    let error = scene.session.restore().await.unwrap_err();
    assert!(matches!(error, SessionError::Damaged { .. }));
    assert!(error.needs_sign_in());
    assert!(!error.to_string().contains("hunter2"), "{error}");
    assert_eq!(scene.session.state(), SessionState::SignedOut);
    assert!(scene.session.credential().await.unwrap().is_none());
    scene.sign_in(basic()).await.unwrap();
    assert!(scene.restarted().credential().await.unwrap().is_some());
}

#[tokio::test]
async fn a_token_never_goes_to_another_backend() {
    let scene = Scene::new().await;
    let other = Scene::new().await;
    scene.sign_in(bearer()).await.unwrap();
    let errors = [
        scene.session.sign_in(&other.client, basic()).await.err(),
        scene.session.sign_out(&other.client).await.err(),
        scene
            .session
            .refresh_if_near_expiry(&other.client)
            .await
            .err(),
    ];
    for error in errors {
        assert!(matches!(error, Some(SessionError::OtherBackend { .. })));
    }
    assert_eq!(other.requests(), [""; 0]);
    assert!(scene.session.credential().await.unwrap().is_some());
}

#[tokio::test]
async fn debug_output_shows_no_token() {
    let scene = Scene::new().await;
    scene.sign_in(bearer()).await.unwrap();
    let current = scene.session.credential().await.unwrap().unwrap();
    let sign_in = SignIn::Basic {
        password: "hunter2".into(),
    };
    let shown = format!("{:?} {current:?} {sign_in:?}", scene.session);
    assert!(!shown.contains("token-1"), "{shown}");
    assert!(!shown.contains("hunter2"), "{shown}");
}
