//! Payloads: sent, fetched and marked as read.

use super::Witness;
use crate::backend::SentPush;
use crate::backend::tests::{alice, assert_says, one};
use crate::wire::app_backend::{MAX_PAYLOAD, SecurePushRequest};

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
