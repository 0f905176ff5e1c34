//! What senders hear when the hub does not do its part.

use axum::http::Method;

use super::{Asked, Bench, Refuse, json};
use crate::emulator::hub::HubError;
use crate::model::Invalid;
use crate::wire::app_backend::REFUSED_BY;

fn partner() -> HubError {
    HubError::Refused {
        hub: "ns.example".to_owned(),
        reason: "evil.example is not an allowed partner".to_owned(),
    }
}

fn remote(transient: bool) -> HubError {
    HubError::Remote {
        hub: "ns.example".to_owned(),
        problem: "does not take the key".to_owned(),
        transient,
    }
}

const REFUSALS: [(Refuse, u16, &str); 5] = [
    (partner, 403, "not an allowed partner"),
    (
        || Invalid::new("tag expression", "has too many tags").into(),
        400,
        "too many tags",
    ),
    (|| HubError::Full("sends"), 507, "takes no more sends"),
    (|| remote(true), 503, "ns.example does not take"),
    (|| remote(false), 502, "ns.example does not take"),
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
        let path = "/api/notifications?unread=true";
        let unread = bench.ask(Method::GET, path, "alice", String::new()).await;
        let kept = json(unread).await.as_array().unwrap().len();
        assert_eq!(kept, usize::from(status >= 500), "{status}");
    }
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
