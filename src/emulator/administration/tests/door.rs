//! The admin door over HTTP.

use reqwest::{RequestBuilder, Response, StatusCode};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

use crate::emulator::tests::{client, start, start_in};
use crate::emulator::{AdministrationOptions, PushAdministration, Services};
use crate::wire::push_administration::MAX_BODY;

const PATH: &str = "admin/push-administration";

fn url(services: &Services, path: &str) -> String {
    services.http_url().join(path).unwrap().to_string()
}

fn with_token(services: &Services, request: RequestBuilder) -> RequestBuilder {
    request.bearer_auth(services.admin_token().expose_secret())
}

async fn post(services: &Services, body: impl Into<reqwest::Body>) -> Response {
    let request = client().post(url(services, PATH)).body(body);
    with_token(services, request).send().await.unwrap()
}

/// The status and the body of an answer that no cache may keep.
async fn read(response: Response) -> (StatusCode, Value) {
    assert_eq!(response.headers()["cache-control"], "no-store");
    assert!(!response.headers().contains_key("set-cookie"));
    assert!(
        !response
            .headers()
            .contains_key("access-control-allow-origin")
    );
    let status = response.status();
    (status, response.json().await.unwrap())
}

#[tokio::test]
async fn the_door_opens_to_its_token_alone() {
    let services = start().await;
    let token = services.admin_token().expose_secret().to_owned();
    let shorter = &token[..token.len() - 1];
    let longer = format!("{token}x");
    for path in [PATH, "admin/push-administration/permission"] {
        for wrong in [None, Some(""), Some(shorter), Some(&longer), Some("Bearer")] {
            let mut request = client().post(url(&services, path)).body("{}");
            if let Some(wrong) = wrong {
                request = request.bearer_auth(wrong);
            }
            let response = request.send().await.unwrap();
            let challenge = response.headers()["www-authenticate"].clone();
            assert!(challenge.to_str().unwrap().starts_with("Bearer "));
            let (status, body) = read(response).await;
            assert_eq!(
                (status.as_u16(), &body["code"]),
                (401, &json!("token_needed")),
                "{wrong:?}"
            );
            assert!(!body.to_string().contains(&token));
        }
    }
    let basic = client()
        .get(url(&services, PATH))
        .basic_auth("admin", Some(&token));
    assert_eq!(basic.send().await.unwrap().status(), 401);
    let twice = with_token(&services, client().get(url(&services, PATH)));
    let twice = with_token(&services, twice).send().await.unwrap();
    assert_eq!(twice.status(), 401);
    let (status, state) = read(
        with_token(&services, client().get(url(&services, PATH)))
            .send()
            .await
            .unwrap(),
    )
    .await;
    assert_eq!(status, 200);
    assert_eq!(state["in_force"]["profile"], "quick-start");
    assert_eq!(state["ephemeral"], true);
    assert!(!format!("{services:?}").contains(&token));
    services.shutdown().await;
}

#[tokio::test]
async fn two_runs_have_two_tokens() {
    let (one, other) = (start().await, start().await);
    let request = client().get(url(&one, PATH));
    let answer = with_token(&other, request).send().await.unwrap();
    assert_eq!(answer.status(), 401);
    one.shutdown().await;
    other.shutdown().await;
}

#[tokio::test]
async fn junk_is_refused_in_words_and_changes_nothing() {
    let services = start().await;
    let deep = "[".repeat(MAX_BODY - 1);
    for (junk, expected) in [
        ("", 400),
        ("{", 400),
        ("null", 400),
        (deep.as_str(), 400),
        (r#"{"change":"explode"}"#, 400),
        (r#"{"change":"allow-domain","domain":"a b"}"#, 400),
        (r#"{"change":"set-configuration","identity":"site:*"}"#, 400),
    ] {
        let (status, body) = read(post(&services, junk.to_owned()).await).await;
        assert_eq!(status, expected, "{body}");
        assert_eq!(body["code"], "bad_request");
        assert!(body["error"].as_str().unwrap().len() < 400, "{body}");
    }
    let huge = post(&services, vec![b' '; MAX_BODY + 1]).await;
    let (status, body) = read(huge).await;
    assert_eq!((status.as_u16(), &body["code"]), (413, &json!("too_large")));
    let state = with_token(&services, client().get(url(&services, PATH)));
    let (_, state) = read(state.send().await.unwrap()).await;
    assert_eq!(state["rules"]["configurations"], json!([]));
    let method = with_token(&services, client().delete(url(&services, PATH)));
    assert_eq!(method.send().await.unwrap().status(), 405);
    services.shutdown().await;
}

#[tokio::test]
async fn changes_count_at_once_and_stay() {
    let folder = tempfile::tempdir().unwrap();
    let services = start_in(folder.path()).await;
    let off = r#"{"change":"set-configuration","identity":"global","switches":{"google":true},"what_if":true}"#;
    let (status, changed) = read(post(&services, off).await).await;
    assert_eq!(status, 200);
    assert_eq!(changed["after"]["in_force"]["services"]["apple"], false);
    assert!(services.in_force().services.apple);
    let (status, _) = read(post(&services, off.replace("true}", "false}")).await).await;
    assert_eq!(status, 200);
    assert!(!services.in_force().services.apple);
    let add = r#"{"change":"allow-domain","domain":"contoso.com"}"#;
    assert_eq!(read(post(&services, add).await).await.0, 200);
    let (status, body) = read(post(&services, add).await).await;
    assert_eq!((status.as_u16(), &body["code"]), (409, &json!("refused")));
    let ask = |body: &'static str| {
        let path = url(&services, "admin/push-administration/permission");
        with_token(&services, client().post(path)).body(body).send()
    };
    let (_, may) = read(ask(r#"{"domain":"contoso.com"}"#).await.unwrap()).await;
    assert_eq!(may, json!({"domain": "contoso.com"}));
    let (_, may_not) = read(ask(r#"{"domain":"other.com"}"#).await.unwrap()).await;
    assert_eq!(may_not["refusal"]["kind"], "domain_not_allowed");
    let (_, own) = read(ask("{}").await.unwrap()).await;
    assert_eq!(own["domain"], "backend.handset.localhost");
    let busy = PushAdministration::open(folder.path(), AdministrationOptions::default());
    services.shutdown().await;
    let stored = busy.await.unwrap().state();
    assert!(
        stored.rules.configurations[0].switches
            == crate::wire::push_administration::Switches::default()
    );
    assert_eq!(stored.rules.allowed.len(), 1);
}

#[tokio::test]
async fn what_is_in_force_is_told_when_the_services_are_ready() {
    let services = start().await;
    let line = services.ready_event().to_line();
    let event: Value = serde_json::from_str(&line).unwrap();
    let all_on = json!({"apple": true, "microsoft": true, "google": true, "webpush": true});
    assert_eq!(event["administration"]["services"], all_on);
    assert_eq!(event["administration"]["partner"], true);
    assert_eq!(
        event["administration"]["domain"],
        "backend.handset.localhost"
    );
    assert!(!line.contains(services.admin_token().expose_secret()));
    services.shutdown().await;
}
