//! Unread notifications, page by page, and how many are kept.

use reqwest::Method;
use serde_json::json as value;

use super::backend::{push, request, status};
use super::{client, json, send, start, url};
use crate::backend::{BackendClient, BackendOptions, Credential};
use crate::model::{BackendOrigin, UserName};

#[tokio::test]
async fn unread_notifications_are_listed_until_they_are_read() {
    let services = start().await;
    let first = push(&services, "alice", value!({"payload": "one"})).await;
    push(&services, "alice", value!({})).await;
    let list = || {
        request(
            &services,
            Method::GET,
            "api/notifications?unread=true",
            "alice",
        )
    };
    let listed = json(send(list()).await).await;
    assert_eq!(listed.as_array().unwrap().len(), 2);
    assert_eq!(listed[0]["Payload"], "one");
    let path = format!("api/notifications/{}/read", first["Id"].as_str().unwrap());
    assert_eq!(
        status(request(&services, Method::PUT, &path, "alice")).await,
        204
    );
    assert_eq!(json(send(list()).await).await.as_array().unwrap().len(), 1);
    let large = "x".repeat(16 * 1024);
    for _ in 0..5 {
        push(&services, "alice", value!({"payload": large})).await;
    }
    let body = send(list()).await.text().await.unwrap();
    assert!(
        body.len() <= crate::wire::app_backend::MAX_BODY,
        "{}",
        body.len()
    );
    let origin = BackendOrigin::parse(services.http_url().as_str()).unwrap();
    let client = BackendClient::new(BackendOptions::new(origin)).unwrap();
    let alice = UserName::parse("alice").unwrap();
    let credential = Credential::basic(&alice, &"alice".into()).unwrap();
    let all = client.unread(&credential).await.unwrap();
    assert_eq!(all.len(), 6, "page by page");
    assert_eq!(all.iter().filter(|entry| entry.payload == large).count(), 5);
    client.mark_read(&credential, &all[0].id).await.unwrap();
    assert_eq!(client.unread(&credential).await.unwrap(), all[1..]);
    let other = Credential::basic(&UserName::parse("bob").unwrap(), &"bob".into()).unwrap();
    let foreign = client.mark_read(&other, &all[1].id).await;
    assert!(foreign.unwrap_err().is_gone());
    let lost = "api/notifications?unread=true&after=gone";
    let behind_none = json(send(request(&services, Method::GET, lost, "alice")).await).await;
    assert!(!behind_none.as_array().unwrap().is_empty());
    assert_eq!(
        status(request(
            &services,
            Method::GET,
            "api/notifications",
            "alice"
        ))
        .await,
        400
    );
    services.shutdown().await;
}

#[tokio::test]
async fn a_user_has_a_bounded_number_of_payloads_and_what_was_read_goes_first() {
    let services = start().await;
    let client = client();
    let path = url(&services, "api/notifications");
    let post = async |payload: String| {
        let body = value!({"to": "carol", "payload": payload}).to_string();
        let post = client.post(&path).basic_auth("carol", Some("carol"));
        json(send(post.body(body)).await).await["Id"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let first = post("first".to_owned()).await;
    let second = post("second".to_owned()).await;
    let get = |id: &str| {
        let path = format!("api/notifications/{id}");
        status(request(&services, Method::GET, &path, "carol"))
    };
    let read = format!("api/notifications/{second}/read");
    assert_eq!(
        status(request(&services, Method::PUT, &read, "carol")).await,
        204
    );
    for n in 2..1000 {
        post(n.to_string()).await;
    }
    assert_eq!((get(&first).await, get(&second).await), (200, 200));
    post("one more".to_owned()).await;
    assert_eq!((get(&first).await, get(&second).await), (200, 404));
    post("and another".to_owned()).await;
    assert_eq!(get(&first).await, 404);
    services.shutdown().await;
}
