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

/// What was sent, by what the push service made of it.
#[derive(Default)]
pub(super) struct Answers {
    /// The payload's ID by the message's, as long as the service keeps it or the phone has it.
    received: BTreeMap<String, String>,
    /// The payload's ID of what the service answered *received* and gave up later, by the rule.
    given_up: BTreeMap<String, BTreeSet<String>>,
    /// How many were answered *dropped*, by the rule.
    dropped: BTreeMap<String, usize>,
}

impl Answers {
    /// Reads in the log of the services what they gave up after they had taken it.
    pub(super) fn read_log(&mut self, log: &str) {
        let pushes = log
            .lines()
            .filter_map(|line| line.split_once("::trace: push "));
        for (_, push) in pushes {
            let rule = push.split_once("step=Dropped(");
            let (Some((message, _)), Some((_, rule))) = (push.split_once(' '), rule) else {
                continue;
            };
            if let Some(notification) = self.received.remove(message) {
                let rule = rule.trim_end_matches(')').to_owned();
                self.given_up.entry(rule).or_default().insert(notification);
            }
        }
    }

    /// What the phone must have shown.
    pub(super) fn received(&self) -> BTreeSet<&str> {
        self.received.values().map(String::as_str).collect()
    }

    /// What the phone may have shown, if it had it before the service gave it up.
    pub(super) fn given_up(&self) -> BTreeSet<&str> {
        self.given_up
            .values()
            .flatten()
            .map(String::as_str)
            .collect()
    }

    /// How many were dropped by each rule, but for `shown` ones.
    pub(super) fn dropped(&self, shown: &BTreeSet<String>) -> BTreeMap<&str, usize> {
        let at_once = self
            .dropped
            .iter()
            .map(|(rule, count)| (rule.as_str(), *count));
        let later = self
            .given_up
            .iter()
            .map(|(rule, ids)| (rule.as_str(), ids.difference(shown).count()));
        at_once.chain(later).collect()
    }
}

/// A sender that is told when a round begins.
pub(super) struct PushSender {
    rounds: Sender<usize>,
    thread: JoinHandle<(String, Answers)>,
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

    /// The last text and what all were answered, once the last is sent.
    pub(super) fn finish(self) -> (String, Answers) {
        drop(self.rounds);
        self.thread.join().unwrap()
    }
}

fn send_rounds(url: &str, to: &str, seed: u64, rounds: &Receiver<usize>) -> (String, Answers) {
    let mut random = StdRng::seed_from_u64(seed);
    let (mut sent, mut answers) = (0, Answers::default());
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
                sent += 1;
                pause
                    .recv_timeout(random.random_range(Duration::ZERO..LONGEST_PAUSE))
                    .ok();
                let text = format!("push {sent}");
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
    (format!("push {sent}"), answers)
}

fn write_down(answer: SecurePushAnswer, answers: &mut Answers) {
    let [delivery] = answer.deliveries.as_slice() else {
        panic!("not sent to one phone: {answer:?}");
    };
    match delivery.outcome {
        DeliveryOutcome::Received => {
            let message = delivery.message.clone().unwrap();
            answers.received.insert(message, answer.id.to_string());
        }
        DeliveryOutcome::Dropped => {
            let rule = delivery.reason.clone().unwrap();
            *answers.dropped.entry(rule).or_default() += 1;
        }
        DeliveryOutcome::Refused | DeliveryOutcome::Enqueued => {
            panic!("not sent by a push service here: {delivery:?}")
        }
    }
}
