//! Everything changes while pushes come.

use std::collections::{HashMap, HashSet};

use handset::lab::{Lab, Phone};
use handset::telemetry::EventName;
use handset::wire::app_backend::DeliveryOutcome;

use crate::support::{events_of, eventually};

/// How often each text was shown as a new toast.
fn shown(phone: &Phone) -> HashMap<String, usize> {
    let mut counts = HashMap::new();
    for event in events_of(phone, EventName::ToastShown) {
        let body = event.toast.unwrap().body;
        *counts.entry(body).or_default() += 1;
    }
    counts
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_phone_whose_conditions_change_all_the_time_shows_each_push_once() {
    let lab = Lab::start().await.unwrap();
    let phone = lab.device("phone").user("alice").start().await.unwrap();
    let flapping = async {
        for _ in 0..100 {
            for change in ["quiet_hours=on", "battery_saver=on", "screen=locked"] {
                phone.set(&[change]).await.unwrap();
            }
            tokio::task::yield_now().await;
            for change in ["battery_saver=off", "quiet_hours=off", "screen=unlocked"] {
                phone.set(&[change]).await.unwrap();
            }
        }
    };
    let sending = async {
        for number in 0..200 {
            let text = format!("push {number}");
            lab.backend().send_secure("alice", &text).await.unwrap();
        }
    };
    tokio::join!(flapping, sending);
    eventually("all are shown", || shown(&phone).len() == 200).await;
    eventually("the inbox is empty", || phone.inbox().unwrap().waiting == 0).await;
    assert!(
        shown(&phone).values().all(|times| *times == 1),
        "{:?}",
        shown(&phone)
    );
    assert_eq!(events_of(&phone, EventName::ToastUpdated), []);
    lab.finish().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_service_took_while_the_network_came_and_went_is_shown_once() {
    let lab = Lab::start().await.unwrap();
    let phone = lab.device("phone").user("alice").start().await.unwrap();
    let flapping = async {
        for _ in 0..100 {
            phone.set(&["network=offline"]).await.unwrap();
            tokio::task::yield_now().await;
            phone.set(&["network=online"]).await.unwrap();
            tokio::task::yield_now().await;
        }
    };
    let sending = async {
        let mut taken = HashSet::new();
        for number in 0..200 {
            let text = format!("push {number}");
            let sent = lab.backend().send_secure("alice", &text).await.unwrap();
            if sent.deliveries[0].outcome == DeliveryOutcome::Received {
                taken.insert(text);
            }
        }
        taken
    };
    let ((), taken) = tokio::join!(flapping, sending);
    eventually("what was taken is shown", || {
        let shown = shown(&phone);
        taken.iter().all(|text| shown.contains_key(text))
    })
    .await;
    eventually("the inbox is empty", || phone.inbox().unwrap().waiting == 0).await;
    assert!(!taken.is_empty());
    assert!(
        shown(&phone).values().all(|times| *times == 1),
        "{:?}",
        shown(&phone)
    );
    lab.finish().await.unwrap();
}
