//! The device against the frames of a real autopush server: they are sent verbatim, and what the
//! device answers and reports is checked.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use handset::channel::{
    Channel, ChannelError, ChannelEvent, ChannelOptions, ChannelReceiver, Identity, PushUrl,
};
use handset::lifecycle::Scope;
use handset::model::Platform;
use handset::wire::push_socket::{ClientFrame, read_client_frame};
use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

use super::push_socket::AUTOPUSH_SERVER;
use super::session::{CHANNEL, Step, notification, session};

const PATIENCE: Duration = Duration::from_secs(20);

type Peer = WebSocketStream<TcpStream>;

/// The channel whose key the real server refused.
const REFUSED_CHANNEL: &str = "1ca07032-6049-476e-9834-50ec725b24d3";

/// The recorded frames of one kind for one channel, in their order.
fn recorded(kind: &str, channel: &str) -> Vec<&'static str> {
    AUTOPUSH_SERVER
        .lines()
        .filter(|line| line.contains(&format!(r#""messageType":"{kind}""#)))
        .filter(|line| kind == "hello" || line.contains(channel))
        .collect()
}

#[expect(clippy::unwrap_used, reason = "a test fails where its server does")]
async fn bind() -> (TcpListener, ChannelOptions) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}", listener.local_addr().unwrap());
    let url = PushUrl::parse(&url, &[]).unwrap();
    let options = ChannelOptions::new(Platform::Wns, vec![url]);
    (listener, options)
}

#[expect(clippy::unwrap_used, reason = "a test fails where its server does")]
async fn accept(listener: &TcpListener) -> Peer {
    let (stream, _) = listener.accept().await.unwrap();
    tokio_tungstenite::accept_async(stream).await.unwrap()
}

#[expect(clippy::unwrap_used, reason = "a test fails where its device does")]
async fn say(peer: &mut Peer, frame: &str) {
    peer.send(Message::text(frame)).await.unwrap();
}

#[expect(clippy::unwrap_used, reason = "a test fails where its device does")]
async fn hear(peer: &mut Peer) -> ClientFrame {
    let message = tokio::time::timeout(PATIENCE, peer.next()).await.unwrap();
    let message = message.unwrap().unwrap();
    read_client_frame(message.to_text().unwrap()).unwrap()
}

#[expect(clippy::unwrap_used, reason = "a test fails where its device does")]
async fn event(events: &mut ChannelReceiver) -> ChannelEvent {
    let event = tokio::time::timeout(PATIENCE, events.next()).await.unwrap();
    event.unwrap()
}

fn identity(channel: &str) -> Identity {
    Identity {
        channel_id: channel.parse().unwrap_or_default(),
        ..Identity::fresh()
    }
}

/// What the device has to make of a recorded notification. The recorded bodies were never
/// encrypted, whatever their header says, and the empty one is legal.
fn expected(frame: &Value) -> (&'static str, u16) {
    match frame["headers"]["encoding"].as_str() {
        None => ("delivered", 100),
        Some(_) => ("undecryptable", 101),
    }
}

#[tokio::test]
async fn a_recorded_session_is_understood_and_every_message_answered() {
    let (listener, options) = bind().await;
    let (driver, mut events, _control) = Channel::open(options, identity(CHANNEL)).unwrap();
    let scope = Scope::new();
    scope.spawn_to_end("channel", driver.run(scope.token().clone()));
    let mut peer = accept(&listener).await;
    assert!(matches!(hear(&mut peer).await, ClientFrame::Hello { .. }));
    say(&mut peer, recorded("hello", CHANNEL)[0]).await;
    assert!(matches!(
        hear(&mut peer).await,
        ClientFrame::Register { .. }
    ));
    say(&mut peer, recorded("register", CHANNEL)[0]).await;
    assert!(matches!(
        event(&mut events).await,
        ChannelEvent::Identity { uaid } if uaid == "09344c9e5dc042bfb6a0025c2de02cb0"
    ));
    let ChannelEvent::Opened {
        handle, platform, ..
    } = event(&mut events).await
    else {
        panic!("the channel did not open");
    };
    assert_eq!(platform, Platform::WebPush);
    assert!(
        handle
            .as_str()
            .starts_with("http://127.0.0.1:9182/wpush/v1/")
    );
    for other in recorded("broadcast", "") {
        say(&mut peer, other).await;
    }
    say(&mut peer, "{}").await;
    let notifications = recorded("notification", CHANNEL);
    assert!(notifications.len() >= 5, "{notifications:?}");
    for line in notifications {
        let frame: Value = serde_json::from_str(line).unwrap();
        let (outcome, code) = expected(&frame);
        say(&mut peer, line).await;
        let happened = event(&mut events).await;
        if let ChannelEvent::Delivery(delivery) = happened {
            assert_eq!(outcome, "delivered");
            assert!(delivery.raw.content.is_empty());
            delivery.ack();
        } else {
            assert!(
                matches!(happened, ChannelEvent::Dropped { reason, .. } if reason == outcome),
                "{happened:?} instead of {outcome}"
            );
        }
        let ClientFrame::Ack { updates } = hear(&mut peer).await else {
            panic!("no ack for {line}");
        };
        assert_eq!(updates.len(), 1);
        assert_eq!(frame["version"], updates[0].version);
        assert_eq!(updates[0].code, Some(code));
    }
    drop(peer);
    assert_eq!(scope.shutdown(PATIENCE).await, 0);
}

#[tokio::test]
async fn a_recorded_refusal_closes_with_its_status() {
    let (listener, options) = bind().await;
    let (driver, mut events, _control) = Channel::open(options, identity(REFUSED_CHANNEL)).unwrap();
    let scope = Scope::new();
    scope.spawn_to_end("channel", driver.run(scope.token().clone()));
    let mut peer = accept(&listener).await;
    hear(&mut peer).await;
    say(&mut peer, recorded("hello", REFUSED_CHANNEL)[0]).await;
    hear(&mut peer).await;
    say(&mut peer, recorded("register", REFUSED_CHANNEL)[0]).await;
    loop {
        if let ChannelEvent::Closed { reason, .. } = event(&mut events).await {
            assert!(
                matches!(reason, ChannelError::RegisterRefused { status: 400, .. }),
                "{reason}"
            );
            break;
        }
    }
    assert_eq!(scope.shutdown(PATIENCE).await, 0);
}

/// The recorded server, which says what it said then; the device connects again whenever it closed.
struct Server {
    listener: TcpListener,
    events: ChannelReceiver,
    peer: Option<Peer>,
    uaid: Option<String>,
    /// What it greeted the device with last.
    hello: String,
    taken: usize,
    closes: usize,
}

#[expect(clippy::unwrap_used, reason = "a test fails where its device does")]
impl Server {
    /// The device connects, and says who it was last told to be.
    async fn greeted(&mut self) -> &mut Peer {
        let mut peer = accept(&self.listener).await;
        let ClientFrame::Hello { uaid, .. } = hear(&mut peer).await else {
            panic!("no hello");
        };
        assert_eq!(uaid, self.uaid);
        self.peer.insert(peer)
    }

    async fn says(&mut self, line: &str) {
        let frame: Value = serde_json::from_str(line).unwrap();
        match frame["messageType"].as_str() {
            Some("hello") => self.opens_with(line).await,
            Some("notification") => self.notifies(line).await,
            // It comes without having been asked for.
            Some("register" | "unregister") => {
                self.sends(line).await;
                let dropped = event(&mut self.events).await;
                assert!(
                    matches!(&dropped, ChannelEvent::Dropped { message: None, .. }),
                    "{dropped:?}"
                );
            }
            // What it says is of no interest; that nothing happens, the next event shows.
            Some("broadcast") | None => self.sends(line).await,
            Some(other) => panic!("{other} is no frame of a server"),
        }
    }

    async fn sends(&mut self, line: &str) {
        if self.peer.is_none() {
            let hello = self.hello.clone();
            self.opens_with(&hello).await;
        }
        say(self.peer.as_mut().unwrap(), line).await;
    }

    async fn opens_with(&mut self, hello: &str) {
        if self.peer.take().is_some() {
            assert!(matches!(
                event(&mut self.events).await,
                ChannelEvent::Closed {
                    retry_in: Some(_),
                    ..
                }
            ));
        }
        let peer = self.greeted().await;
        say(peer, hello).await;
        assert!(matches!(hear(peer).await, ClientFrame::Register { .. }));
        say(peer, recorded("register", CHANNEL)[0]).await;
        hello.clone_into(&mut self.hello);
        let frame: Value = serde_json::from_str(hello).unwrap();
        let uaid = frame["uaid"].as_str().unwrap().to_owned();
        let is_new = self.uaid.replace(uaid.clone()) != Some(uaid.clone());
        if is_new {
            let named = event(&mut self.events).await;
            assert!(matches!(named, ChannelEvent::Identity { uaid: now } if now == uaid));
        }
        let opened = event(&mut self.events).await;
        assert!(
            matches!(opened, ChannelEvent::Opened { new_handle, .. } if new_handle == is_new),
            "{opened:?}"
        );
    }

    async fn notifies(&mut self, line: &str) {
        let frame: Value = serde_json::from_str(line).unwrap();
        let (outcome, code) = expected(&frame);
        self.sends(line).await;
        let happened = event(&mut self.events).await;
        if let ChannelEvent::Delivery(delivery) = happened {
            assert_eq!(outcome, "delivered");
            delivery.ack();
        } else {
            assert!(
                matches!(happened, ChannelEvent::Dropped { reason, .. } if reason == outcome),
                "{happened:?}"
            );
        }
        let ClientFrame::Ack { updates } = hear(self.peer.as_mut().unwrap()).await else {
            panic!("no ack for {line}");
        };
        assert_eq!(frame["version"], updates[0].version);
        assert_eq!((updates.len(), updates[0].code), (1, Some(code)));
        self.taken += 1;
    }

    async fn closes(&mut self, code: u16, words: &str) {
        if self.peer.is_none() {
            self.greeted().await;
        }
        let mut peer = self.peer.take().unwrap();
        let frame = CloseFrame {
            code: code.into(),
            reason: words.to_owned().into(),
        };
        peer.close(Some(frame)).await.unwrap();
        let closed = event(&mut self.events).await;
        let ChannelEvent::Closed {
            reason: ChannelError::ClosedByPeer {
                code: heard, text, ..
            },
            retry_in: Some(_),
        } = closed
        else {
            panic!("{closed:?}");
        };
        assert_eq!((heard, text.as_str()), (code, words));
        self.closes += 1;
    }
}

#[tokio::test]
async fn a_device_goes_through_everything_that_a_recorded_server_did() {
    let (listener, mut options) = bind().await;
    options.backoff_first = Duration::from_millis(1);
    options.backoff_longest = Duration::from_millis(1);
    let (driver, events, _control) = Channel::open(options, identity(CHANNEL)).unwrap();
    let scope = Scope::new();
    scope.spawn_to_end("channel", driver.run(scope.token().clone()));
    let mut server = Server {
        listener,
        events,
        peer: None,
        uaid: None,
        hello: String::new(),
        taken: 0,
        closes: 0,
    };
    for step in session() {
        match step {
            Step::Hear { hear, .. } => server.says(&hear).await,
            Step::HearBody {
                hear_body, version, ..
            } => server.says(&notification(&version, hear_body)).await,
            Step::Close { close, .. } => server.closes(close.0, &close.1).await,
            // What was said to the server, or not by it.
            Step::Section { .. }
            | Step::Connect { .. }
            | Step::Leave { .. }
            | Step::Say { .. }
            | Step::SayBinary { .. }
            | Step::Quiet { .. }
            | Step::Http { .. }
            | Step::Store { .. }
            | Step::Batch { .. }
            | Step::AckBatch { .. } => {}
        }
    }
    assert!(server.taken > 15 && server.closes > 15);
    drop(server);
    assert_eq!(scope.shutdown(PATIENCE).await, 0);
}
