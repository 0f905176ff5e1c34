//! What an open channel does.

use tokio_tungstenite::tungstenite::Message;

use super::server::Server;
use super::*;
use crate::wire::push_socket::ClientFrame;

#[tokio::test]
async fn a_push_is_acked_once_the_caller_says_so() {
    let server = Server::bind().await;
    let mut phone = Phone::start(options(&server.url()), Identity::fresh());
    let (mut peer, channel, said) = server.accept_open().await;
    assert_eq!(said, None);
    assert!(matches!(phone.event().await, ChannelEvent::Identity { uaid } if uaid == UAID));
    assert_eq!(phone.opened().await.0.as_str(), "https://wns/1");
    peer.push(channel, "v1").await;
    let delivery = phone.delivery().await;
    assert_eq!(delivery.raw.content.as_ref(), b"sec-1");
    // The answer to a ping comes before any ack: the push is not durable yet.
    peer.send(Message::Ping("x".into())).await;
    assert!(matches!(peer.message().await, Message::Pong(data) if data.as_ref() == b"x"));
    delivery.ack();
    assert_eq!(peer.acked().await, [("v1".to_owned(), Some(100))]);
    phone.stop().await;
}

#[tokio::test]
async fn acks_that_are_ready_go_in_one_frame_in_their_order() {
    let server = Server::bind().await;
    let mut phone = Phone::start(options(&server.url()), Identity::fresh());
    let (mut peer, channel, _) = server.accept_open().await;
    let versions = ["a", "b", "c", "d"];
    let mut deliveries = Vec::new();
    for version in versions {
        peer.push(channel, version).await;
        deliveries.push(phone.delivery().await);
    }
    // Nothing runs between these on a single-threaded runtime.
    for delivery in deliveries {
        delivery.ack();
    }
    let acked = peer.acked().await;
    let expected: Vec<_> = versions.map(|v| (v.to_owned(), Some(100))).into();
    assert_eq!(acked, expected);
    phone.stop().await;
}

#[tokio::test]
async fn after_a_reset_the_uaid_is_said_and_the_unacked_push_comes_again() {
    let server = Server::bind().await;
    let mut phone = Phone::start(options(&server.url()), Identity::fresh());
    let (mut peer, channel, _) = server.accept_open().await;
    peer.push(channel, "v1").await;
    let lost = phone.delivery().await;
    let stream = peer.socket.into_inner();
    stream.set_zero_linger().unwrap();
    drop(stream);
    assert_eq!(phone.closed().await.reason(), "lost");
    let (mut peer, same, said) = server.accept_open().await;
    assert_eq!((same, said.as_deref()), (channel, Some(UAID)));
    assert!(!phone.opened().await.1, "the handle is the old one");
    lost.ack();
    peer.push(channel, "v1").await;
    phone.delivery().await.ack();
    peer.push(channel, "v2").await;
    phone.delivery().await.ack();
    assert_eq!(peer.acked().await, [("v1".to_owned(), Some(100))]);
    assert_eq!(peer.acked().await, [("v2".to_owned(), Some(100))]);
    phone.stop().await;
}

#[tokio::test]
async fn garbage_and_binary_frames_are_reported_and_cost_nothing_else() {
    let server = Server::bind().await;
    let mut phone = Phone::start(options(&server.url()), Identity::fresh());
    let (mut peer, channel, _) = server.accept_open().await;
    peer.send(Message::text("{\"messageType\":\"\u{202E}wat\"}"))
        .await;
    assert_eq!(phone.dropped().await, "unreadable_frame");
    peer.send(Message::binary(vec![1, 2])).await;
    assert_eq!(phone.dropped().await, "binary_frame");
    peer.push(channel, "v1").await;
    phone.delivery().await.ack();
    assert_eq!(peer.acked().await.len(), 1);
    phone.stop().await;
}

#[tokio::test]
async fn a_device_that_does_not_read_stops_the_flow_and_still_acks() {
    const PUSHES: usize = 2_000;
    let server = Server::bind().await;
    let mut options = options(&server.url());
    options.ping_every = Duration::from_millis(20);
    options.pong_within = Duration::from_millis(20);
    let mut phone = Phone::start(options, Identity::fresh());
    let (mut peer, channel, _) = server.accept_open().await;
    peer.push(channel, "first").await;
    let first = phone.delivery().await;
    for number in 0..PUSHES {
        peer.push(channel, &format!("v{number}")).await;
    }
    // Several pongs are overdue by now, but they lie unread behind the pushes.
    for _ in 0..5 {
        while !matches!(peer.message().await, Message::Ping(_)) {}
    }
    first.ack();
    assert_eq!(peer.acked().await, [("first".to_owned(), Some(100))]);
    for number in 0..PUSHES {
        let event = phone.event().await;
        let ChannelEvent::Delivery(delivery) = event else {
            panic!("{event:?}");
        };
        assert_eq!(delivery.raw.message.as_str(), format!("v{number}"));
    }
    phone.stop().await;
}

#[tokio::test]
async fn a_handle_is_given_back_and_the_channel_ends() {
    let server = Server::bind().await;
    let mut phone = Phone::start(options(&server.url()), Identity::fresh());
    let early = phone.control.unregister().await;
    assert_eq!(early, Err(ChannelError::NotOpen));
    let (mut peer, channel, _) = server.accept_open().await;
    phone.opened().await;
    let service = async {
        let ClientFrame::Unregister { channel_id, .. } = peer.read().await else {
            panic!("no unregister");
        };
        assert_eq!(channel_id, channel);
        peer.say(
            &serde_json::json!({"messageType": "unregister", "channelID": channel,
            "status": 200}),
        )
        .await;
        assert!(matches!(peer.message().await, Message::Close(_)));
    };
    let (outcome, ()) = tokio::join!(phone.control.unregister(), service);
    assert_eq!(outcome, Ok(()));
    drop(peer);
    assert_eq!(phone.closed().await, ChannelError::Unregistered);
    assert!(phone.events.next().await.is_none());
    let late = phone.control.unregister().await;
    assert_eq!(late, Err(ChannelError::ClosedByDevice));
    phone.stop().await;
}

#[tokio::test]
async fn closing_sends_what_was_acked_and_says_goodbye() {
    let server = Server::bind().await;
    let mut phone = Phone::start(options(&server.url()), Identity::fresh());
    let (mut peer, channel, _) = server.accept_open().await;
    peer.push(channel, "v1").await;
    phone.delivery().await.ack();
    phone.control.close();
    assert_eq!(peer.acked().await, [("v1".to_owned(), Some(100))]);
    let Message::Close(Some(frame)) = peer.message().await else {
        panic!("no goodbye");
    };
    assert_eq!(u16::from(frame.code), 1000);
    drop(peer);
    assert_eq!(phone.closed().await, ChannelError::ClosedByDevice);
    phone.stop().await;
}
