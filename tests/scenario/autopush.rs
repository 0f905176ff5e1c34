//! A push server that knows no platforms: the device becomes a Web Push device, and says so.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use handset::lab::{Lab, Phone};
use handset::model::Platform;
use handset::telemetry::EventName;
use handset::wire::webpush::{DeviceKeys, encrypt, encrypt_aesgcm};
use serde_json::json;

use crate::support::push_server::PushServer;
use crate::support::{LIMIT, dropped_because, events_of, eventually, nth_event};

/// A phone of alice's that asked for a WNS handle and became a Web Push device.
async fn phone_at(lab: &Lab, server: &PushServer) -> Phone {
    let device = lab.device("phone").user("alice").push(server.url());
    device.platform(Platform::Wns).start().await.unwrap()
}

/// Stores a payload, and pushes its id under `version` as the backend's own sender would.
async fn push(lab: &Lab, server: &PushServer, phone: &Phone, version: &str, text: &str) -> String {
    let sent = lab.backend().send_secure("alice", text).await.unwrap();
    let keys = phone.status().await.unwrap().subscription.unwrap().keys;
    let sealed = encrypt(&keys, sent.id.unwrap().as_str().as_bytes()).unwrap();
    let data = URL_SAFE_NO_PAD.encode(sealed);
    server.notify(version, &data);
    assert_eq!(phone.next_toast(LIMIT).await.unwrap().body, text);
    eventually("it is acknowledged", || server.ack_of(version) == Some(100)).await;
    data
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_device_becomes_a_web_push_device_and_reads_what_is_sealed_for_it() {
    let lab = Lab::start().await.unwrap();
    let server = PushServer::start().await;
    let device = lab.device("phone").user("alice").push(server.url());
    let phone = device.platform(Platform::Wns).start().await.unwrap();
    let status = phone.status().await.unwrap();
    assert_eq!(status.platform, Platform::WebPush);
    let subscription = status.subscription.unwrap();
    assert_eq!(
        status.handle.as_deref(),
        Some(subscription.endpoint.as_str())
    );
    assert_eq!(server.frames("register")[0]["platform"], "wns");

    let sent = lab.backend().send_secure("alice", "sealed").await.unwrap();
    let id = sent.id.unwrap();
    let foreign = encrypt(&DeviceKeys::generate().public(), b"1").unwrap();
    server.notify("foreign", &URL_SAFE_NO_PAD.encode(foreign));
    dropped_because(&phone, "undecryptable").await;
    eventually("it is told", || server.ack_of("foreign") == Some(101)).await;

    let sealed = encrypt(&subscription.keys, id.as_str().as_bytes()).unwrap();
    for _ in 0..3 {
        server.notify("own", &URL_SAFE_NO_PAD.encode(&sealed));
    }
    assert_eq!(phone.next_toast(LIMIT).await.unwrap().body, "sealed");
    eventually("it is acknowledged", || server.ack_of("own") == Some(100)).await;
    assert_eq!(
        phone.shown_toasts().len(),
        1,
        "one message, however often it comes"
    );
    lab.finish().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_forgot_the_device_gets_it_anew_and_the_backend_its_new_handle() {
    let lab = Lab::start().await.unwrap();
    let server = PushServer::start().await;
    let phone = phone_at(&lab, &server).await;
    push(&lab, &server, &phone, "v1", "before").await;
    let handle = phone.status().await.unwrap().handle.unwrap();
    // Names as long as a real server's.
    let (uaid, endpoint) = ("f".repeat(32), format!("{}==", "g".repeat(230)));
    server.forget_devices(&uaid, &endpoint);
    server.close(1011, "SM");
    let updated = nth_event(&phone, EventName::RegistrationUpdated, 2).await;
    let renewed = phone.status().await.unwrap().handle.unwrap();
    assert!(
        renewed.ends_with(&endpoint) && renewed != handle,
        "{renewed}"
    );
    assert_eq!(updated.text("handle"), Some(renewed.as_str()));
    push(&lab, &server, &phone, &"v=".repeat(115), "after").await;
    server.close(1011, "SM");
    eventually("it connects", || server.frames("hello").len() >= 3).await;
    let hellos = server.frames("hello");
    assert_eq!(hellos[0].get("uaid"), None);
    assert_eq!(hellos[2]["uaid"], uaid.as_str());
    assert_eq!(events_of(&phone, EventName::RegistrationUpdated).len(), 2);
    lab.finish().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_a_server_closes_for_the_phone_comes_back_and_shows_nothing_twice() {
    let lab = Lab::start().await.unwrap();
    let server = PushServer::start().await;
    let phone = phone_at(&lab, &server).await;
    let closes = [
        (1011, "SM"),
        (1011, "Json"),
        (1011, "HandshakeTimeout"),
        (1011, "PongTimeout"),
        (1003, "UnsupportedMessage"),
    ];
    for (round, (code, reason)) in closes.into_iter().enumerate() {
        let version = format!("v{round}");
        let data = push(&lab, &server, &phone, &version, reason).await;
        server.close(code, reason);
        let closed = nth_event(&phone, EventName::ChannelClosed, round + 1).await;
        assert_eq!(closed.text("reason"), Some("closed_by_peer"));
        assert!(format!("{closed:?}").contains(reason), "{closed:?}");
        nth_event(&phone, EventName::ChannelOpened, round + 2).await;
        // The ack was lost on the way, perhaps: the same version comes again.
        server.notify(&version, &data);
        eventually("it is acknowledged again", || {
            server.acks_of(&version) == [100, 100]
        })
        .await;
    }
    assert_eq!(phone.shown_toasts().len(), closes.len());
    lab.finish().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_register_is_told_and_tried_again() {
    let lab = Lab::start().await.unwrap();
    let server = PushServer::start().await;
    let phone = phone_at(&lab, &server).await;
    for (round, status) in [500, 409].into_iter().enumerate() {
        server.answer_registers_with(status);
        server.close(1011, "SM");
        let refused = phone
            .wait_for("the refusal", LIMIT, |event| {
                event.event == EventName::ChannelClosed
                    && event.text("reason") == Some("register_refused")
                    && format!("{event:?}").contains(&status.to_string())
            })
            .await;
        refused.unwrap();
        server.answer_registers_with(200);
        nth_event(&phone, EventName::ChannelOpened, round + 2).await;
        let version = format!("v{round}");
        push(&lab, &server, &phone, &version, &version).await;
    }
    lab.finish().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_older_sender_s_push_is_read_and_one_that_is_not_sealed_right_never_shown() {
    let lab = Lab::start().await.unwrap();
    let server = PushServer::start().await;
    let phone = phone_at(&lab, &server).await;
    let keys = phone.status().await.unwrap().subscription.unwrap().keys;
    let sent = lab.backend().send_secure("alice", "of old").await.unwrap();
    let id = sent.id.unwrap();
    let sealed = encrypt_aesgcm(&keys, id.as_str().as_bytes()).unwrap();
    let data = URL_SAFE_NO_PAD.encode(&sealed.body);
    let headers = json!({
        "encoding": "aesgcm",
        "encryption": sealed.encryption,
        "crypto_key": sealed.crypto_key,
    });
    for broken in [
        json!({"encoding": "aesgcm"}),
        json!({"encoding": "aesgcm", "encryption": "salt=x", "crypto_key": "dh=x"}),
        json!({"encoding": "aes128gcm"}),
        json!({"encoding": "identity"}),
    ] {
        let version = broken.to_string().len().to_string();
        server.notify_with(&version, &data, &broken);
        eventually("it is told", || server.ack_of(&version) == Some(101)).await;
    }
    dropped_because(&phone, "undecryptable").await;
    dropped_because(&phone, "unsupported_encoding").await;
    assert!(phone.shown_toasts().is_empty());
    server.notify_with("old", &data, &headers);
    assert_eq!(phone.next_toast(LIMIT).await.unwrap().body, "of old");
    eventually("it is acknowledged", || server.ack_of("old") == Some(100)).await;
    lab.finish().await.unwrap();
}
