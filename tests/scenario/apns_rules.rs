//! An iPhone's rules for pushes without UI: the newest that is held replaces the older, force-quit
//! discards, and more than so many an hour wait.

use handset::lab::{Fate, Lab, Phone};
use handset::lifecycle::Clock;
use handset::model::{AuthScheme, NotificationId, Platform};
use handset::telemetry::EventName;
use jiff::SignedDuration;

use crate::support::{LIMIT, events_of, eventually};

async fn iphone(lab: &Lab, clock: &Clock) -> Phone {
    let device = lab.device("phone").user("alice").auth(AuthScheme::Basic);
    let device = device.adjust(|options| options.clock = clock.clone());
    device.platform(Platform::Apns).start().await.unwrap()
}

async fn sends(lab: &Lab, text: &str) -> NotificationId {
    let sent = lab.backend().send_secure("alice", text).await.unwrap();
    sent.id.unwrap()
}

async fn shows(lab: &Lab, phone: &Phone, text: &str) {
    sends(lab, text).await;
    assert_eq!(phone.next_toast(LIMIT).await.unwrap().body, text);
}

async fn ends_as(phone: &Phone, id: &NotificationId, expected: Fate) {
    let fate = phone.fate_when(id, LIMIT, |fate| *fate == expected).await;
    assert_eq!(fate.unwrap(), expected);
}

fn held(reason: &str) -> Fate {
    Fate::Held(reason.to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_the_pushes_that_low_power_mode_holds_the_newest_is_kept() {
    let lab = Lab::start().await.unwrap();
    let phone = iphone(&lab, &Clock::system()).await;
    phone.set(&["battery_saver=on"]).await.unwrap();
    let mut ids = Vec::new();
    for text in ["first", "second", "third"] {
        let id = sends(&lab, text).await;
        ends_as(&phone, &id, held("low_power_mode")).await;
        ids.push(id);
    }
    for id in &ids[..2] {
        ends_as(&phone, id, Fate::Superseded).await;
    }
    let told = events_of(&phone, EventName::PushSuperseded);
    assert!(
        told.iter().all(|event| event.text("by").is_some()),
        "{told:?}"
    );
    phone.set(&["battery_saver=off"]).await.unwrap();
    assert_eq!(phone.next_toast(LIMIT).await.unwrap().body, "third");
    ends_as(&phone, &ids[2], Fate::Shown).await;
    assert_eq!(phone.shown_toasts().len(), 1);
    lab.finish().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_force_quit_app_is_not_woken_until_it_runs_again() {
    let lab = Lab::start().await.unwrap();
    let phone = iphone(&lab, &Clock::system()).await;
    phone.set(&["app=force_quit"]).await.unwrap();
    let id = sends(&lab, "discarded").await;
    ends_as(&phone, &id, Fate::Dropped("force_quit".to_owned())).await;
    phone.set(&["app=background"]).await.unwrap();
    shows(&lab, &phone, "woken").await;
    eventually("both are finished", || phone.inbox().unwrap().waiting == 0).await;
    assert_eq!(phone.shown_toasts().len(), 1);
    lab.finish().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fourth_wake_within_the_hour_waits_and_a_restart_forgets_no_wake() {
    let lab = Lab::start().await.unwrap();
    let clock = Clock::simulated(Clock::system().now());
    let phone = iphone(&lab, &clock).await;
    for text in ["one", "two", "three"] {
        shows(&lab, &phone, text).await;
    }
    let fourth = sends(&lab, "four").await;
    ends_as(&phone, &fourth, held("throttled")).await;
    assert_eq!(phone.turn_off().await, 0);
    let phone = lab.resume("phone").await.unwrap();
    let fifth = sends(&lab, "five").await;
    ends_as(&phone, &fifth, held("throttled")).await;
    ends_as(&phone, &fourth, Fate::Superseded).await;
    phone.kill();
    let phone = lab.resume("phone").await.unwrap();
    assert_eq!(phone.shown_toasts().len(), 3);

    // The wakes are an hour old.
    clock.set_by(SignedDuration::from_mins(61));
    assert_eq!(phone.next_toast(LIMIT).await.unwrap().body, "five");
    let released = phone.event(EventName::PushReleased, LIMIT).await.unwrap();
    assert_eq!(released.text("reason"), Some("throttled"));
    lab.finish().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_app_in_the_foreground_and_one_under_a_debugger_are_not_throttled() {
    let lab = Lab::start().await.unwrap();
    let phone = iphone(&lab, &Clock::system()).await;
    phone.set(&["app=foreground"]).await.unwrap();
    for number in 0..4 {
        shows(&lab, &phone, &format!("in front {number}")).await;
    }
    phone
        .set(&["app=background", "throttle=off"])
        .await
        .unwrap();
    for number in 0..4 {
        shows(&lab, &phone, &format!("debugged {number}")).await;
    }
    assert!(events_of(&phone, EventName::PushHeld).is_empty());
    lab.finish().await.unwrap();
}
