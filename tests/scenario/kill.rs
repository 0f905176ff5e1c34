//! A phone is killed at the worst moments: nothing is lost, nothing is shown twice.

use handset::lab::Lab;
use handset::telemetry::EventName;

use crate::support::front::{Answer, Front};
use crate::support::{LIMIT, eventually};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_between_acceptance_and_toast_loses_and_repeats_nothing() {
    let lab = Lab::start().await.unwrap();
    let front = Front::before(&lab).await;
    front.always(Answer::Gate);
    let device = lab.device("phone").user("alice").backend(front.url());
    let phone = device.start().await.unwrap();
    for number in 0..3 {
        let text = format!("push {number}");
        lab.backend().send_secure("alice", &text).await.unwrap();
    }
    eventually("a fetch is on its way", || front.fetches() == 1).await;
    eventually("all are acknowledged", || {
        lab.services().trace().counts().acknowledged == 3
    })
    .await;
    phone.kill();

    let phone = lab.resume("phone").await.unwrap();
    assert_eq!(phone.inbox().unwrap().waiting, 3);
    eventually("it is fetched again", || front.fetches() == 2).await;
    front.open_gate();
    for number in 0..3 {
        let toast = phone.next_toast(LIMIT).await.unwrap();
        assert_eq!(toast.body, format!("push {number}"));
    }
    eventually("the inbox is empty", || phone.inbox().unwrap().waiting == 0).await;
    assert_eq!(phone.shown_toasts().len(), 3);
    assert_eq!(lab.services().trace().counts().acknowledged, 3);
    lab.finish().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_kills_lose_nothing_that_was_received() {
    let lab = Lab::start().await.unwrap();
    let mut phone = lab.device("phone").user("alice").start().await.unwrap();
    let mut received = Vec::new();
    for round in 0..8 {
        for number in 0..5 {
            let text = format!("push {round}.{number}");
            let sent = lab.backend().send_secure("alice", &text).await.unwrap();
            let outcome = sent.deliveries[0].outcome;
            if outcome == handset::wire::app_backend::DeliveryOutcome::Received {
                received.push(text);
            }
        }
        phone.kill();
        phone = lab.resume("phone").await.unwrap();
    }
    assert!(received.len() > 8, "only {received:?}");
    let shown = || {
        let mut shown: Vec<String> = phone
            .shown_toasts()
            .into_iter()
            .map(|toast| toast.body)
            .collect();
        shown.sort();
        // A kill may repeat exactly the toast whose end was not yet written down.
        shown.dedup();
        shown
    };
    received.sort();
    eventually("every received push is shown", || shown() == received).await;
    let repeated = phone.shown_toasts().len() - received.len();
    assert!(repeated <= 8, "{repeated} toasts more than kills allow");
    assert_eq!(phone.toasts().await.unwrap().len(), received.len());
    lab.finish().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_phone_says_no_goodbye_and_keeps_its_identity() {
    let lab = Lab::start().await.unwrap();
    let phone = lab.device("phone").user("alice").start().await.unwrap();
    let before = phone.status().await.unwrap();
    phone.kill();
    let phone = lab.resume("phone").await.unwrap();
    let ready = phone.event(EventName::PhoneReady, LIMIT).await.unwrap();
    let after = phone.status().await.unwrap();
    assert_eq!(after.handle, before.handle);
    assert_eq!(after.registration_id, before.registration_id);
    assert_eq!(ready.text("handle"), before.handle.as_deref());
    let killed_and_closed = phone
        .events()
        .iter()
        .filter(|event| event.event == EventName::ChannelClosed)
        .count();
    assert_eq!(killed_and_closed, 0, "the dead tell no tales");
    lab.finish().await.unwrap();
}
