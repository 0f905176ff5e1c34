//! A push server without handset's extension, as autopush is, that sends what a test tells it.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use futures_util::{SinkExt as _, StreamExt as _};
use handset::lifecycle::{Scope, Spawner};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::broadcast;
use tokio_tungstenite::tungstenite::Message;

/// The server. It greets and registers every device but those of FCM, which it refuses, and keeps
/// every frame that came.
pub(crate) struct PushServer {
    address: SocketAddr,
    heard: Arc<Mutex<Vec<Value>>>,
    to_devices: broadcast::Sender<Message>,
    _scope: Scope,
}

impl PushServer {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (scope, heard) = (Scope::new(), Arc::default());
        let to_devices = broadcast::Sender::new(64);
        let server = Self {
            address,
            heard: Arc::clone(&heard),
            to_devices: to_devices.clone(),
            _scope: scope,
        };
        let spawner = server._scope.spawner();
        server
            ._scope
            .spawn("push server", accept(listener, heard, to_devices, spawner));
        server
    }

    pub(crate) fn url(&self) -> String {
        format!("ws://{}/", self.address)
    }

    /// Sends a message to every device that is connected.
    pub(crate) fn send(&self, message: Message) {
        self.to_devices.send(message).unwrap();
    }

    /// Sends a Web Push notification with this encrypted body.
    pub(crate) fn notify(&self, version: &str, data: &str) {
        let register = self.frames("register").pop().unwrap();
        let frame = json!({
            "messageType": "notification",
            "channelID": register["channelID"],
            "version": version,
            "data": data,
            "headers": {"encoding": "aes128gcm"},
        });
        self.send(Message::text(frame.to_string()));
    }

    /// Every frame of this type that came.
    pub(crate) fn frames(&self, kind: &str) -> Vec<Value> {
        let heard = self.heard.lock().unwrap();
        let of_kind = heard.iter().filter(|frame| frame["messageType"] == kind);
        of_kind.cloned().collect()
    }

    /// The code with which a version was acknowledged, if it was.
    pub(crate) fn ack_of(&self, version: &str) -> Option<u64> {
        let acks = self.frames("ack");
        let updates = acks.iter().filter_map(|ack| ack["updates"].as_array());
        updates
            .flatten()
            .find(|update| update["version"] == version)
            .and_then(|update| update["code"].as_u64())
    }
}

async fn accept(
    listener: TcpListener,
    heard: Arc<Mutex<Vec<Value>>>,
    to_devices: broadcast::Sender<Message>,
    spawner: Spawner,
) {
    let base = format!("http://{}", listener.local_addr().unwrap());
    while let Ok((stream, _)) = listener.accept().await {
        let serve = serve(stream, heard.clone(), to_devices.subscribe(), base.clone());
        spawner.spawn("device", serve);
    }
}

async fn serve(
    stream: TcpStream,
    heard: Arc<Mutex<Vec<Value>>>,
    mut to_device: broadcast::Receiver<Message>,
    base: String,
) {
    let Ok(mut socket) = tokio_tungstenite::accept_async(stream).await else {
        return;
    };
    loop {
        let out = tokio::select! {
            message = to_device.recv() => message.ok(),
            came = socket.next() => match came {
                Some(Ok(Message::Text(text))) => {
                    let frame: Value = serde_json::from_str(&text).unwrap();
                    heard.lock().unwrap().push(frame.clone());
                    answer(&frame, &base)
                }
                Some(Ok(_)) => None,
                Some(Err(_)) | None => return,
            },
        };
        // A device that closes over what it was sent is no failure of the server's.
        if let Some(message) = out
            && socket.send(message).await.is_err()
        {
            return;
        }
    }
}

fn answer(frame: &Value, base: &str) -> Option<Message> {
    let reply = match frame["messageType"].as_str() {
        Some("hello") => json!({
            "messageType": "hello",
            "uaid": "e6e297330d7143febaa061433c415f21",
            "status": 200,
            "use_webpush": true,
            "broadcasts": {},
        }),
        // As a server answers whose services are others than the one that was asked for.
        Some("register") if frame["platform"] == "fcm" => json!({
            "messageType": "register",
            "channelID": frame["channelID"],
            "status": 501,
        }),
        Some("register") => json!({
            "messageType": "register",
            "channelID": frame["channelID"],
            "status": 200,
            "pushEndpoint": format!("{base}/wpush/v1/gAAAtest"),
        }),
        _ => return None,
    };
    Some(Message::text(reply.to_string()))
}
