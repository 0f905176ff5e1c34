//! A push service that does what a test says, and nothing by itself.

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::json;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use uuid::Uuid;

use super::{PATIENCE, UAID};
use crate::wire::push_socket::{ClientFrame, read_client_frame};

pub(super) struct Server {
    listener: TcpListener,
}

/// One device's connection, seen from the service.
pub(super) struct Peer<S = TcpStream> {
    pub(super) socket: WebSocketStream<S>,
}

impl Server {
    pub(super) async fn bind() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self { listener }
    }

    /// Takes a port that was free a moment ago.
    pub(super) fn bind_at(port: u16) -> Self {
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.set_reuseaddr(true).unwrap();
        socket.bind(([127, 0, 0, 1], port).into()).unwrap();
        let listener = socket.listen(8).unwrap();
        Self { listener }
    }

    pub(super) fn port(&self) -> u16 {
        self.listener.local_addr().unwrap().port()
    }

    pub(super) fn url(&self) -> String {
        format!("ws://127.0.0.1:{}/", self.port())
    }

    pub(super) async fn accept_tcp(&self) -> TcpStream {
        let accepted = tokio::time::timeout(PATIENCE, self.listener.accept()).await;
        accepted.expect("a connection in time").unwrap().0
    }

    pub(super) async fn accept(&self) -> Peer {
        Peer::handshake(self.accept_tcp().await).await
    }

    /// A device that is greeted and registered, its channel and the uaid it said.
    pub(super) async fn accept_open(&self) -> (Peer, Uuid, Option<String>) {
        let mut peer = self.accept().await;
        let (channel, said) = peer.greet().await;
        (peer, channel, said)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Peer<S> {
    pub(super) async fn handshake(stream: S) -> Self {
        let socket = tokio_tungstenite::accept_async(stream).await.unwrap();
        Self { socket }
    }

    pub(super) async fn greet(&mut self) -> (Uuid, Option<String>) {
        let ClientFrame::Hello { uaid: said, .. } = self.read().await else {
            panic!("no hello");
        };
        self.say(&json!({"messageType": "hello", "uaid": UAID, "status": 200}))
            .await;
        let ClientFrame::Register { channel_id, .. } = self.read().await else {
            panic!("no register");
        };
        self.say(
            &json!({"messageType": "register", "channelID": channel_id, "status": 200,
            "handle": "https://wns/1", "platform": "wns"}),
        )
        .await;
        (channel_id, said)
    }

    pub(super) async fn say(&mut self, frame: &serde_json::Value) {
        self.send(Message::text(frame.to_string())).await;
    }

    pub(super) async fn send(&mut self, message: Message) {
        self.socket.send(message).await.unwrap();
    }

    pub(super) async fn push(&mut self, channel: Uuid, version: &str) {
        self.say(&json!({"messageType": "notification", "channelID": channel,
            "version": version, "data": "c2VjLTE", "headers": {"platform": "wns"}}))
            .await;
    }

    pub(super) async fn close(mut self, code: u16, reason: &'static str) {
        let frame = CloseFrame {
            code: code.into(),
            reason: reason.into(),
        };
        self.send(Message::Close(Some(frame))).await;
    }

    pub(super) async fn message(&mut self) -> Message {
        tokio::time::timeout(PATIENCE, self.socket.next())
            .await
            .expect("a message in time")
            .expect("a message")
            .unwrap()
    }

    /// The next frame; pings are answered on the way.
    pub(super) async fn read(&mut self) -> ClientFrame {
        loop {
            if let Message::Text(text) = self.message().await {
                return read_client_frame(text.as_str()).unwrap();
            }
        }
    }

    /// The versions and codes of the next frame, which is an ack.
    pub(super) async fn acked(&mut self) -> Vec<(String, Option<u16>)> {
        let frame = self.read().await;
        let ClientFrame::Ack { updates } = frame else {
            panic!("{frame:?}");
        };
        let version_and_code = updates.into_iter().map(|one| (one.version, one.code));
        version_and_code.collect()
    }
}
