//! What each call sends, and what it takes for a success.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::routing::any;
use secrecy::ExposeSecret as _;

use super::{alice, assert_says, one};
use crate::backend::testing::FakeBackend;
use crate::backend::{BackendError, Credential, SentPush};
use crate::model::{Handle, RegistrationId, Tag, UserName};
use crate::wire::app_backend::{MAX_PAYLOAD, MAX_TAGS, RegistrationBody, SecurePushRequest};

#[derive(Debug, Clone)]
pub(super) struct Seen {
    pub(super) line: String,
    pub(super) headers: HeaderMap,
    pub(super) body: String,
}

/// A backend that gives every request the same answer and remembers what it saw.
pub(super) struct Witness {
    pub(super) backend: FakeBackend,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Witness {
    pub(super) async fn answering(status: u16, answer: &'static str) -> Self {
        Self::with(StatusCode::from_u16(status).unwrap(), [], answer).await
    }

    /// As [`Witness::answering`], with more headers.
    pub(super) async fn with<const N: usize>(
        status: StatusCode,
        more: [(&'static str, &'static str); N],
        answer: &'static str,
    ) -> Self {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let log = seen.clone();
        let handler = move |method: Method, uri: Uri, headers: HeaderMap, body: Bytes| {
            let body = String::from_utf8(body.to_vec()).unwrap();
            let line = format!("{method} {uri}");
            log.lock().unwrap().push(Seen {
                line,
                headers,
                body,
            });
            std::future::ready((status, more, answer))
        };
        let backend = FakeBackend::serve(Router::new().fallback(any(handler))).await;
        Self { backend, seen }
    }

    /// How many requests came.
    pub(super) fn count(&self) -> usize {
        self.seen.lock().unwrap().len()
    }

    pub(super) fn only(&self) -> Seen {
        let seen = self.seen.lock().unwrap();
        assert_eq!(seen.len(), 1, "{seen:?}");
        seen[0].clone()
    }
}

pub(super) fn id(text: &str) -> RegistrationId {
    RegistrationId::parse(text).unwrap()
}

pub(super) fn installation(tags: Vec<Tag>) -> RegistrationBody {
    RegistrationBody {
        platform: "wns".to_owned(),
        handle: Handle::parse("https://h/?token=a").unwrap(),
        keys: None,
        tags,
    }
}

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

#[tokio::test]
async fn a_registration_id_is_asked_for_with_the_handle_in_the_query() {
    let witness = Witness::answering(200, "\"12-3\"").await;
    let handle = Handle::parse("https://h/?a=b&c=d#e%2F").unwrap();
    let phone = RegistrationBody {
        handle: handle.clone(),
        ..installation(Vec::new())
    };
    let client = witness.backend.client();
    let created = client.create_registration(&alice(), Some(&phone)).await;
    assert_eq!(created.unwrap(), id("12-3"));
    let seen = witness.only();
    let query = seen.line.strip_prefix("POST /api/register?").unwrap();
    let pairs: Vec<_> = url::form_urlencoded::parse(query.as_bytes()).collect();
    assert_eq!(pairs, [("handle".into(), handle.as_str().into())]);
    assert_eq!(
        (seen.body.as_str(), &seen.headers["content-length"]),
        ("", &"0".parse().unwrap())
    );

    let witness = Witness::answering(200, "bare-id").await;
    let client = witness.backend.client();
    assert_eq!(
        client.create_registration(&alice(), None).await.unwrap(),
        id("bare-id")
    );
    assert_eq!(witness.only().line, "POST /api/register");
}

#[tokio::test]
async fn what_is_no_registration_id_is_refused() {
    for answer in [
        "",
        "\"\"",
        "<html>hunter2</html>",
        "{\"id\":\"x\"} ",
        "\"..\"",
        "\"a b\"",
    ] {
        let witness = Witness::answering(200, answer).await;
        let error = witness
            .backend
            .client()
            .create_registration(&alice(), None)
            .await
            .unwrap_err();
        assert!(
            matches!(error, BackendError::Malformed { .. }),
            "{answer}: {error:?}"
        );
        assert_says(&error, &["not a registration id"]);
    }
}

#[tokio::test]
async fn an_installation_is_put_under_its_id_whatever_is_in_it() {
    for status in [200, 202, 204] {
        let witness = Witness::answering(status, "").await;
        let body = installation(vec![Tag::parse("news").unwrap()]);
        let client = witness.backend.client();
        client
            .put_registration(&alice(), &id("../../admin?x#y"), &body)
            .await
            .unwrap();
        let seen = witness.only();
        assert_eq!(seen.line, "PUT /api/register/..%2F..%2Fadmin%3Fx%23y");
        assert_eq!(seen.headers["content-type"], "application/json");
        assert_eq!(
            seen.body,
            r#"{"Platform":"wns","Handle":"https://h/?token=a","Tags":["news"]}"#
        );
    }
    for status in [404, 410] {
        let witness = Witness::answering(status, "").await;
        let client = witness.backend.client();
        let gone = client
            .put_registration(&alice(), &id("1"), &installation(Vec::new()))
            .await;
        assert!(gone.unwrap_err().is_gone());
    }
}

#[tokio::test]
async fn tags_that_the_backend_alone_may_set_are_not_sent() {
    let witness = Witness::answering(200, "").await;
    let client = witness.backend.client();
    let reserved = installation(vec![Tag::parse("UserName:bob").unwrap()]);
    let error = client
        .put_registration(&alice(), &id("1"), &reserved)
        .await
        .unwrap_err();
    assert_says(&error, &["UserName:bob", "only the backend"]);
    let many = (0..=MAX_TAGS)
        .map(|n| Tag::parse(format!("t{n}")).unwrap())
        .collect();
    let error = client
        .put_registration(&alice(), &id("1"), &installation(many))
        .await
        .unwrap_err();
    assert_says(&error, &[&format!("{} tags", MAX_TAGS + 1)]);
    assert!(witness.seen.lock().unwrap().is_empty());
}

#[tokio::test]
async fn removing_what_is_gone_is_done() {
    for status in [200, 204, 404, 410] {
        let witness = Witness::answering(status, "").await;
        witness
            .backend
            .client()
            .delete_registration(&alice(), &id("1"))
            .await
            .unwrap();
        assert_eq!(witness.only().line, "DELETE /api/register/1");
    }
    let witness = Witness::answering(403, "").await;
    let refused = witness
        .backend
        .client()
        .delete_registration(&alice(), &id("1"))
        .await;
    assert!(refused.unwrap_err().needs_sign_in());
}

#[tokio::test]
async fn a_secure_push_is_sent_and_every_kind_of_answer_understood() {
    let push = SecurePushRequest {
        payload: Some("Your code is 4711".to_owned()),
        ..SecurePushRequest::default()
    };
    let send = async |status: u16, answer: &'static str| {
        let witness = Witness::answering(status, answer).await;
        let sent = witness.backend.client().send_secure(&alice(), &push).await;
        let seen = witness.only();
        assert_eq!(seen.line, "POST /api/notifications");
        assert_eq!(seen.body, r#"{"payload":"Your code is 4711"}"#);
        sent
    };
    assert_eq!(send(200, "").await.unwrap(), SentPush::default());
    let whole = r#"{"Id":"7","To":"alice","Deliveries":[{"Platform":"wns","Outcome":"received"}]}"#;
    let sent = send(201, whole).await.unwrap();
    assert_eq!(sent.id.unwrap().as_str(), "7");
    assert_eq!(
        (sent.to.as_deref(), sent.deliveries.len()),
        (Some("alice"), 1)
    );
    let bare = send(201, r#"{"id":7,"payload":"x","read":false}"#)
        .await
        .unwrap();
    assert_eq!((bare.id.unwrap().as_str(), bare.to), ("7", None));
    assert_says(&send(200, "<html>").await.unwrap_err(), &["not JSON"]);

    let large = SecurePushRequest {
        payload: Some("x".repeat(MAX_PAYLOAD + 1)),
        ..SecurePushRequest::default()
    };
    let witness = Witness::answering(200, "").await;
    let refused = witness.backend.client().send_secure(&alice(), &large).await;
    assert_says(&refused.unwrap_err(), &["at most 16384"]);
}

#[tokio::test]
async fn payloads_are_fetched_listed_and_marked_as_read() {
    let witness = Witness::answering(200, r#"{"Id":"1","Payload":"p","Read":false}"#).await;
    let client = witness.backend.client();
    assert_eq!(
        client
            .fetch_notification(&alice(), &one())
            .await
            .unwrap()
            .payload,
        "p"
    );
    let seen = witness.only();
    assert_eq!(seen.line, "GET /api/notifications/1");
    assert!(
        seen.headers["accept-encoding"]
            .to_str()
            .unwrap()
            .contains("gzip")
    );

    let witness =
        Witness::answering(200, r#"[{"Id":1,"Payload":"p"},{"Id":2,"Payload":"q"}]"#).await;
    let unread = witness.backend.client().unread(&alice()).await.unwrap();
    assert_eq!(unread.len(), 2);
    assert_eq!(witness.only().line, "GET /api/notifications?unread=true");

    let witness = Witness::answering(204, "").await;
    witness
        .backend
        .client()
        .mark_read(&alice(), &one())
        .await
        .unwrap();
    assert_eq!(witness.only().line, "PUT /api/notifications/1/read");
}
