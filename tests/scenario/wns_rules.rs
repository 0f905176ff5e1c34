//! A Windows phone's rules: quiet hours and the energy saver end what runs and hold what comes.

use handset::background::InstanceResult;
use handset::lab::{Fate, Lab};
use handset::model::NotificationId;
use handset::telemetry::EventName;

use crate::support::front::{Answer, Front};
use crate::support::{LIMIT, events_of, eventually};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn quiet_hours_end_the_running_instance_and_hold_its_push() {
    ends_and_holds("quiet_hours", "QuietHoursEntered", "quiet_hours").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_energy_saver_ends_the_running_instance_and_holds_its_push() {
    ends_and_holds("battery_saver", "EnergySaver", "energy_saver").await;
}

async fn ends_and_holds(condition: &str, cancellation: &str, rule: &str) {
    let lab = Lab::start().await.unwrap();
    let front = Front::before(&lab).await;
    front.next(Answer::Gate);
    let device = lab.device("phone").user("alice").backend(front.url());
    let phone = device.start().await.unwrap();
    let first = sends(&lab, "first").await;
    eventually("the fetch is on its way", || front.fetches() == 1).await;
    phone.set(&[&format!("{condition}=on")]).await.unwrap();
    let canceled = phone.event(EventName::TaskCanceled, LIMIT).await.unwrap();
    assert_eq!(canceled.text("reason"), Some(cancellation));
    let second = sends(&lab, "second").await;
    let held = Fate::Held(rule.to_owned());
    for id in [&first, &second] {
        phone
            .fate_when(id, LIMIT, |fate| *fate == held)
            .await
            .unwrap();
    }
    let run = phone.device().unwrap().task(1).await.unwrap().unwrap();
    assert_eq!(run.result, InstanceResult::Canceled);
    assert_eq!(run.reason.as_deref(), Some(cancellation));
    // What is held survives a kill, and so does the condition that holds it.
    phone.kill();
    let phone = lab.resume("phone").await.unwrap();
    assert!(phone.shown_toasts().is_empty());

    phone.set(&[&format!("{condition}=off")]).await.unwrap();
    for text in ["first", "second"] {
        assert_eq!(phone.next_toast(LIMIT).await.unwrap().body, text);
    }
    assert!(events_of(&phone, EventName::PushSuperseded).is_empty());
    assert!(events_of(&phone, EventName::PushDropped).is_empty());
    lab.finish().await.unwrap();
}

async fn sends(lab: &Lab, text: &str) -> NotificationId {
    let sent = lab.backend().send_secure("alice", text).await.unwrap();
    sent.id.unwrap()
}
