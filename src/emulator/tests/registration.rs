//! Registrations: whose they are, what they may say, and whose handle it is.

use reqwest::Method;
use serde_json::json as value;

use super::backend::{push, put, register, request, status, wns};
use super::{Device, json, send, start, url};

#[tokio::test]
async fn a_registration_belongs_to_who_asked_for_it() {
    let services = start().await;
    let handle = url(&services, "w/?token=unknown");
    let id = register(&services, "alice", &wns(&handle)).await;
    assert_eq!(put(&services, "bob", &id, &wns(&handle)).await, 404);
    assert_eq!(put(&services, "alice", "unknown", &wns(&handle)).await, 410);
    let path = format!("api/register/{id}");
    assert_eq!(
        status(request(&services, Method::DELETE, &path, "bob")).await,
        404
    );
    for _ in 0..2 {
        assert_eq!(
            status(request(&services, Method::DELETE, &path, "alice")).await,
            200
        );
    }
    assert_eq!(put(&services, "alice", &id, &wns(&handle)).await, 410);
    let id = register(&services, "alice", &wns(&handle)).await;
    assert_eq!(services.expire_registrations().await.unwrap(), 1);
    assert_eq!(put(&services, "alice", &id, &wns(&handle)).await, 410);
    services.shutdown().await;
}

#[tokio::test]
async fn forged_tags_and_bad_registrations_are_refused_and_not_stored() {
    let services = start().await;
    let (mut device, handle, _) = Device::registered(&services, "wns").await;
    let created = send(request(&services, Method::POST, "api/register", "mallory")).await;
    let id = json(created).await.as_str().unwrap().to_owned();
    let many: Vec<String> = (0..60).map(|n| format!("t{n}")).collect();
    for forged in [
        "username:alice",
        "UserName:alice",
        "FACEBOOK:alice",
        "Google:alice",
        "twitter:alice",
        "MicrosoftAccount:alice",
        "$UserId:alice",
        "$userid:{alice}",
        "$InstallationId:{1}",
        " username:alice",
        "username:alice ",
        "username:alice,ok",
        "user\u{200b}name:alice",
    ] {
        let body = value!({"platform": "wns", "HANDLE": handle, "tags": ["ok", forged]});
        assert_eq!(put(&services, "mallory", &id, &body).await, 400, "{forged}");
    }
    for body in [
        value!({"Platform": "wns", "Handle": handle, "Tags": ["ok", "$InstallationId:1"]}),
        value!({"Platform": "mpns", "Handle": handle}),
        value!({"Platform": "wns", "Handle": handle, "Tags": ["a||b"]}),
        value!({"Platform": "wns", "Handle": handle, "Tags": many}),
        value!({"Platform": "pager", "Handle": handle}),
        value!({"Platform": "wns"}),
        value!({"Platform": "wns", "Handle": "with space"}),
        value!({"Platform": "browser", "Handle": handle}),
        value!({"Platform": "browser", "Handle": handle, "Keys": {"p256dh": "x", "auth": "y"}}),
    ] {
        assert_eq!(put(&services, "mallory", &id, &body).await, 400, "{body}");
    }
    for user in ["alice", "mallory"] {
        let sent = push(&services, "bob", value!({"to": user})).await;
        assert_eq!(sent["Deliveries"], value!([]));
    }
    device.hears_nothing().await;
    let most: Vec<String> = (0..59).map(|n| format!("t{n}")).collect();
    let body = value!({"Platform": "wns", "Handle": handle, "Tags": most});
    assert_eq!(put(&services, "mallory", &id, &body).await, 200);
    services.shutdown().await;
}

#[tokio::test]
async fn a_put_takes_its_handle_from_any_other_registration() {
    let services = start().await;
    let (mut device, handle, _) = Device::registered(&services, "wns").await;
    let first = register(&services, "alice", &wns(&handle)).await;
    let again = format!(
        "api/register?handle={}",
        url::form_urlencoded::byte_serialize(handle.as_bytes()).collect::<String>()
    );
    let reused = json(send(request(&services, Method::POST, &again, "alice")).await).await;
    assert_eq!(reused, first.as_str());
    let other = json(send(request(&services, Method::POST, &again, "bob")).await).await;
    assert_ne!(other, first.as_str());
    register(&services, "bob", &wns(&handle)).await;
    let to_alice = push(&services, "alice", value!({})).await;
    assert_eq!(to_alice["Deliveries"], value!([]), "the phone is bob's now");
    device.hears_nothing().await;
    services.shutdown().await;
}
