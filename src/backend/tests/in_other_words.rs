//! Answers that say what they say in other words than the embedded backend's.

use axum::http::StatusCode;

use super::calls::Witness;
use super::{alice, one};
use crate::model::{Platform, UserName};

#[tokio::test]
async fn whether_a_payload_was_read_never_fails_its_fetch() {
    let (yes, no) = (true, false);
    for (fetched, listed, is_read) in [
        (
            r#"{"Id":1,"Payload":"p","Read":null}"#,
            r#"[{"Id":1,"Payload":"p","Read":null},{"Id":2,"Payload":"q","Read":false}]"#,
            no,
        ),
        (
            r#"{"Id":1,"Payload":"p","Read":0}"#,
            r#"[{"Id":1,"Payload":"p","Read":0},{"Id":2,"Payload":"q","Read":false}]"#,
            no,
        ),
        (
            r#"{"Id":1,"Payload":"p","Read":"2026-11-20T18:00:00Z"}"#,
            r#"[{"Id":1,"Payload":"p","Read":1},{"Id":2,"Payload":"q"}]"#,
            yes,
        ),
        (
            r#"{"Id":1,"Payload":"p","Read":{"by":"alice"}}"#,
            r#"[{"Id":1,"Payload":"p","Read":[]},{"Id":2,"Payload":"q"}]"#,
            no,
        ),
    ] {
        let witness = Witness::answering(200, fetched).await;
        let client = witness.backend.client();
        let one = client.fetch_notification(&alice(), &one()).await.unwrap();
        assert_eq!((one.payload.as_str(), one.read), ("p", is_read));
        let witness = Witness::answering(200, listed).await;
        let unread = witness.backend.client().unread(&alice()).await.unwrap();
        let read: Vec<_> = unread.iter().map(|one| one.read).collect();
        assert_eq!(read, [is_read, false], "{listed}");
    }
}

#[tokio::test]
async fn a_toast_is_sent_whatever_a_success_says_about_it() {
    let bob = UserName::parse("bob").unwrap();
    for answer in [r#"{"ok":true}"#, "true", "sent", "<ok/>", ""] {
        let witness = Witness::with(StatusCode::OK, [], answer).await;
        let client = witness.backend.client();
        let told = client.send_toast(&alice(), Platform::Wns, &bob, "hi").await;
        assert_eq!(told, Ok(Vec::new()), "{answer}");
    }
}
