//! Sends secure pushes on a thread of its own, and writes down what each was answered.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use handset::wire::app_backend::{DeliveryOutcome, SecurePushAnswer};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

/// The longest pause between two pushes of a round.
const LONGEST_PAUSE: Duration = Duration::from_millis(25);

/// What was sent, by the payload's ID and by what the push service answered.
#[derive(Default)]
pub(super) struct Answers {
    pub(super) received: BTreeSet<String>,
    /// How many were dropped by each rule.
    pub(super) dropped: BTreeMap<String, usize>,
}

impl Answers {
    pub(super) fn dropped(&self) -> usize {
        self.dropped.values().sum()
    }

    pub(super) fn sent(&self) -> usize {
        self.received.len() + self.dropped()
    }
}

/// A sender that is told when a round begins.
pub(super) struct PushSender {
    rounds: Sender<usize>,
    thread: JoinHandle<Answers>,
}

impl PushSender {
    /// Sends to `to` as somebody else, with pauses by `seed`.
    pub(super) fn start(backend: &str, to: &'static str, seed: u64) -> Self {
        let (rounds, told) = channel();
        let url = format!("{backend}/api/notifications");
        let thread = std::thread::spawn(move || send_rounds(&url, to, seed, &told));
        Self { rounds, thread }
    }

    /// Begins with so many more pushes.
    pub(super) fn round(&self, pushes: usize) {
        self.rounds.send(pushes).unwrap();
    }

    /// What all of them were answered, once the last is sent.
    pub(super) fn finish(self) -> Answers {
        drop(self.rounds);
        self.thread.join().unwrap()
    }
}

fn send_rounds(url: &str, to: &str, seed: u64, rounds: &Receiver<usize>) -> Answers {
    let mut random = StdRng::seed_from_u64(seed);
    let mut answers = Answers::default();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    // A second installation in the same process is refused, which is as good.
    rustls::crypto::ring::default_provider()
        .install_default()
        .ok();
    runtime.block_on(async {
        let http = reqwest::Client::builder()
            .no_proxy()
            .tls_certs_only([])
            .build()
            .unwrap();
        // Nobody ends the pause early.
        let (_never, pause) = channel::<()>();
        while let Ok(pushes) = rounds.recv() {
            for _ in 0..pushes {
                pause
                    .recv_timeout(random.random_range(Duration::ZERO..LONGEST_PAUSE))
                    .ok();
                let text = format!("push {}", answers.sent());
                let body = serde_json::json!({"to": to, "payload": text});
                let answer = http
                    .post(url)
                    .basic_auth("sender", Some("sender"))
                    .json(&body)
                    .send();
                let answer = answer.await.unwrap().error_for_status().unwrap();
                write_down(answer.json().await.unwrap(), &mut answers);
            }
        }
    });
    answers
}

fn write_down(answer: SecurePushAnswer, answers: &mut Answers) {
    let [delivery] = answer.deliveries.as_slice() else {
        panic!("not sent to one phone: {answer:?}");
    };
    match delivery.outcome {
        DeliveryOutcome::Received => {
            answers.received.insert(answer.id.to_string());
        }
        DeliveryOutcome::Dropped => {
            let rule = delivery.reason.clone();
            *answers
                .dropped
                .entry(rule.expect("a rule has a name"))
                .or_default() += 1;
        }
        DeliveryOutcome::Refused => panic!("refused: {delivery:?}"),
    }
}
