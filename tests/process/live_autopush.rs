//! The phone, as people start it, against a push server that somebody else runs: a real autopush
//! server where `AUTOPUSH_URL` names one (ws, wss, http or https), and always a second `serve`,
//! which must look the same from outside.

use std::time::Duration;

use handset::channel::{Channel, ChannelEvent, ChannelOptions, ChannelReceiver, Identity, PushUrl};
use handset::lifecycle::Scope;
use handset::model::{Platform, Subscription, SubscriptionKeys};
use handset::wire::webpush::{encrypt, encrypt_aesgcm};
use reqwest::{RequestBuilder, StatusCode};
use serde_json::Value;

use crate::child::PATIENCE;
use crate::world::{World, eventually};

/// Where the live server is, if one is named.
const VARIABLE: &str = "AUTOPUSH_URL";

/// A sender of the test's own, which knows nothing but a subscription.
struct Sender {
    http: reqwest::Client,
    endpoint: String,
    keys: SubscriptionKeys,
}

impl Sender {
    fn to(endpoint: &str, keys: SubscriptionKeys) -> Self {
        rustls::crypto::ring::default_provider()
            .install_default()
            .ok();
        let http = reqwest::Client::builder().no_proxy().tls_certs_only([]);
        Self {
            http: http.build().unwrap(),
            endpoint: endpoint.to_owned(),
            keys,
        }
    }

    fn post(&self, body: Vec<u8>, encoding: &str) -> RequestBuilder {
        let post = self.http.post(&self.endpoint).header("ttl", "60");
        post.header("content-encoding", encoding).body(body)
    }

    async fn push(&self, plain: &str) -> StatusCode {
        let sealed = encrypt(&self.keys, plain.as_bytes()).unwrap();
        let answer = self.post(sealed, "aes128gcm").send().await.unwrap();
        answer.status()
    }

    async fn push_as_of_old(&self, plain: &str) -> StatusCode {
        let sealed = encrypt_aesgcm(&self.keys, plain.as_bytes()).unwrap();
        let post = self.post(sealed.body, "aesgcm");
        let post = post.header("encryption", sealed.encryption);
        let answer = post.header("crypto-key", sealed.crypto_key).send().await;
        answer.unwrap().status()
    }
}

fn runtime() -> tokio::runtime::Runtime {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(1).enable_all().build().unwrap()
}

/// Stores a payload at the backend; its id.
fn stored(world: &World, text: &str) -> String {
    let arguments = ["--device", "phone", "--json", "send", "--to", "alice", text];
    let sent = world.run(&arguments).with_code(0).json();
    sent["notification"].as_str().unwrap().to_owned()
}

fn sign_in(world: &World, backend: &str, push_url: &str) {
    let login = [
        "--device",
        "phone",
        "--json",
        "login",
        "--vault",
        "file",
        "--backend",
        backend,
        "--push",
        push_url,
        "--user",
        "alice",
        "--password-stdin",
    ];
    world.run_with(&login, b"alice").with_code(0);
    let register = ["--device", "phone", "register", "--platform", "webpush"];
    world.run(&register).with_code(0);
}

fn sender_to_phone(world: &World) -> Sender {
    let status = world.status("phone");
    assert_eq!(status["platform"], "webpush", "{status}");
    let subscription: Subscription =
        serde_json::from_value(status["subscription"].clone()).unwrap();
    assert_eq!(status["handle"], subscription.endpoint.as_str());
    Sender::to(subscription.endpoint.as_str(), subscription.keys)
}

/// hello, register, an encrypted push and its toast; then what was stored while the phone was off.
fn a_phone_works_against(push_url: &str) {
    let (world, runtime) = (World::new(), runtime());
    let served = world.serve(&[]);
    sign_in(&world, &served.backend, push_url);
    let mut phone = world.phone("phone");
    let sender = sender_to_phone(&world);
    let toast = |phone: &mut crate::child::Running| -> Value {
        let shown = phone.event("toast.shown");
        shown["toast"]["body"].clone()
    };

    let id = stored(&world, "while it is on");
    assert_eq!(runtime.block_on(sender.push(&id)), StatusCode::CREATED);
    assert_eq!(toast(&mut phone), "while it is on");

    let foreign = handset::wire::webpush::DeviceKeys::generate().public();
    let foreign = Sender::to(&sender.endpoint, foreign);
    assert_eq!(runtime.block_on(foreign.push(&id)), StatusCode::CREATED);
    assert_eq!(phone.event("push.dropped")["reason"], "undecryptable");

    phone.killed();
    let waiting = [stored(&world, "sealed as of old"), stored(&world, "stored")];
    assert_eq!(
        runtime.block_on(sender.push_as_of_old(&waiting[0])),
        StatusCode::CREATED
    );
    assert_eq!(
        runtime.block_on(sender.push(&waiting[1])),
        StatusCode::CREATED
    );
    let mut phone = world.start(&["--device", "phone", "run", "--json", "--toast", "none"]);
    for _ in 0..2 {
        toast(&mut phone);
    }
    let all = ["sealed as of old", "stored", "while it is on"];
    eventually("each is in the action centre once", || {
        world.toasts("phone") == all
    });
    phone.killed();

    // All of it was acknowledged: only what is new comes now.
    let id = stored(&world, "the last one");
    let mut phone = world.phone("phone");
    assert_eq!(runtime.block_on(sender.push(&id)), StatusCode::CREATED);
    assert_eq!(toast(&mut phone), "the last one");
    phone.killed();
}

async fn event(events: &mut ChannelReceiver) -> ChannelEvent {
    let event = tokio::time::timeout(PATIENCE, events.next()).await;
    event.unwrap().unwrap()
}

async fn opened(events: &mut ChannelReceiver) -> Sender {
    loop {
        if let ChannelEvent::Opened {
            platform,
            subscription,
            ..
        } = event(events).await
        {
            assert_eq!(platform, Platform::WebPush);
            let subscription = subscription.unwrap();
            return Sender::to(subscription.endpoint.as_str(), subscription.keys);
        }
    }
}

/// A channel that gives its handle back: the endpoint is gone then.
async fn a_handle_is_given_back_to(push_url: &str) {
    let candidates = vec![PushUrl::parse(push_url, &[]).unwrap()];
    let options = ChannelOptions::new(Platform::WebPush, candidates);
    let (driver, mut events, control) = Channel::open(options, Identity::fresh()).unwrap();
    let scope = Scope::new();
    scope.spawn_to_end("channel", driver.run(scope.token().clone()));
    let sender = opened(&mut events).await;
    assert_eq!(sender.push("raw").await, StatusCode::CREATED);
    let ChannelEvent::Delivery(delivery) = event(&mut events).await else {
        panic!("no push came");
    };
    assert_eq!(delivery.raw.content.as_ref(), b"raw");
    delivery.ack();
    control.unregister().await.unwrap();
    assert_eq!(sender.push("raw").await, StatusCode::GONE);
    assert_eq!(scope.shutdown(Duration::from_secs(5)).await, 0);
}

fn works_with(push_url: &str) {
    a_phone_works_against(push_url);
    runtime().block_on(a_handle_is_given_back_to(push_url));
}

#[test]
fn a_second_serve_is_as_good_as_a_live_autopush_server() {
    let elsewhere = World::new();
    let served = elsewhere.serve(&[]);
    works_with(&served.backend.replacen("http", "ws", 1));
}

#[test]
#[expect(
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "whoever runs the tests names a server, and is told when there is none"
)]
fn a_live_autopush_server() {
    match std::env::var(VARIABLE) {
        Ok(push_url) if !push_url.is_empty() => works_with(&push_url),
        _ => eprintln!("skipped: {VARIABLE} names no live autopush server, as ws://HOST:PORT"),
    }
}
