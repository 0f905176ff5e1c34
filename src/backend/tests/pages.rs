//! Lists of more than one page, and plain toasts.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::http::Uri;
use axum::http::header::LINK;
use axum::routing::any;

use super::calls::Witness;
use super::{alice, assert_says};
use crate::backend::testing::FakeBackend;
use crate::model::{Platform, UserName};
use crate::wire::app_backend::MAX_TOAST;

#[tokio::test]
async fn unread_notifications_come_page_by_page_while_there_are_more() {
    let pages = |uri: Uri| {
        let (entries, link) = match uri.query().unwrap() {
            "unread=true" => (r#"[{"Id":"1","Payload":"a"}]"#, "</x>; rel=\"next\""),
            "unread=true&after=1" => (r#"[{"Id":2,"Payload":"b"}]"#, "</x>; rel=prev"),
            other => panic!("{other} was asked for"),
        };
        std::future::ready(([(LINK, link)], entries))
    };
    let backend = FakeBackend::serve(Router::new().fallback(any(pages))).await;
    let all = backend.client().unread(&alice()).await.unwrap();
    let ids: Vec<_> = all.iter().map(|entry| entry.id.as_str()).collect();
    assert_eq!(ids, ["1", "2"]);

    // One that always says there is more, and always the same.
    let asked = Arc::new(Mutex::new(0));
    let count = asked.clone();
    let endless = move || {
        *count.lock().unwrap() += 1;
        let page = r#"[{"Id":"1","Payload":"a"}]"#;
        std::future::ready(([(LINK, "<http://evil.example/>; rel=next")], page))
    };
    let backend = FakeBackend::serve(Router::new().fallback(any(endless))).await;
    assert_eq!(backend.client().unread(&alice()).await.unwrap().len(), 1);
    assert_eq!(*asked.lock().unwrap(), 2);
}

#[tokio::test]
async fn a_plain_toast_names_its_platform_and_its_user() {
    let answer = r#"{"To":"bob","Deliveries":[{"Platform":"fcm","Outcome":"received"}]}"#;
    for (answer, devices) in [(answer, 1), ("", 0)] {
        let witness = Witness::answering(200, answer).await;
        let client = witness.backend.client();
        let bob = UserName::parse("bob@x").unwrap();
        let sent = client
            .send_toast(&alice(), Platform::Fcm, &bob, "\"hi\"")
            .await;
        assert_eq!(sent.unwrap().len(), devices);
        let seen = witness.only();
        assert_eq!(
            seen.line,
            "POST /api/notifications?pns=fcmv1&to_tag=bob%40x"
        );
        assert_eq!(seen.body, r#""\"hi\"""#);
        let long = "x".repeat(MAX_TOAST + 1);
        let refused = client
            .send_toast(&alice(), Platform::Wns, &bob, &long)
            .await;
        assert_says(&refused.unwrap_err(), &["at most 2048"]);
    }
}
