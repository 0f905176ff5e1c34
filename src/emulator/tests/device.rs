//! A device's end of the socket, written with another library than the services' end.

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};
use uuid::Uuid;

use super::{LIMIT, Services};

pub(in crate::emulator) struct Device {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

impl Device {
    pub(in crate::emulator) async fn connect(services: &Services) -> Self {
        let url = services.urls().push.as_str();
        let (socket, _) = tokio_tungstenite::connect_async(url).await.unwrap();
        Self { socket }
    }

    /// Connects and says hello; the agent id that came back.
    pub(in crate::emulator) async fn greet(
        services: &Services,
        uaid: Option<&str>,
    ) -> (Self, String) {
        let mut device = Self::connect(services).await;
        device
            .say(&json!({"messageType": "hello", "use_webpush": true, "uaid": uaid}))
            .await;
        let hello = device.hear().await;
        assert_eq!(hello["status"], 200);
        let uaid = hello["uaid"].as_str().unwrap().to_owned();
        (device, uaid)
    }

    /// A greeted device with a handle of `platform`; its handle and agent id.
    pub(in crate::emulator) async fn registered(
        services: &Services,
        platform: &str,
    ) -> (Self, String, String) {
        let (mut device, uaid) = Self::greet(services, None).await;
        let answer = device.register(json!({"platform": platform})).await;
        let handle = answer["handle"].as_str().unwrap().to_owned();
        (device, handle, uaid)
    }

    pub(in crate::emulator) async fn register(&mut self, more: Value) -> Value {
        let mut frame = json!({"messageType": "register", "channelID": Uuid::new_v4()});
        frame
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        self.say(&frame).await;
        self.hear().await
    }

    pub(in crate::emulator) async fn say(&mut self, frame: &Value) {
        self.say_text(&frame.to_string()).await;
    }

    pub(in crate::emulator) async fn say_text(&mut self, text: &str) {
        self.say_message(Message::text(text)).await;
    }

    pub(in crate::emulator) async fn say_message(&mut self, message: Message) {
        self.socket.send(message).await.unwrap();
    }

    pub(in crate::emulator) async fn ack(&mut self, push: &Value) {
        let update =
            json!({"channelID": push["channelID"], "version": push["version"], "code": 100});
        self.say(&json!({"messageType": "ack", "updates": [update]}))
            .await;
    }

    /// The next frame of JSON.
    pub(in crate::emulator) async fn hear(&mut self) -> Value {
        let frame = self.next().await;
        let Message::Text(text) = frame else {
            panic!("not a text frame: {frame:?}");
        };
        serde_json::from_str(&text).unwrap()
    }

    /// Nothing stands before the answer to a ping.
    pub(in crate::emulator) async fn hears_nothing(&mut self) {
        self.say_text("{}").await;
        assert_eq!(self.hear().await, json!({}));
    }

    /// The code and the reason with which the service closes.
    pub(in crate::emulator) async fn hear_close(&mut self) -> (u16, String) {
        let frame = self.next().await;
        let Message::Close(Some(frame)) = frame else {
            panic!("not a close frame: {frame:?}");
        };
        (frame.code.into(), frame.reason.to_string())
    }

    /// Says something for which the service ends the connection, politely or not.
    pub(in crate::emulator) async fn is_cut_off_for(&mut self, text: &str) {
        let cut_off = async {
            let sent = self.socket.send(Message::text(text)).await;
            while sent.is_ok() && matches!(self.socket.next().await, Some(Ok(_))) {}
        };
        tokio::time::timeout(LIMIT, cut_off)
            .await
            .expect("the service ends it");
    }

    async fn next(&mut self) -> Message {
        loop {
            let frame = tokio::time::timeout(LIMIT, self.socket.next()).await;
            let frame = frame
                .expect("a frame in time")
                .expect("an open socket")
                .unwrap();
            if !matches!(frame, Message::Ping(_) | Message::Pong(_)) {
                return frame;
            }
        }
    }

    /// Until the service has noticed that the socket is gone.
    pub(in crate::emulator) async fn leave(mut self, services: &Services) {
        let before = services.connected_devices();
        self.socket.close(None).await.unwrap();
        drop(self);
        let noticed = async {
            while services.connected_devices() == before {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(LIMIT, noticed)
            .await
            .expect("the service notices");
    }
}

/// What a push carries, as text.
pub(in crate::emulator) fn content(push: &Value) -> String {
    use base64::Engine as _;
    let data = push["data"].as_str().unwrap_or_default();
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD
        .decode(data)
        .unwrap();
    String::from_utf8(bytes).unwrap()
}
