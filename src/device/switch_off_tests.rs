//! Switching a phone off while its disk refuses what arrives, or its backend does not answer.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::{get, post};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Message;

use super::{Device, DeviceOptions, Mode, RegisterRequest, SignInRequest, SignInSecret, Vaults};
use crate::backend::testing::FakeBackend;
use crate::lifecycle::Scope;
use crate::model::{DeviceName, UserName};
use crate::store::Location;
use crate::telemetry::EventName;

/// More than are made durable at once.
const PUSHES: usize = 400;

/// Far below the longest wait between two tries of the disk.
const SOON: Duration = Duration::from_secs(3);

/// Greets and registers one device, then sends it so many pushes.
async fn serve_one_device(listener: TcpListener, pushes: usize) {
    let (stream, _) = listener.accept().await.unwrap();
    let mut socket = tokio_tungstenite::accept_async(stream).await.unwrap();
    let channel = loop {
        let Some(Ok(Message::Text(text))) = socket.next().await else {
            return;
        };
        let frame: Value = serde_json::from_str(&text).unwrap();
        let answer = if frame["messageType"] == "hello" {
            json!({"messageType": "hello", "uaid": "a".repeat(32), "status": 200})
        } else {
            json!({"messageType": "register", "channelID": frame["channelID"], "status": 200,
                "handle": "https://wns/1", "platform": "wns"})
        };
        socket
            .send(Message::text(answer.to_string()))
            .await
            .unwrap();
        if frame["messageType"] == "register" {
            break frame["channelID"].clone();
        }
    };
    for number in 0..pushes {
        let push = json!({"messageType": "notification", "channelID": channel,
            "version": number.to_string(), "data": "MQ", "headers": {"platform": "wns"}});
        socket.send(Message::text(push.to_string())).await.unwrap();
    }
    while let Some(Ok(_)) = socket.next().await {}
}

#[tokio::test]
async fn a_disk_that_refuses_does_not_hold_up_the_end() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let push = Some(format!("ws://{}/", listener.local_addr().unwrap()));
    let service = Scope::new();
    service.spawn("push service", serve_one_device(listener, PUSHES));
    let options = DeviceOptions::new(DeviceName::default(), Location::Memory, Vaults::memory());
    let device = Device::open(options).await.unwrap();
    let store = &device.core.store;
    store
        .write(|c| c.execute_batch("DROP TABLE inbox"))
        .await
        .unwrap();
    let wish = RegisterRequest {
        push,
        ..RegisterRequest::default()
    };
    device.configure(wish).await.unwrap();
    let mut events = device.events().listen();
    device.turn_on(Mode::WithoutBackend).await.unwrap();
    // Long enough for the waits between two tries to have grown to seconds.
    let mut held = 0;
    while held < 5 * super::channel_keeper::MOST_UNDERWAY {
        let event = events.next().await.unwrap().unwrap();
        held += usize::from(event.event == EventName::PushHeld);
    }
    let begun = Instant::now();
    assert_eq!(device.shutdown().await, 0);
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_backend_that_does_not_answer_a_registration_does_not_hold_up_the_end() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let push = Some(format!("ws://{}/", listener.local_addr().unwrap()));
    let service = Scope::new();
    service.spawn("push service", serve_one_device(listener, 0));
    let asked = Arc::new(Notify::new());
    let told = asked.clone();
    let hang = move || {
        told.notify_one();
        std::future::pending::<()>()
    };
    let router = Router::new()
        .route("/api/notifications", get(async || "[]"))
        .route("/api/register", post(hang));
    let backend = FakeBackend::serve(router).await;
    let options = DeviceOptions::new(DeviceName::default(), Location::Memory, Vaults::memory());
    let device = Device::open(options).await.unwrap();
    let wish = SignInRequest {
        backend: backend.origin(),
        user: UserName::parse("alice").unwrap(),
        secret: SignInSecret::Password("alice".into()),
        auth: None,
        backend_profile: None,
        vault: None,
        push,
        ca: None,
        allow_http: Vec::new(),
    };
    device.sign_in(wish).await.unwrap();
    device.turn_on(Mode::Whole).await.unwrap();
    asked.notified().await;
    let begun = Instant::now();
    assert_eq!(device.shutdown().await, 0);
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
}
