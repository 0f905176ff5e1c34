//! Sign-in: credentials, tokens, and what is no backend.

use axum::Router;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::any;
use secrecy::ExposeSecret as _;

use super::Witness;
use crate::backend::Credential;
use crate::backend::testing::FakeBackend;
use crate::backend::tests::{alice, assert_says};
use crate::model::UserName;

#[tokio::test]
async fn a_credential_goes_into_the_header_and_success_lets_it_in() {
    for status in [200, 204] {
        let witness = Witness::answering(status, "").await;
        witness
            .backend
            .client()
            .check_credential(&alice())
            .await
            .unwrap();
        let seen = witness.only();
        assert_eq!(seen.line, "GET /api/notifications?unread=true");
        assert_eq!(
            seen.headers["authorization"],
            "Basic YWxpY2U6aHVudGVyMi1zZWNyZXQ="
        );
    }
    for status in [401, 403] {
        let witness = Witness::answering(status, "").await;
        let refused = witness.backend.client().check_credential(&alice()).await;
        assert!(refused.unwrap_err().needs_sign_in());
    }
    for status in [429, 500, 503] {
        let witness = Witness::answering(status, "").await;
        let failed = witness.backend.client().check_credential(&alice()).await;
        assert!(failed.unwrap_err().is_transient());
    }
}

#[tokio::test]
async fn a_backend_without_unread_notifications_is_told_from_a_server_that_asks_nobody() {
    for (known, stranger, accepted) in [
        (404, 401, true),
        (405, 403, true),
        (400, 500, true),
        (404, 404, false),
        (405, 405, false),
        (404, 200, false),
    ] {
        let handler = move |headers: HeaderMap| {
            let signed = headers.contains_key("authorization");
            let status = if signed { known } else { stranger };
            std::future::ready(StatusCode::from_u16(status).unwrap())
        };
        let backend = FakeBackend::serve(Router::new().fallback(any(handler))).await;
        let checked = backend.client().check_credential(&alice()).await;
        match checked {
            Ok(()) => assert!(accepted, "{known} and {stranger}"),
            Err(error) => assert!(!accepted && !error.needs_sign_in(), "{error}"),
        }
    }
}

#[tokio::test]
async fn login_sends_the_password_in_the_body_and_gets_a_token() {
    let witness = Witness::answering(200, r#"{"token":"t-1","expires_in":60}"#).await;
    let client = witness.backend.client();
    let user = UserName::parse("Alice").unwrap();
    let answer = client.login(&user, &"a\"b\\ü".into()).await.ok().unwrap();
    assert_eq!(answer.token.expose_secret(), "t-1");
    assert_eq!(answer.expires_in, Some(60));
    let seen = witness.only();
    assert_eq!(seen.line, "POST /api/login");
    assert_eq!(seen.body, r#"{"username":"alice","password":"a\"b\\ü"}"#);
    assert!(!seen.headers.contains_key("authorization"));
}

#[tokio::test]
async fn a_failed_login_says_why() {
    let user = UserName::parse("alice").unwrap();
    let login = async |status: u16, body: &'static str| {
        let witness = Witness::answering(status, body).await;
        let client = witness.backend.client();
        client.login(&user, &"hunter2".into()).await.err().unwrap()
    };
    assert!(login(401, "").await.needs_sign_in());
    for status in [404, 405] {
        let error = login(status, "").await;
        assert!(!error.is_gone());
        assert_says(&error, &["no bearer tokens", "--auth basic"]);
    }
    assert_says(
        &login(200, r#"{"expires_in":1}"#).await,
        &["\"token\" is missing"],
    );
    assert_says(
        &login(200, r#"{"token":["hunter2"]}"#).await,
        &["wrong kind"],
    );

    let witness = Witness::answering(200, "").await;
    let refused = witness
        .backend
        .client()
        .login(&user, &"hunter2\0".into())
        .await;
    assert_says(&refused.err().unwrap(), &["control character"]);
    assert!(
        witness.seen.lock().unwrap().is_empty(),
        "an unusable password was sent"
    );
}

#[tokio::test]
async fn refresh_and_logout_use_the_bearer_token() {
    let bearer = Credential::bearer("t-1".into()).unwrap();
    let witness = Witness::answering(200, r#"{"token":"t-2"}"#).await;
    let answer = witness
        .backend
        .client()
        .refresh(&bearer)
        .await
        .ok()
        .unwrap();
    assert_eq!(
        (answer.token.expose_secret(), answer.expires_in),
        ("t-2", None)
    );
    let seen = witness.only();
    assert_eq!(seen.line, "POST /api/login/refresh");
    assert_eq!(seen.headers["authorization"], "Bearer t-1");
    assert_eq!(seen.headers["content-length"], "0");

    let witness = Witness::answering(204, "").await;
    witness.backend.client().logout(&bearer).await.unwrap();
    assert_eq!(witness.only().line, "POST /api/logout");
}
