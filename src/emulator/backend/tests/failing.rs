//! What senders hear when the hub does not do its part.

use axum::http::Method;

use serde_json::Value;

use super::{Asked, Bench, Refuse, Scripted, json};
use crate::emulator::hub::HubError;
use crate::model::Invalid;
use crate::store::StoreError;
use crate::wire::app_backend::REFUSED_BY;
use crate::wire::push_administration::Profile;

const UNREAD: &str = "/api/notifications?unread=true";

fn partner() -> HubError {
    HubError::Refused {
        hub: "ns.example".to_owned(),
        reason: "evil.example is not an allowed partner".to_owned(),
    }
}

fn remote(transient: bool, in_doubt: bool) -> HubError {
    HubError::Remote {
        hub: "ns.example".to_owned(),
        problem: "does not take the key".to_owned(),
        transient,
        in_doubt,
    }
}

const REFUSALS: [(Refuse, u16, &str); 6] = [
    (partner, 403, "not an allowed partner"),
    (
        || Invalid::new("tag expression", "has too many tags").into(),
        400,
        "too many tags",
    ),
    (|| HubError::Full("sends"), 507, "takes no more sends"),
    (|| remote(true, false), 503, "ns.example does not take"),
    (|| remote(true, true), 503, "ns.example does not take"),
    (|| remote(false, false), 502, "ns.example does not take"),
];

#[tokio::test]
async fn a_sender_hears_the_hubs_reason_and_a_phone_does_not_take_it_for_its_sign_in() {
    let bench = Bench::new().await;
    for (refuse, status, word) in REFUSALS {
        bench.hub.refuse(Some(refuse));
        for (path, body) in [
            ("/api/notifications", r#"{"payload":"p"}"#),
            ("/api/notifications?pns=wns&to_tag=bob", r#""hi""#),
        ] {
            let answer = bench
                .ask(Method::POST, path, "alice", body.to_owned())
                .await;
            assert_eq!(answer.status(), status, "{path}");
            assert_eq!(answer.headers()[REFUSED_BY], "hub");
            assert_eq!(answer.headers().contains_key("retry-after"), status == 503);
            let message = json(answer).await["Message"].to_string();
            assert!(message.contains(word), "{message}");
        }
    }
    // A refusal of the backend's own is not said to be the hub's.
    let path = "/api/notifications?pns=mpns&to_tag=bob";
    let own = bench.ask(Method::POST, path, "alice", r#""hi""#.to_owned());
    let own = own.await;
    assert_eq!(own.status(), 400);
    assert!(!own.headers().contains_key(REFUSED_BY));
    let message = json(own).await["Message"].to_string();
    assert!(
        message.contains("mpns") && message.contains("wns"),
        "{message}"
    );
}

#[tokio::test]
async fn a_payload_that_was_not_pushed_is_kept_only_where_it_may_have_been() {
    for (refuse, status, _) in REFUSALS {
        let bench = Bench::new().await;
        bench.hub.refuse(Some(refuse));
        let body = r#"{"payload":"p"}"#.to_owned();
        bench
            .ask(Method::POST, "/api/notifications", "alice", body)
            .await;
        let unread = bench.ask(Method::GET, UNREAD, "alice", String::new()).await;
        let kept = json(unread).await.as_array().unwrap().len();
        let in_doubt = matches!(refuse(), HubError::Remote { in_doubt: true, .. });
        assert_eq!(kept, usize::from(in_doubt), "{status}");
    }
    let bench = Bench::new().await;
    bench.hub.refuse(Some(|| StoreError::Closed.into()));
    let sent = bench.ask(Method::POST, "/api/notifications", "alice", "{}".to_owned());
    assert_eq!(sent.await.status(), 503);
    let unread = bench.ask(Method::GET, UNREAD, "alice", String::new()).await;
    assert_eq!(json(unread).await, Value::Array(Vec::new()));
}

#[tokio::test]
async fn an_item_is_stored_whatever_becomes_of_its_push() {
    let bench = Bench::new().await;
    bench.hub.refuse(Some(partner));
    let body = r#"{"text":"buy milk"}"#.to_owned();
    let path = "/tables/TodoItem";
    let answer = bench.ask(Method::POST, path, "alice", body).await;
    assert_eq!(answer.status(), 201);
    let item = json(answer).await;
    let error = item["push"]["error"].as_str().unwrap();
    assert!(error.contains("not an allowed partner"), "{item}");
    let listed = bench.ask(Method::GET, path, "alice", String::new()).await;
    assert_eq!(json(listed).await[0]["text"], "buy milk");
    bench.hub.refuse(None);
    bench
        .ask(Method::POST, path, "alice", r#"{"text":"x"}"#.to_owned())
        .await;
    assert_eq!(bench.hub.asked(), [Asked::Sent(4)], "every platform");
}

#[tokio::test]
async fn where_every_service_is_off_the_sender_hears_it_without_any_device() {
    let bench = Bench::under(Profile::Strict, Scripted::default()).await;
    let post = async |path: &str, body: &str| {
        let answer = bench.ask(Method::POST, path, "alice", body.to_owned());
        json(answer.await).await
    };
    let refused = |deliveries: &Value, platforms: &[&str]| {
        let deliveries = deliveries.as_array().unwrap();
        let named: Vec<&str> = deliveries
            .iter()
            .map(|delivery| {
                assert_eq!(delivery["Outcome"], "refused");
                let reason = delivery["Reason"].as_str().unwrap();
                assert!(reason.contains("push-config set"), "{reason}");
                delivery["Platform"].as_str().unwrap()
            })
            .collect();
        assert_eq!(named, platforms);
    };
    let all = ["wns", "apns", "fcm", "webpush"];
    let secure = post("/api/notifications", "{}").await;
    refused(&secure["Deliveries"], &all);
    let toast = post("/api/notifications?pns=apns&to_tag=bob", r#""hi""#).await;
    refused(&toast["Deliveries"], &["apns"]);
    let item = post("/tables/TodoItem", r#"{"text":"milk"}"#).await;
    refused(&item["push"]["deliveries"], &all);
}

#[tokio::test]
async fn what_is_wrong_with_a_body_is_told_without_quoting_it() {
    let bench = Bench::new().await;
    let id = bench.id("alice", "").await;
    let own = format!("/api/register/{id}");
    for (method, path, body, word) in [
        (
            Method::POST,
            "/tables/TodoItem",
            r#"{"text":"t","complete":"s3cret"}"#,
            "a boolean",
        ),
        (
            Method::PUT,
            &own,
            r#"{"Platform":"wns","Handle":{"s3cret":1}}"#,
            "a string",
        ),
        (
            Method::PUT,
            &own,
            r#"{"Platform":"s3cret"}"#,
            "missing field `handle`",
        ),
        (
            Method::PUT,
            &own,
            r#"{"Platform":"wns","Handle":"http://x/1","Tags":["a b"]}"#,
            "tag",
        ),
        (
            Method::POST,
            "/api/login",
            r#"{"username":"alice","password":1}"#,
            "column",
        ),
    ] {
        let refused = bench.ask(method, path, "alice", body.to_owned()).await;
        assert_eq!(refused.status(), 400, "{body}");
        let message = json(refused).await["Message"].to_string();
        assert!(message.contains(word), "{message}");
        assert!(!message.contains("s3cret"), "{message}");
    }
}
