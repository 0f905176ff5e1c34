//! A push server without handset's extension, as autopush is, that sends what a test tells it.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use futures_util::{SinkExt as _, StreamExt as _};
use handset::lifecycle::{Scope, Spawner};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::broadcast;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

/// How the server answers.
#[derive(Debug, Clone)]
struct Manners {
    uaid: String,
    endpoint: String,
    register_status: u16,
}

impl Default for Manners {
    fn default() -> Self {
        Self {
            uaid: "e6e297330d7143febaa061433c415f21".to_owned(),
            endpoint: "gAAAtest".to_owned(),
            register_status: 200,
        }
    }
}

/// The server. It greets and registers every device but those of FCM, which it refuses, and keeps
/// every frame that came.
pub(crate) struct PushServer {
    address: SocketAddr,
    heard: Arc<Mutex<Vec<Value>>>,
    manners: Arc<Mutex<Manners>>,
    to_devices: broadcast::Sender<Message>,
    _scope: Scope,
}

impl PushServer {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (scope, heard) = (Scope::new(), Arc::default());
        let manners: Arc<Mutex<Manners>> = Arc::default();
        let to_devices = broadcast::Sender::new(64);
        let server = Self {
            address,
            heard: Arc::clone(&heard),
            manners: Arc::clone(&manners),
            to_devices: to_devices.clone(),
            _scope: scope,
        };
        let spawner = server._scope.spawner();
        server._scope.spawn(
            "push server",
            accept(listener, heard, manners, to_devices, spawner),
        );
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
        self.notify_with(version, data, &json!({"encoding": "aes128gcm"}));
    }

    /// Sends a notification with these headers, of a body in base64url.
    pub(crate) fn notify_with(&self, version: &str, data: &str, headers: &Value) {
        let register = self.frames("register").pop().unwrap();
        let frame = json!({
            "messageType": "notification",
            "channelID": register["channelID"],
            "version": version,
            "data": data,
            "headers": headers,
        });
        self.send(Message::text(frame.to_string()));
    }

    /// Closes every connection.
    pub(crate) fn close(&self, code: u16, reason: &str) {
        let frame = CloseFrame {
            code: code.into(),
            reason: reason.to_owned().into(),
        };
        self.send(Message::Close(Some(frame)));
    }

    /// From the next connection on every device is a new one, with another endpoint.
    pub(crate) fn forget_devices(&self, uaid: &str, endpoint: &str) {
        let mut manners = self.manners.lock().unwrap();
        uaid.clone_into(&mut manners.uaid);
        endpoint.clone_into(&mut manners.endpoint);
    }

    /// Registers are answered with this status from now on.
    pub(crate) fn answer_registers_with(&self, status: u16) {
        self.manners.lock().unwrap().register_status = status;
    }

    /// The codes with which a version was acknowledged, one for each time.
    pub(crate) fn acks_of(&self, version: &str) -> Vec<u64> {
        let acks = self.frames("ack");
        let updates = acks.iter().filter_map(|ack| ack["updates"].as_array());
        updates
            .flatten()
            .filter(|update| update["version"] == version)
            .filter_map(|update| update["code"].as_u64())
            .collect()
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
    manners: Arc<Mutex<Manners>>,
    to_devices: broadcast::Sender<Message>,
    spawner: Spawner,
) {
    let base = format!("http://{}", listener.local_addr().unwrap());
    while let Ok((stream, _)) = listener.accept().await {
        let (heard, manners) = (heard.clone(), manners.clone());
        let serve = serve(stream, heard, manners, to_devices.subscribe(), base.clone());
        spawner.spawn("device", serve);
    }
}

async fn serve(
    stream: TcpStream,
    heard: Arc<Mutex<Vec<Value>>>,
    manners: Arc<Mutex<Manners>>,
    mut to_device: broadcast::Receiver<Message>,
    base: String,
) {
    let Ok(mut socket) = tokio_tungstenite::accept_async(stream).await else {
        return;
    };
    loop {
        let mut leaves = false;
        let out = tokio::select! {
            message = to_device.recv() => message.ok(),
            came = socket.next() => match came {
                Some(Ok(Message::Text(text))) => {
                    let frame: Value = serde_json::from_str(&text).unwrap();
                    heard.lock().unwrap().push(frame.clone());
                    leaves = frame["messageType"] == "unregister";
                    let manners = manners.lock().unwrap().clone();
                    answer(&frame, &base, &manners)
                }
                Some(Ok(_)) => None,
                Some(Err(_)) | None => return,
            },
        };
        // A device that closes over what it was sent is no failure of the server's.
        let Some(message) = out else { continue };
        if socket.feed(message).await.is_err() {
            return;
        }
        if leaves {
            // The goodbye is in the same packet as the answer before it.
            socket.feed(Message::Close(None)).await.ok();
        }
        if socket.flush().await.is_err() || leaves {
            return;
        }
    }
}

fn answer(frame: &Value, base: &str, manners: &Manners) -> Option<Message> {
    let reply = match frame["messageType"].as_str() {
        Some("hello") => json!({
            "messageType": "hello",
            "uaid": manners.uaid,
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
        Some("register") if manners.register_status != 200 => json!({
            "messageType": "register",
            "channelID": frame["channelID"],
            "status": manners.register_status,
            "pushEndpoint": "Failed to generate endpoint",
        }),
        Some("register") => json!({
            "messageType": "register",
            "channelID": frame["channelID"],
            "status": 200,
            "pushEndpoint": format!("{base}/wpush/v1/{}", manners.endpoint),
        }),
        Some("unregister") => json!({
            "messageType": "unregister",
            "channelID": frame["channelID"],
            "status": 200,
        }),
        _ => return None,
    };
    Some(Message::text(reply.to_string()))
}
