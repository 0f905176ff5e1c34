//! A device whose inbox is full leaves what comes with the push service, and fetches it once there
//! is room.

use std::time::Duration;

use bytes::Bytes;
use futures_util::future::join_all;
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio_tungstenite::tungstenite::Message;

use super::{Device, DeviceOptions, Mode, RegisterRequest, Vaults};
use crate::background::inbox::AcceptError;
use crate::background::{Owner, Part, Reason};
use crate::lifecycle::Scope;
use crate::model::{DeviceName, MessageId, Platform, RawNotification};
use crate::store::Location;
use crate::telemetry::EventName;

const LIMIT: Duration = Duration::from_secs(20);

/// Delivers one push on each connection until it is acknowledged; tells of each frame it gets.
async fn deliver_until_acknowledged(listener: TcpListener, frames: UnboundedSender<String>) {
    while let Ok((stream, _)) = listener.accept().await {
        let mut socket = tokio_tungstenite::accept_async(stream).await.unwrap();
        while let Some(Ok(Message::Text(text))) = socket.next().await {
            let frame: Value = serde_json::from_str(&text).unwrap();
            let kind = frame["messageType"].as_str().unwrap_or("ping").to_owned();
            let channel = &frame["channelID"];
            let answers = match kind.as_str() {
                "hello" => vec![json!({"messageType": "hello", "uaid": "a".repeat(32),
                    "status": 200})],
                "register" => vec![
                    json!({"messageType": "register", "channelID": channel, "status": 200,
                        "handle": "https://wns/1", "platform": "wns"}),
                    json!({"messageType": "notification", "channelID": channel,
                        "version": "late", "data": "MQ", "headers": {"platform": "wns"}}),
                ],
                _ => Vec::new(),
            };
            frames.send(kind).ok();
            for answer in answers {
                socket
                    .send(Message::text(answer.to_string()))
                    .await
                    .unwrap();
            }
        }
    }
}

async fn fill(device: &Device) {
    let inbox = &device.core.inbox;
    let accept = async |number: u32| {
        let message = MessageId::parse(format!("m{number}")).unwrap();
        let raw = RawNotification::new(message, Platform::Wns, Bytes::from_static(b"1"));
        inbox.accept(raw, &Owner::nobody(), || {}).await
    };
    for batch in 0.. {
        let answers = join_all((0..500).map(|number| accept(batch * 500 + number))).await;
        if answers
            .iter()
            .any(|answer| matches!(answer, Err(AcceptError::Full(_))))
        {
            return;
        }
    }
}

#[tokio::test]
async fn what_does_not_fit_stays_with_the_service_until_there_is_room() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let push = Some(format!("ws://{}/", listener.local_addr().unwrap()));
    let (sender, mut frames) = unbounded_channel();
    let service = Scope::new();
    service.spawn("push service", deliver_until_acknowledged(listener, sender));
    let options = DeviceOptions::new(DeviceName::default(), Location::Memory, Vaults::memory());
    let device = Device::open(options).await.unwrap();
    fill(&device).await;
    let wish = RegisterRequest {
        push,
        ..RegisterRequest::default()
    };
    device.configure(wish).await.unwrap();
    let mut events = device.events().listen();
    device.turn_on(Mode::RegisterOnly).await.unwrap();
    let held = async {
        loop {
            let event = events.next().await.unwrap().unwrap();
            if event.event == EventName::PushHeld {
                return event;
            }
        }
    };
    let held = tokio::time::timeout(LIMIT, held).await.unwrap();
    assert_eq!(held.text("reason"), Some("inbox_full"));

    let inbox = &device.core.inbox;
    for _ in 0..1_300 {
        let entry = inbox.lease(&Owner::nobody(), Part::Task).unwrap();
        assert!(inbox.give_up(entry.id, &Reason::new("test")).is_some());
    }
    let acknowledged = async { while frames.recv().await.unwrap() != "ack" {} };
    tokio::time::timeout(LIMIT, acknowledged).await.unwrap();
    device.shutdown().await;
}
