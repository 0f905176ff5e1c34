//! A push reaches every device of its user, and nobody else's.

use handset::lab::Lab;
use handset::model::Platform;
use handset::telemetry::EventName;
use serde_json::json;

use crate::support::LIMIT;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_push_reaches_all_of_a_users_devices_and_no_others() {
    let lab = Lab::start().await.unwrap();
    let mut phones = Vec::new();
    for (name, platform) in [
        ("one", Platform::Wns),
        ("two", Platform::Wns),
        ("three", Platform::WebPush),
    ] {
        let device = lab.device(name).user("alice").platform(platform);
        phones.push(device.start().await.unwrap());
    }
    let bobs = lab.device("bob").user("bob").start().await.unwrap();

    let sent = lab
        .backend()
        .send_secure("alice", "for alice")
        .await
        .unwrap();
    assert_eq!(sent.deliveries.len(), 3);
    for phone in &phones {
        assert_eq!(phone.next_toast(LIMIT).await.unwrap().body, "for alice");
    }
    let backend = lab.backend();
    backend
        .send_secure_as("alice", "alice", "bob", "for bob")
        .await
        .unwrap();
    assert_eq!(bobs.next_toast(LIMIT).await.unwrap().body, "for bob");
    for phone in phones.iter().chain([&bobs]) {
        assert_eq!(phone.shown_toasts().len(), 1, "{phone:?}");
    }
    lab.finish().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_forged_user_tag_is_refused_by_the_phone_and_by_the_backend() {
    let lab = Lab::start().await.unwrap();
    let alice = lab.device("alice").user("alice").start().await.unwrap();
    let mallory = lab.device("mallory").user("mallory").tag("UserName:alice");
    let mallory = mallory.start_at_once().await.unwrap();
    let failed = mallory.event(EventName::RegistrationFailed, LIMIT).await;
    let reason = failed.unwrap().text("detail").unwrap().to_owned();
    assert!(reason.contains("UserName:alice"), "{reason}");
    assert!(mallory.status().await.unwrap().registration_id.is_none());

    let http = reqwest::Client::builder()
        .no_proxy()
        .tls_certs_only([])
        .build()
        .unwrap();
    let url = lab.services().http_url();
    let created = http
        .post(url.join("api/register").unwrap())
        .basic_auth("mallory", Some("mallory"))
        .send()
        .await
        .unwrap();
    let id: String = created.json().await.unwrap();
    for tag in [
        "username:alice",
        "USERNAME:alice",
        "$UserId:alice",
        "$UserId:{alice}",
        "facebook:alice",
    ] {
        let put = http
            .put(url.join(&format!("api/register/{id}")).unwrap())
            .basic_auth("mallory", Some("mallory"))
            .json(&json!({
                "Platform": "wns",
                "Handle": alice.status().await.unwrap().handle,
                "Tags": [tag],
            }))
            .send()
            .await
            .unwrap();
        assert_eq!(put.status(), 400, "{tag}");
    }
    let sent = lab
        .backend()
        .send_secure("alice", "still hers")
        .await
        .unwrap();
    assert_eq!(sent.deliveries.len(), 1);
    assert_eq!(alice.next_toast(LIMIT).await.unwrap().body, "still hers");
    lab.finish().await.unwrap();
}
