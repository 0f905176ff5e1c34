//! A push server that sends garbage: the phone closes, reconnects, and goes on.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use handset::lab::Lab;
use handset::telemetry::EventName;
use handset::wire::webpush::encrypt;
use tokio_tungstenite::tungstenite::Message;

use crate::support::push_server::PushServer;
use crate::support::{LIMIT, events_of, eventually};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn garbage_and_huge_frames_cost_a_connection_at_most() {
    let lab = Lab::start().await.unwrap();
    let server = PushServer::start().await;
    let device = lab.device("phone").user("alice").push(server.url());
    let phone = device.start().await.unwrap();
    for garbage in [
        Message::text("no json"),
        Message::text("{\"messageType\":\"nonsense\"}"),
        Message::text("[".repeat(50_000)),
        Message::text("{\"messageType\":\"notification\"}"),
        Message::text("{\"messageType\":\"notification\",\"channelID\":\"x\",\"version\":\"\"}"),
        Message::binary(vec![0_u8; 1000]),
        Message::Ping(vec![7_u8; 100].into()),
    ] {
        server.send(garbage);
    }
    for round in 1..=3 {
        server.send(Message::text("x".repeat(10 * 1024 * 1024)));
        eventually("the phone closes", || {
            events_of(&phone, EventName::ChannelClosed).len() >= round
        })
        .await;
        eventually("and comes back", || {
            events_of(&phone, EventName::ChannelOpened).len() > round
        })
        .await;
    }
    let sent = lab.backend().send_secure("alice", "after all that").await;
    let id = sent.unwrap().id.unwrap();
    let keys = phone.status().await.unwrap().subscription.unwrap().keys;
    let sealed = encrypt(&keys, id.as_str().as_bytes()).unwrap();
    server.notify("good", &URL_SAFE_NO_PAD.encode(sealed));
    assert_eq!(
        phone.next_toast(LIMIT).await.unwrap().body,
        "after all that"
    );
    eventually("it is acknowledged", || server.ack_of("good") == Some(100)).await;
    assert_eq!(phone.turn_off().await, 0);
    lab.finish().await.unwrap();
}
