//! The action centre: names that replace, removal, expiry, and toasts that are not drawn.

use handset::action_centre::ShownToast;
use handset::lab::{Lab, Phone};
use handset::lifecycle::Clock;
use handset::model::{AuthScheme, ToastTag};
use handset::telemetry::EventName;
use handset::wire::wns;
use jiff::SignedDuration;

use crate::support::wns::WnsSender;
use crate::support::{LIMIT, events_of, eventually, nth_event};

fn toast(text: &str) -> String {
    format!(
        r#"<toast launch="open {text}"><visual><binding template="ToastText01"><text id="1">{text}</text></binding></visual></toast>"#
    )
}

async fn phone_with_clock(lab: &Lab, clock: &Clock) -> Phone {
    let device = lab.device("phone").user("alice").auth(AuthScheme::Basic);
    let device = device.adjust(|options| options.clock = clock.clone());
    device.start().await.unwrap()
}

/// The texts in the action centre, the one shown last first, once all that came is finished.
async fn standing(phone: &Phone) -> Vec<String> {
    eventually("all is finished", || phone.inbox().unwrap().waiting == 0).await;
    let text = |toast: ShownToast| toast.content.body.to_string();
    phone
        .toasts()
        .await
        .unwrap()
        .into_iter()
        .map(text)
        .collect()
}

async fn draws(phone: &Phone, text: &str) {
    assert_eq!(phone.next_toast(LIMIT).await.unwrap().body, text);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_toast_takes_the_place_of_its_namesake_and_is_removed_by_name() {
    let lab = Lab::start().await.unwrap();
    let phone = phone_with_clock(&lab, &Clock::system()).await;
    let sender = WnsSender::to(&lab, &phone).await;
    let posts = async |text: &str, tag: &str, group: &str| {
        let names = [(wns::TAG, tag), (wns::GROUP, group)];
        let answer = sender.post("wns/toast", toast(text), &names).await;
        assert_eq!(answer.code, 200);
        draws(&phone, text).await;
    };
    posts("goal 1:0", "score", "football").await;
    posts("goal 1:1", "score", "football").await;
    posts("try 5:0", "score", "rugby").await;
    posts("red card", "card", "football").await;
    let texts = ["red card", "try 5:0", "goal 1:1"];
    assert_eq!(standing(&phone).await, texts);
    nth_event(&phone, EventName::ToastShown, 3).await;
    let updated = events_of(&phone, EventName::ToastUpdated);
    let shown = events_of(&phone, EventName::ToastShown);
    assert_eq!((updated.len(), shown.len()), (1, 3));
    let numbers = [&updated, &shown].map(|events| events[0].toast.as_ref().unwrap().id);
    assert_eq!(numbers[0], numbers[1], "it keeps its number");

    phone.kill();
    let phone = lab.resume("phone").await.unwrap();
    assert_eq!(standing(&phone).await, texts);
    let device = phone.device().unwrap();
    let name = |text: &str| ToastTag::parse(text).unwrap();
    let (score, football) = (name("score"), name("football"));
    let removed = device.remove_toasts(Some(&score), Some(&football)).await;
    assert_eq!(removed.unwrap(), 1);
    assert_eq!(standing(&phone).await, ["red card", "try 5:0"]);
    let removed = device.remove_toasts(None, Some(&football)).await;
    assert_eq!(removed.unwrap(), 1);
    assert_eq!(standing(&phone).await, ["try 5:0"]);
    assert_eq!(device.clear().await.unwrap(), 1);
    assert!(standing(&phone).await.is_empty());
    nth_event(&phone, EventName::ToastRemoved, 3).await;
    let reasons: Vec<String> = events_of(&phone, EventName::ToastRemoved)
        .iter()
        .map(|event| event.text("reason").unwrap().to_owned())
        .collect();
    assert_eq!(reasons, ["removed", "removed", "cleared"]);
    assert_eq!(phone.removed_toasts().len(), 3);
    drop(device);
    lab.finish().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sender_takes_toasts_away_by_tag_by_group_by_both_or_all() {
    let lab = Lab::start().await.unwrap();
    let phone = phone_with_clock(&lab, &Clock::system()).await;
    let sender = WnsSender::to(&lab, &phone).await;
    for (text, tag, group) in [
        ("one", "a", "x"),
        ("two", "a", "y"),
        ("three", "b", "x"),
        ("four", "b", "y"),
        ("five", "c", "z"),
    ] {
        let names = [(wns::TAG, tag), (wns::GROUP, group)];
        sender.post("wns/toast", toast(text), &names).await;
        draws(&phone, text).await;
    }
    let mut gone = 0;
    for (wish, count, left) in [
        ("tag=b;group=y", 1, &["five", "three", "two", "one"][..]),
        ("group=y", 1, &["five", "three", "one"]),
        ("tag=nobody", 0, &["five", "three", "one"]),
        ("tag=a", 1, &["five", "three"]),
        ("all", 2, &[]),
    ] {
        let answer = sender.delete(&format!("type:wns/toast;{wish}")).await;
        assert_eq!((answer.code, answer.status.as_str()), (200, "received"));
        gone += count;
        let removed = || events_of(&phone, EventName::ToastRemoved).len();
        eventually(wish, || removed() == gone).await;
        assert_eq!(standing(&phone).await, left, "{wish}");
    }
    assert_eq!(phone.shown_toasts().len(), 5, "nothing was drawn for it");
    // The next toast comes after the removal, and stands.
    sender.post("wns/toast", toast("six"), &[]).await;
    draws(&phone, "six").await;
    assert_eq!(standing(&phone).await, ["six"]);
    assert_eq!(sender.delete("type:wns/toast").await.code, 400);
    lab.finish().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_toast_leaves_when_its_time_is_over() {
    let lab = Lab::start().await.unwrap();
    let clock = Clock::simulated(Clock::system().now());
    let phone = phone_with_clock(&lab, &clock).await;
    let sender = WnsSender::to(&lab, &phone).await;
    let ttl = [(wns::TTL, "600")];
    sender.post("wns/toast", toast("short"), &ttl).await;
    draws(&phone, "short").await;
    sender.post("wns/toast", toast("usual"), &[]).await;
    draws(&phone, "usual").await;
    assert_eq!(standing(&phone).await, ["usual", "short"]);
    clock.set_by(SignedDuration::from_mins(11));
    assert_eq!(standing(&phone).await, ["usual"]);
    let gone = phone.event(EventName::ToastRemoved, LIMIT).await.unwrap();
    assert_eq!(gone.text("reason"), Some("expired"));
    // One whose sender did not say is kept for a week.
    clock.set_by(SignedDuration::from_hours(7 * 24));
    assert!(standing(&phone).await.is_empty());
    nth_event(&phone, EventName::ToastRemoved, 2).await;
    lab.finish().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_to_disturb_stands_in_the_action_centre_alone() {
    let lab = Lab::start().await.unwrap();
    let phone = phone_with_clock(&lab, &Clock::system()).await;
    let sender = WnsSender::to(&lab, &phone).await;
    phone.set(&["dnd=on"]).await.unwrap();
    lab.backend().send_secure("alice", "secure").await.unwrap();
    nth_event(&phone, EventName::ToastShown, 1).await;
    sender.post("wns/toast", toast("visible"), &[]).await;
    nth_event(&phone, EventName::ToastShown, 2).await;
    phone.set(&["dnd=off"]).await.unwrap();
    let quiet = [(wns::SUPPRESS_POPUP, "true")];
    sender.post("wns/toast", toast("suppressed"), &quiet).await;
    nth_event(&phone, EventName::ToastShown, 3).await;
    sender.post("wns/toast", toast("drawn"), &[]).await;
    draws(&phone, "drawn").await;

    let texts = ["drawn", "suppressed", "visible", "secure"];
    assert_eq!(standing(&phone).await, texts);
    assert_eq!(phone.shown_toasts().len(), 1);
    nth_event(&phone, EventName::ToastShown, 4).await;
    let reasons: Vec<_> = events_of(&phone, EventName::ToastShown)
        .iter()
        .map(|event| event.text("reason").map(str::to_owned))
        .collect();
    let dnd = Some("do_not_disturb".to_owned());
    let suppressed = Some("suppress_popup".to_owned());
    assert_eq!(reasons, [dnd.clone(), dnd, suppressed, None]);
    lab.finish().await.unwrap();
}
