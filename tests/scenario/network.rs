//! The network between phone and services is cut again and again: what was answered *received* is
//! shown once, everything else was answered *dropped*.

use std::collections::BTreeSet;
use std::time::Duration;

use handset::backend::TimeOuts;
use handset::device::ChannelTimes;
use handset::lab::{Lab, LabOptions, Phone};
use handset::model::NotificationId;
use handset::telemetry::EventName;

use crate::support::cut::{Cut, Network};
use crate::support::wns::WnsSender;
use crate::support::{events_of, eventually_within};

const PUSHES: usize = 500;
const CUTS: usize = 10;

/// The times of one run.
struct Times {
    channel: ChannelTimes,
    backend: TimeOuts,
    /// How long the phone may take to notice a cut.
    notice: Duration,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_hundred_pushes_over_ten_cuts() {
    let times = Times {
        channel: ChannelTimes {
            ping_every: Duration::from_millis(200),
            pong_within: Duration::from_millis(200),
            backoff_first: Duration::from_millis(20),
            backoff_longest: Duration::from_millis(200),
        },
        backend: TimeOuts {
            connect: Duration::from_millis(300),
            request: Duration::from_millis(500),
        },
        notice: Duration::from_secs(15),
    };
    run(times).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes: the phone pings every 30 s, as in earnest"]
async fn five_hundred_pushes_over_ten_cuts_in_earnest() {
    let times = Times {
        channel: ChannelTimes::default(),
        backend: TimeOuts::default(),
        notice: Duration::from_secs(120),
    };
    run(times).await;
}

async fn run(times: Times) {
    let options = LabOptions {
        settle_within: times.notice,
        ..LabOptions::default()
    };
    let lab = Lab::with(options).await.unwrap();
    let ids = payloads(&lab).await;
    let network = Cut::before(lab.services().http_address()).await;
    let phone = lab
        .device("phone")
        .user("alice")
        .backend(network.url("http"))
        .push(network.url("ws"))
        .adjust(|options| {
            options.channel = times.channel;
            options.backend = times.backend;
        })
        .start()
        .await
        .unwrap();
    let sender = WnsSender::to(&lab, &phone).await;

    let mut sent = Sent::default();
    for (round, some) in ids.chunks(PUSHES / CUTS).enumerate() {
        let before = connections(&phone);
        let (first, second) = some.split_at(some.len() / 2);
        sent.post(&sender, first).await;
        network.set([Network::Reset, Network::BlackHole][round % 2]);
        sent.post(&sender, second).await;
        eventually_within(times.notice, "the phone notices", || {
            connections(&phone).1 > before.1
        })
        .await;
        network.set(Network::Up);
        eventually_within(times.notice, "the phone comes back", || {
            connections(&phone).0 > before.0
        })
        .await;
    }
    let shown = || -> Vec<String> {
        let toasts = phone.shown_toasts().into_iter();
        toasts.map(|toast| toast.body).collect()
    };
    eventually_within(times.notice, "everything received is shown", || {
        shown().len() >= sent.received.len()
    })
    .await;
    tell(&phone, &sent);
    assert_eq!(sent.received.len() + sent.dropped, PUSHES);
    assert!(
        sent.dropped > 0,
        "a reset is noticed by the service as well"
    );
    let once: BTreeSet<String> = shown().into_iter().collect();
    assert_eq!(once, sent.received);
    lab.finish().await.unwrap();
    assert_eq!(shown().len(), once.len(), "nothing is shown twice");
}

/// Payloads in the backend, each with its text.
async fn payloads(lab: &Lab) -> Vec<(NotificationId, String)> {
    let mut payloads = Vec::new();
    for number in 0..PUSHES {
        let text = format!("push {number}");
        let sent = lab.backend().send_secure("alice", &text).await.unwrap();
        payloads.push((sent.id.unwrap(), text));
    }
    payloads
}

/// What was sent, by what was answered.
#[derive(Default)]
struct Sent {
    received: BTreeSet<String>,
    dropped: usize,
}

impl Sent {
    async fn post(&mut self, sender: &WnsSender, payloads: &[(NotificationId, String)]) {
        for (id, text) in payloads {
            let answer = sender.raw(id.as_str()).await;
            match (answer.code, answer.status.as_str()) {
                (200, "received") => drop(self.received.insert(text.clone())),
                (200, "dropped") => self.dropped += 1,
                _ => panic!("neither received nor dropped: {answer:?}"),
            }
        }
    }
}

/// How often the channel was opened and closed.
fn connections(phone: &Phone) -> (usize, usize) {
    let count = |name| events_of(phone, name).len();
    (
        count(EventName::ChannelOpened),
        count(EventName::ChannelClosed),
    )
}

#[expect(clippy::print_stderr, reason = "the figures are part of the issue")]
fn tell(phone: &Phone, sent: &Sent) {
    eprintln!(
        "{PUSHES} pushes over {CUTS} cuts: {} received, {} dropped, {} shown; the channel was opened {} times",
        sent.received.len(),
        sent.dropped,
        phone.shown_toasts().len(),
        connections(phone).0,
    );
}
