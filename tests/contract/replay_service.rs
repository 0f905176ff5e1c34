//! The service against a recorded session with a real autopush server: a device and its senders say
//! what they said then, and hear what they heard then, but for names that each server makes up.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::{SinkExt as _, StreamExt as _};
use handset::emulator::{Services, ServicesOptions, SocketTimings};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use super::session::{Answer, CHANNEL, Request, Step, Target, session};

const PATIENCE: Duration = Duration::from_secs(20);

/// Long enough for a `hello` on a busy machine; the recorded server waits for 5 s.
const HELLO_WITHIN: Duration = Duration::from_secs(3);

/// The recorded server had broadcasts of its own, which this service has not.
const NOT_REPLAYED: &str = "broadcast";

/// What each server makes up: the recorded name, and the one of this service.
#[derive(Default)]
struct Names(HashMap<String, String>);

impl Names {
    fn bind(&mut self, recorded: &str, here: &str) {
        let bound = self.0.entry(recorded.to_owned());
        assert_eq!(bound.or_insert_with(|| here.to_owned()), here, "{recorded}");
        self.0.insert(recorded.to_uppercase(), here.to_uppercase());
    }

    fn translate(&self, recorded: &str) -> String {
        let mut text = recorded.to_owned();
        for (name, here) in &self.0 {
            text = text.replace(name, here);
        }
        text
    }
}

struct Player {
    services: Services,
    http: reqwest::Client,
    sockets: BTreeMap<String, WebSocketStream<MaybeTlsStream<TcpStream>>>,
    names: Names,
    endpoints: HashMap<String, String>,
    batch: Vec<Value>,
    section: String,
    /// How many steps of each kind were played.
    frames: usize,
    requests: usize,
    closes: usize,
}

#[expect(clippy::unwrap_used, reason = "a test may stop at what should not be")]
impl Player {
    async fn start() -> Self {
        rustls::crypto::ring::default_provider()
            .install_default()
            .ok();
        let options = ServicesOptions {
            http: "127.0.0.1:0".parse().unwrap(),
            socket: SocketTimings {
                hello: HELLO_WITHIN,
                ..SocketTimings::default()
            },
            ..ServicesOptions::default()
        };
        let http = reqwest::Client::builder().no_proxy().tls_certs_only([]);
        Self {
            services: Services::start(options).await.unwrap(),
            http: http.build().unwrap(),
            sockets: BTreeMap::new(),
            names: Names::default(),
            endpoints: HashMap::new(),
            batch: Vec::new(),
            section: String::new(),
            frames: 0,
            requests: 0,
            closes: 0,
        }
    }

    async fn play(&mut self, step: Step) {
        match step {
            Step::Section { section } => self.section = section,
            Step::Connect { connect } => {
                let url = self.services.urls().push.as_str();
                let (socket, _) = tokio_tungstenite::connect_async(url).await.unwrap();
                self.sockets.insert(connect, socket);
            }
            Step::Leave { leave } => self.leave(&leave).await,
            Step::Say { on, say } => {
                let text = self.names.translate(&say);
                self.say(&on, Message::text(text)).await;
            }
            Step::SayBinary { on, say_binary } => {
                self.say(&on, Message::binary(say_binary)).await;
            }
            Step::Hear { on, hear } => {
                let heard = self.hear(&on).await;
                self.compare(serde_json::from_str(&hear).unwrap(), heard);
            }
            Step::HearBody {
                on,
                hear_body,
                version,
            } => {
                let heard = self.hear(&on).await;
                let recorded = super::session::notification(&version, hear_body);
                self.compare(serde_json::from_str(&recorded).unwrap(), heard);
            }
            Step::Close { on, close } => self.is_closed(&on, close).await,
            Step::Quiet { on, quiet } => {
                assert!(quiet);
                self.hears_nothing(&on).await;
            }
            Step::Http { http, answer } => self.request(http, answer).await,
            Step::Store { store } => self.store(store).await,
            Step::Batch { batch } => self.hear_batch(&batch).await,
            Step::AckBatch { ack_batch } => {
                assert!(ack_batch);
                let updates: Vec<Value> = std::mem::take(&mut self.batch);
                let ack = json!({"messageType": "ack", "updates": updates});
                self.say("main", Message::text(ack.to_string())).await;
            }
        }
    }

    async fn leave(&mut self, on: &str) {
        drop(self.sockets.remove(on));
        let gone = async {
            while self.services.connected_devices() > self.sockets.len() {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, gone).await.unwrap();
    }

    async fn say(&mut self, on: &str, message: Message) {
        self.frames += 1;
        let socket = self.sockets.get_mut(on).unwrap();
        socket.send(message).await.unwrap();
    }

    async fn next(&mut self, on: &str) -> Message {
        let socket = self.sockets.get_mut(on).unwrap();
        let next = tokio::time::timeout(PATIENCE, socket.next()).await;
        next.unwrap_or_else(|_| panic!("nothing came: {}", self.section))
            .unwrap()
            .unwrap()
    }

    async fn hear(&mut self, on: &str) -> Value {
        self.frames += 1;
        let message = self.next(on).await;
        let Message::Text(text) = message else {
            panic!("{}: {message:?} instead of a frame", self.section);
        };
        serde_json::from_str(&text).unwrap()
    }

    async fn is_closed(&mut self, on: &str, (code, reason): (u16, String)) {
        self.closes += 1;
        let Message::Close(Some(frame)) = self.next(on).await else {
            panic!("{}: no close frame", self.section);
        };
        let here = (u16::from(frame.code), frame.reason.to_string());
        assert_eq!(here, (code, reason), "{}", self.section);
        self.sockets.remove(on);
    }

    /// Nothing stands before the answer to a question whose answer is known.
    async fn hears_nothing(&mut self, on: &str) {
        let ask = json!({"messageType": "broadcast_subscribe", "broadcasts": {"no:such": "v0"}});
        self.say(on, Message::text(ask.to_string())).await;
        let heard = self.hear(on).await;
        assert_eq!(heard["messageType"], "broadcast", "{}", self.section);
    }

    /// A frame is the recorded one, but for what each server makes up.
    fn compare(&mut self, mut recorded: Value, mut here: Value) {
        let is_refusal = recorded["status"] == 400;
        let endpoint = here["pushEndpoint"].as_str().map(str::to_owned);
        if let (Some(endpoint), Some(channel)) = (endpoint, here["channelID"].as_str()) {
            self.endpoints.insert(channel.to_owned(), endpoint);
        }
        for name in ["uaid", "version", "pushEndpoint"] {
            let (then, now) = (take(&mut recorded, name), take(&mut here, name));
            // Autopush writes words in place of an endpoint that it refuses.
            if is_refusal && now.is_none() {
                continue;
            }
            assert_eq!(then.is_some(), now.is_some(), "{name} in {}", self.section);
            if let (Some(then), Some(now)) = (then, now) {
                let v2 = "/wpush/v2/";
                assert_eq!(then.contains(v2), now.contains(v2), "{then} and {now}");
                self.names.bind(&then, &now);
            }
        }
        assert_eq!(recorded, here, "{}", self.section);
    }

    async fn request(&mut self, request: Request, answer: Answer) {
        self.requests += 1;
        let url = match &request.to {
            Target::Endpoint(channel) => self.endpoints[channel].clone(),
            Target::Location(recorded) => self.names.0[recorded].clone(),
            Target::Path(path) => self.services.http_url().join(path).unwrap().to_string(),
        };
        let method = request.method.parse().unwrap();
        let mut sent = self.http.request(method, url);
        for (name, value) in &request.headers {
            sent = sent.header(name, value);
        }
        let here = sent.body(request.body.content()).send().await.unwrap();
        assert_eq!(here.status().as_u16(), answer.status, "{}", self.section);
        for (name, value) in &answer.headers {
            let here = here
                .headers()
                .get(name)
                .map(|value| value.to_str().unwrap());
            let here = here.unwrap_or_else(|| panic!("no {name}: {}", self.section));
            if name == "location" {
                self.names.bind(value, here);
                self.names.bind(message_of(value), message_of(here));
            } else {
                assert_eq!(here, value, "{name} in {}", self.section);
            }
        }
        let body = here.bytes().await.unwrap();
        match answer.body {
            None => assert!(body.is_empty(), "{}", self.section),
            Some(recorded) => same_error(recorded, serde_json::from_slice(&body).unwrap()),
        }
    }

    async fn store(&mut self, texts: Vec<String>) {
        for text in texts {
            let post = self.http.post(&self.endpoints[CHANNEL]).header("ttl", "60");
            let post = post.header("content-encoding", "aes128gcm").body(text);
            assert_eq!(post.send().await.unwrap().status().as_u16(), 201);
        }
    }

    async fn hear_batch(&mut self, texts: &[String]) {
        for text in texts {
            let mut heard = self.hear("main").await;
            let data = take(&mut heard, "data").unwrap();
            assert_eq!(URL_SAFE_NO_PAD.decode(data).unwrap(), text.as_bytes());
            let version = heard["version"].clone();
            self.batch
                .push(json!({"channelID": CHANNEL, "version": version, "code": 100}));
        }
        self.hears_nothing("main").await;
    }
}

/// Takes a text out of a frame.
fn take(frame: &mut Value, name: &str) -> Option<String> {
    let taken = frame.as_object_mut()?.remove(name)?;
    taken.as_str().map(str::to_owned)
}

/// The message that a `Location` names.
fn message_of(location: &str) -> &str {
    location
        .rsplit_once("/m/")
        .map_or("", |(_, message)| message)
}

/// An error is the recorded one; of what is wrong with a key autopush repeats more.
fn same_error(mut recorded: Value, mut here: Value) {
    let (then, now) = (take(&mut recorded, "message"), take(&mut here, "message"));
    let (then, now) = (then.unwrap_or_default(), now.unwrap_or_default());
    assert!(
        !now.is_empty() && then.starts_with(&now),
        "{now} instead of {then}"
    );
    assert_eq!(recorded, here);
}

#[tokio::test]
async fn a_recorded_session_is_answered_as_it_was() {
    let mut player = Player::start().await;
    for step in session() {
        if matches!(&step, Step::Section { section } if section == NOT_REPLAYED) {
            break;
        }
        player.play(step).await;
    }
    let played = (player.frames, player.requests, player.closes);
    assert!(
        played.0 > 150 && played.1 > 40 && played.2 > 15,
        "{played:?}"
    );
    player.sockets.clear();
    assert_eq!(player.services.shutdown().await, 0);
}

#[tokio::test]
async fn a_sub_protocol_is_not_echoed() {
    let player = Player::start().await;
    let address = player.services.http_address();
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!(
        "GET / HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
         Sec-WebSocket-Protocol: push-notification\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let byte = tokio::time::timeout(PATIENCE, stream.read_u8()).await;
        head.push(byte.unwrap().unwrap());
    }
    let head = String::from_utf8(head).unwrap().to_lowercase();
    assert!(head.starts_with("http/1.1 101 "), "{head}");
    assert!(head.contains("\r\nupgrade: websocket\r\n"), "{head}");
    assert!(!head.contains("sec-websocket-protocol"), "{head}");
    drop(stream);
    assert_eq!(player.services.shutdown().await, 0);
}
