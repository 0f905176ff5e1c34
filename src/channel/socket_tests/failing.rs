//! What the network and a bad service do to a channel.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_tungstenite::tungstenite::Message;

use super::server::Server;
use super::*;

#[tokio::test]
async fn a_black_hole_is_noticed_and_the_channel_opens_again() {
    let server = Server::bind().await;
    let mut options = options(&server.url());
    options.ping_every = Duration::from_millis(20);
    options.pong_within = Duration::from_millis(50);
    let mut phone = Phone::start(options, Identity::fresh());
    // Held, but never read again: no pong comes.
    let (_hole, _, _) = server.accept_open().await;
    phone.opened().await;
    assert_eq!(phone.closed().await.reason(), "silent");
    let (_peer, _, said) = server.accept_open().await;
    assert_eq!(said.as_deref(), Some(UAID));
    phone.stop().await;
}

#[tokio::test]
async fn a_frame_of_ten_megabytes_is_refused_by_its_header() {
    let server = Server::bind().await;
    let mut phone = Phone::start(options(&server.url()), Identity::fresh());
    let (peer, _, _) = server.accept_open().await;
    phone.opened().await;
    let mut stream = peer.socket.into_inner();
    // The header of an unfinished text frame alone: nothing of its 10 MB needs to come.
    let mut header = vec![0x81, 127];
    header.extend_from_slice(&10_000_000_u64.to_be_bytes());
    stream.write_all(&header).await.unwrap();
    let reason = phone.closed().await;
    assert_eq!(reason.reason(), "frame_too_large", "{reason}");
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).await.unwrap();
    let goodbye = rest.iter().position(|byte| *byte == 0x88);
    assert!(goodbye.is_some(), "no close frame in {rest:?}");
    server.accept_open().await;
    phone.stop().await;
}

#[tokio::test]
async fn a_message_in_many_small_frames_is_no_way_around_the_limit() {
    let server = Server::bind().await;
    let mut phone = Phone::start(options(&server.url()), Identity::fresh());
    let (peer, _, _) = server.accept_open().await;
    let mut stream = peer.socket.into_inner();
    let mut flood = vec![0x01, 0];
    for _ in 0..20 {
        flood.extend_from_slice(&[0x00, 126]);
        flood.extend_from_slice(&4_000_u16.to_be_bytes());
        flood.extend_from_slice(&[b'x'; 4_000]);
    }
    // The device may hang up in the middle.
    stream.write_all(&flood).await.ok();
    assert_eq!(phone.closed().await.reason(), "frame_too_large");
    phone.stop().await;
}

#[tokio::test]
async fn the_close_code_and_words_of_the_service_are_reported() {
    let server = Server::bind().await;
    let mut phone = Phone::start(options(&server.url()), Identity::fresh());
    for (code, text) in [(1011, "SM"), (1003, "UnsupportedMessage")] {
        let (peer, _, _) = server.accept_open().await;
        peer.close(code, text).await;
        let reason = phone.closed().await;
        let url = PushUrl::parse(&server.url(), &[]).unwrap();
        let text = text.to_owned();
        assert_eq!(reason, ChannelError::ClosedByPeer { url, code, text });
    }
    phone.stop().await;
}

#[tokio::test]
async fn a_service_that_never_answers_is_given_up() {
    let server = Server::bind().await;
    let mut options = options(&server.url());
    options.answer_within = Duration::from_millis(50);
    options.connect_within = Duration::from_secs(10);
    let mut phone = Phone::start(options, Identity::fresh());
    let _mute = server.accept().await;
    let reason = phone.closed().await;
    assert!(
        matches!(reason, ChannelError::TimedOut { step: "hello", .. }),
        "{reason}"
    );
    phone.stop().await;
}

#[tokio::test]
async fn a_server_that_takes_the_connection_and_no_handshake_is_given_up() {
    let server = Server::bind().await;
    let mut options = options(&server.url());
    options.connect_within = Duration::from_millis(50);
    let mut phone = Phone::start(options, Identity::fresh());
    let reason = phone.closed().await;
    assert!(
        matches!(
            reason,
            ChannelError::TimedOut {
                step: "connection",
                ..
            }
        ),
        "{reason}"
    );
    phone.stop().await;
}

#[tokio::test]
async fn a_service_that_comes_later_is_found() {
    let gone = Server::bind().await;
    let (port, url) = (gone.port(), gone.url());
    drop(gone);
    let mut phone = Phone::start(options(&url), Identity::fresh());
    let reason = phone.closed().await;
    assert!(matches!(reason, ChannelError::Refused { .. }), "{reason}");
    assert!(reason.is_unreachable() && reason.to_string().contains(&url));
    let server = Server::bind_at(port);
    server.accept_open().await;
    phone.opened().await;
    phone.stop().await;
}

#[tokio::test]
async fn a_wait_is_cut_short_when_asked_to() {
    let server = Server::bind().await;
    let mut options = options(&server.url());
    options.backoff_first = Duration::from_secs(3_600);
    options.backoff_longest = Duration::from_secs(3_600);
    let mut phone = Phone::start(options, Identity::fresh());
    drop(server.accept_tcp().await);
    phone.closed().await;
    phone.control.reconnect_now();
    server.accept_open().await;
    phone.opened().await;
    phone.stop().await;
}

#[tokio::test]
async fn a_web_server_that_is_no_push_service_is_named_with_its_status() {
    let server = Server::bind().await;
    let mut phone = Phone::start(options(&server.url()), Identity::fresh());
    for (answer, expected) in [
        (
            "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
            "not_websocket",
        ),
        ("SSH-2.0-OpenSSH_9.9\r\n\r\n", "protocol"),
    ] {
        let mut stream = server.accept_tcp().await;
        stream.write_all(answer.as_bytes()).await.unwrap();
        let reason = phone.closed().await;
        assert_eq!(reason.reason(), expected, "{reason}");
    }
    phone.stop().await;
}

#[tokio::test]
async fn the_first_candidate_that_greets_is_kept() {
    let gone = Server::bind().await;
    let refusing = PushUrl::parse(&gone.url(), &[]).unwrap();
    drop(gone);
    let server = Server::bind().await;
    let mut options = options(&server.url());
    let greeting = options.candidates[0].clone();
    options.candidates.insert(0, refusing.clone());
    let mut phone = Phone::start(options, Identity::fresh());
    let peer = server.accept().await;
    drop(peer);
    let ChannelError::NoneOf(failures) = phone.closed().await else {
        panic!("both failed");
    };
    assert_eq!(failures[0], ChannelError::Refused { url: refusing });
    for _ in 0..2 {
        let (peer, _, _) = server.accept_open().await;
        loop {
            if let ChannelEvent::Opened { url, .. } = phone.event().await {
                assert_eq!(url, greeting);
                break;
            }
        }
        drop(peer);
        assert_eq!(phone.closed().await.reason(), "lost");
    }
    phone.stop().await;
}

#[tokio::test]
async fn an_unknown_host_is_named() {
    let mut options = options("wss://handset.invalid/");
    options.connect_within = Duration::from_secs(10);
    let mut phone = Phone::start(options, Identity::fresh());
    let reason = phone.closed().await;
    assert!(reason.to_string().contains("handset.invalid"), "{reason}");
    assert!(reason.is_transient(), "{reason:?}");
    phone.stop().await;
}

#[tokio::test]
async fn a_channel_without_a_push_service_is_refused() {
    let options = ChannelOptions::new(Platform::Wns, Vec::new());
    let refused = Channel::open(options, Identity::fresh());
    assert!(matches!(refused, Err(ChannelError::NoCandidates)));
}

#[tokio::test]
async fn dropping_the_receiver_ends_the_channel() {
    let server = Server::bind().await;
    let phone = Phone::start(options(&server.url()), Identity::fresh());
    let (mut peer, _, _) = server.accept_open().await;
    let Phone { scope, events, .. } = phone;
    drop(events);
    while !matches!(peer.message().await, Message::Close(_)) {}
    drop(peer);
    assert_eq!(scope.shutdown(PATIENCE).await, 0);
}
