//! The network between phone and services is cut again and again: what was answered *received* is
//! shown once, everything else was answered *dropped*.

use std::collections::BTreeSet;
use std::time::Duration;

use handset::backend::TimeOuts;
use handset::device::ChannelTimes;
use handset::lab::{Lab, LabOptions, Phone};
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
    let mut ids = Vec::new();
    for number in 0..PUSHES {
        let text = format!("push {number}");
        let sent = lab.backend().send_secure("alice", &text).await.unwrap();
        ids.push(sent.id.unwrap());
    }
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

    let (mut received, mut dropped) = (BTreeSet::new(), 0);
    for (round, some) in ids.chunks(PUSHES / CUTS).enumerate() {
        let closed_before = events_of(&phone, EventName::ChannelClosed).len();
        let opened_before = events_of(&phone, EventName::ChannelOpened).len();
        for (place, id) in some.iter().enumerate() {
            if place == some.len() / 2 {
                let kinds = [Network::Reset, Network::BlackHole];
                network.set(kinds[round % kinds.len()]);
            }
            let answer = sender.raw(id.as_str()).await;
            match (answer.code, answer.status.as_str()) {
                (200, "received") => {
                    let number = round * some.len() + place;
                    received.insert(format!("push {number}"));
                }
                (200, "dropped") => dropped += 1,
                _ => panic!("neither received nor dropped: {answer:?}"),
            }
        }
        eventually_within(times.notice, "the phone notices", || {
            events_of(&phone, EventName::ChannelClosed).len() > closed_before
        })
        .await;
        network.set(Network::Up);
        eventually_within(times.notice, "the phone comes back", || {
            events_of(&phone, EventName::ChannelOpened).len() > opened_before
        })
        .await;
    }
    let shown = || -> Vec<String> {
        let toasts = phone.shown_toasts().into_iter();
        toasts.map(|toast| toast.body).collect()
    };
    eventually_within(times.notice, "everything received is shown", || {
        shown().len() >= received.len()
    })
    .await;
    tell(&phone, received.len(), dropped);
    assert_eq!(received.len() + dropped, PUSHES);
    assert!(dropped > 0, "a reset is noticed by the service as well");
    let once: BTreeSet<String> = shown().into_iter().collect();
    assert_eq!(once, received);
    drop(sender);
    lab_finishes(lab, &shown, received.len()).await;
}

async fn lab_finishes(lab: Lab, shown: &impl Fn() -> Vec<String>, received: usize) {
    lab.finish().await.unwrap();
    assert_eq!(shown().len(), received, "nothing is shown twice");
}

#[expect(clippy::print_stderr, reason = "the figures are part of the issue")]
fn tell(phone: &Phone, received: usize, dropped: usize) {
    eprintln!(
        "{PUSHES} pushes over {CUTS} cuts: {received} received, {dropped} dropped, {} shown; the channel was opened {} times",
        phone.shown_toasts().len(),
        events_of(phone, EventName::ChannelOpened).len(),
    );
}
