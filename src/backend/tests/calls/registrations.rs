//! Registrations: ids, what is put, and what is removed.

use super::{Witness, id, installation};
use crate::backend::BackendError;
use crate::backend::tests::{alice, assert_says};
use crate::model::{Handle, Tag};
use crate::wire::app_backend::{MAX_TAGS, RegistrationBody};

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
