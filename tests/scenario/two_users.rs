//! Two users with phones of their own: what is for one reaches all of that user's phones, and none of
//! the other's.

use handset::lab::{Lab, Phone};
use handset::model::Platform;
use handset::telemetry::{Event, EventName};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::LIMIT;

async fn ask(lab: &Lab, method: Method, path: &str, user: &str, body: Value) -> reqwest::Response {
    let http = reqwest::Client::builder()
        .no_proxy()
        .tls_certs_only([])
        .build()
        .unwrap();
    http.request(method, lab.services().http_url().join(path).unwrap())
        .basic_auth(user, Some(user))
        .json(&body)
        .send()
        .await
        .unwrap()
}

async fn phones(lab: &Lab, user: &str, platforms: &[Platform]) -> Vec<Phone> {
    let mut phones = Vec::new();
    for platform in platforms {
        let name = format!("{user}-{platform}");
        let device = lab.device(&name).user(user).platform(*platform);
        phones.push(device.start().await.unwrap());
    }
    phones
}

/// The bodies of all toasts that a phone showed.
fn bodies(phone: &Phone) -> Vec<String> {
    let shown = phone.shown_toasts().into_iter();
    shown.map(|toast| toast.body).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_for_alice_reaches_her_three_phones_and_none_of_bobs() {
    let lab = Lab::start().await.unwrap();
    let alices = phones(
        &lab,
        "alice",
        &[Platform::Wns, Platform::Apns, Platform::Fcm],
    )
    .await;
    let bobs = phones(&lab, "bob", &[Platform::Wns, Platform::WebPush]).await;

    let backend = lab.backend();
    let sent = backend.send_secure("alice", "for alice").await.unwrap();
    assert_eq!(sent.deliveries.len(), 3);
    for phone in &alices {
        assert_eq!(phone.next_toast(LIMIT).await.unwrap().body, "for alice");
    }
    let item = json!({"text": "alice's milk"});
    let inserted = ask(&lab, Method::POST, "tables/TodoItem", "alice", item).await;
    assert_eq!(inserted.status(), StatusCode::CREATED);
    for phone in &alices {
        assert_eq!(phone.next_toast(LIMIT).await.unwrap().body, "alice's milk");
    }
    // What bob gets behind all that is the first that he gets.
    let sent = backend.send_secure_as("alice", "alice", "bob", "for bob");
    assert_eq!(sent.await.unwrap().deliveries.len(), 2);
    for phone in &bobs {
        assert_eq!(phone.next_toast(LIMIT).await.unwrap().body, "for bob");
        assert_eq!(bodies(phone), ["for bob"]);
    }

    // One of her phones becomes bob's: it has another handle then, and nothing of hers reaches it.
    let switched = &alices[0];
    let before = switched.status().await.unwrap().handle;
    switched.sign_in("bob", "bob").await.unwrap();
    let is_bobs = |event: &Event| {
        event.event == EventName::RegistrationUpdated && event.text("user") == Some("bob")
    };
    switched
        .wait_for("bob's registration", LIMIT, is_bobs)
        .await
        .unwrap();
    assert_ne!(switched.status().await.unwrap().handle, before);
    let sent = backend.send_secure("alice", "hers alone").await.unwrap();
    assert_eq!(sent.deliveries.len(), 2);
    for phone in &alices[1..] {
        assert_eq!(phone.next_toast(LIMIT).await.unwrap().body, "hers alone");
    }
    let sent = backend.send_secure("bob", "his now").await.unwrap();
    assert_eq!(sent.deliveries.len(), 3);
    for phone in bobs.iter().chain([switched]) {
        assert_eq!(phone.next_toast(LIMIT).await.unwrap().body, "his now");
    }
    assert_eq!(bodies(switched), ["for alice", "alice's milk", "his now"]);
    lab.finish().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_forged_registration_leads_nothing_of_alices_to_mallory() {
    let lab = Lab::start().await.unwrap();
    let alices = phones(&lab, "alice", &[Platform::Wns]).await;
    let mallorys = phones(&lab, "mallory", &[Platform::Wns]).await;
    let handle = mallorys[0].status().await.unwrap().handle.unwrap();
    let status = alices[0].status().await.unwrap();
    let hers = status.registration_id.unwrap();
    let put = async |id: &str, tag: &str| {
        let body = json!({"Platform": "wns", "Handle": handle, "Tags": [tag]});
        let path = format!("api/register/{id}");
        let answer = ask(&lab, Method::PUT, &path, "mallory", body).await;
        answer.status().as_u16()
    };
    let created = ask(&lab, Method::POST, "api/register", "mallory", Value::Null).await;
    let own: String = created.json().await.unwrap();
    for tag in [
        "username:alice",
        "UserName:Alice",
        "facebook:alice",
        "google:alice",
        "twitter:alice",
        "microsoftaccount:alice",
        "$UserId:alice",
        "$UserId:{alice}",
        "$InstallationId:{x}",
    ] {
        assert_eq!(put(&own, tag).await, 400, "{tag}");
    }
    assert_eq!(put(&hers, "news").await, 404, "alice's own id");
    let path = format!("api/register/{hers}");
    let deleted = ask(&lab, Method::DELETE, &path, "mallory", Value::Null).await;
    assert_eq!(deleted.status(), StatusCode::NOT_FOUND);

    let backend = lab.backend();
    let sent = backend.send_secure("alice", "hers alone").await.unwrap();
    assert_eq!(sent.deliveries.len(), 1);
    assert_eq!(
        alices[0].next_toast(LIMIT).await.unwrap().body,
        "hers alone"
    );
    backend.send_secure("mallory", "his own").await.unwrap();
    assert_eq!(mallorys[0].next_toast(LIMIT).await.unwrap().body, "his own");
    assert_eq!(bodies(&mallorys[0]), ["his own"]);
    lab.finish().await.unwrap();
}
