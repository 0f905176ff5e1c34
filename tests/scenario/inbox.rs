//! The inbox: what a backend asks to wait has a limit, what is worth nothing any more is given up,
//! and a push that fails holds up no other.

use std::time::Duration;

use handset::lab::{Fate, Lab, Phone};
use handset::lifecycle::Clock;
use handset::model::AuthScheme;
use handset::telemetry::EventName;
use handset::wire::wns;
use jiff::SignedDuration;

use crate::support::front::{Answer, Front};
use crate::support::wns::WnsSender;
use crate::support::{LIMIT, dropped_because, events_of, eventually, nth_event};

async fn phone_behind(lab: &Lab, front: &Front, clock: &Clock) -> Phone {
    let device = lab.device("phone").user("alice").auth(AuthScheme::Basic);
    let device = device.backend(front.url()).adjust(|options| {
        options.clock = clock.clone();
        options.tasks.retry_after_longest = Duration::from_millis(600);
    });
    device.start().await.unwrap()
}

async fn is_empty(phone: &Phone) {
    eventually("the inbox is empty", || phone.inbox().unwrap().waiting == 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backend_that_asks_for_a_day_is_asked_again_sooner() {
    let lab = Lab::start().await.unwrap();
    let front = Front::before(&lab).await;
    let phone = phone_behind(&lab, &front, &Clock::system()).await;
    front.next(Answer::RetryAfter("86400"));
    lab.backend().send_secure("alice", "today").await.unwrap();
    let retry = phone.event(EventName::PushRetry, LIMIT).await.unwrap();
    assert_eq!(retry.fields["retry_in_ms"], 600);
    assert_eq!(phone.next_toast(LIMIT).await.unwrap().body, "today");
    lab.finish().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_push_that_is_held_past_its_time_to_live_is_given_up() {
    let lab = Lab::start().await.unwrap();
    let front = Front::before(&lab).await;
    let clock = Clock::simulated(Clock::system().now());
    let phone = phone_behind(&lab, &front, &clock).await;
    phone.set(&["quiet_hours=on"]).await.unwrap();
    let sender = WnsSender::to(&lab, &phone).await;
    sender
        .post("wns/raw", "short-lived", &[(wns::TTL, "600")])
        .await;
    let lasting = lab.backend().send_secure("alice", "lasting").await.unwrap();
    let lasting = lasting.id.unwrap();
    let held = |fate: &Fate| matches!(fate, Fate::Held(_));
    phone.fate_when(&lasting, LIMIT, held).await.unwrap();
    assert_eq!(phone.inbox().unwrap().waiting, 2);

    clock.set_by(SignedDuration::from_mins(11));
    dropped_because(&phone, "expired").await;
    phone.set(&["quiet_hours=off"]).await.unwrap();
    assert_eq!(phone.next_toast(LIMIT).await.unwrap().body, "lasting");
    is_empty(&phone).await;
    assert_eq!(events_of(&phone, EventName::PushDropped).len(), 1);
    assert_eq!(front.fetches(), 1, "what is given up is not fetched");
    lab.finish().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_push_is_tried_again_only_within_its_time_to_live() {
    let lab = Lab::start().await.unwrap();
    let front = Front::before(&lab).await;
    let clock = Clock::simulated(Clock::system().now());
    let phone = phone_behind(&lab, &front, &clock).await;
    front.always(Answer::Status(503));
    let sender = WnsSender::to(&lab, &phone).await;
    sender
        .post("wns/raw", "never-there", &[(wns::TTL, "600")])
        .await;
    phone.event(EventName::PushRetry, LIMIT).await.unwrap();
    clock.set_by(SignedDuration::from_mins(11));
    dropped_because(&phone, "expired").await;
    is_empty(&phone).await;
    assert!(phone.shown_toasts().is_empty());
    lab.finish().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_push_without_a_limit_is_tried_for_a_day_and_no_longer() {
    let lab = Lab::start().await.unwrap();
    let front = Front::before(&lab).await;
    let clock = Clock::simulated(Clock::system().now());
    let phone = phone_behind(&lab, &front, &clock).await;
    front.always(Answer::Status(500));
    lab.backend().send_secure("alice", "in vain").await.unwrap();
    phone.event(EventName::PushRetry, LIMIT).await.unwrap();
    clock.set_by(SignedDuration::from_hours(25));
    let dropped = dropped_because(&phone, "expired").await;
    assert!(dropped.text("detail").unwrap().contains("backend_failed"));
    is_empty(&phone).await;
    lab.finish().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pushes_that_fail_hold_up_no_other() {
    let lab = Lab::start().await.unwrap();
    let front = Front::before(&lab).await;
    let phone = phone_behind(&lab, &front, &Clock::system()).await;
    let sender = WnsSender::to(&lab, &phone).await;
    sender.raw("no id: <\u{202e}>").await;
    dropped_because(&phone, "no_notification_id").await;
    sender.raw("unknown-id").await;
    dropped_because(&phone, "payload_gone").await;
    for answer in [Answer::Status(503), Answer::RetryAfter("3600")] {
        front.next(answer);
    }
    let backend = lab.backend();
    for text in ["slow 1", "slow 2", "fast"] {
        backend.send_secure("alice", text).await.unwrap();
    }
    let mut shown = Vec::new();
    for _ in 0..3 {
        shown.push(phone.next_toast(LIMIT).await.unwrap().body);
    }
    shown.sort();
    assert_eq!(shown, ["fast", "slow 1", "slow 2"]);
    is_empty(&phone).await;
    nth_event(&phone, EventName::TaskCompleted, 7).await;
    assert_eq!(events_of(&phone, EventName::PushRetry).len(), 2);
    lab.finish().await.unwrap();
}
