//! What the user does with a secure toast: a tap marks its payload as read at the backend, at once or
//! as soon as that can be reached.

use handset::lab::{Lab, Phone};
use handset::model::NotificationId;
use handset::telemetry::EventName;

use crate::support::front::Front;
use crate::support::{LIMIT, eventually_some, nth_event};

/// Shows a push and gives its payload's ID and its toast's number.
async fn shown(lab: &Lab, phone: &Phone, text: &str) -> (NotificationId, i64) {
    let sent = lab.backend().send_secure("alice", text).await.unwrap();
    assert_eq!(phone.next_toast(LIMIT).await.unwrap().body, text);
    let number = eventually_some("it stands in the action centre", async || {
        let toasts = phone.toasts().await.unwrap();
        let mut toasts = toasts.into_iter();
        let toast = toasts.find(|toast| toast.content.body.as_str() == text);
        toast.map(|toast| toast.id)
    });
    (sent.id.unwrap(), number.await)
}

async fn unread(lab: &Lab) -> Vec<String> {
    let unread = lab.backend().unread("alice").await.unwrap();
    unread.into_iter().map(|entry| entry.payload).collect()
}

async fn unread_becomes(lab: &Lab, expected: &[&str]) {
    let what = format!("unread is {expected:?}");
    eventually_some(&what, async || {
        (unread(lab).await == expected).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tap_marks_the_payload_as_read_and_a_dismissal_does_not() {
    let lab = Lab::start().await.unwrap();
    let phone = lab.device("phone").user("alice").start().await.unwrap();
    let (id, first) = shown(&lab, &phone, "first").await;
    let (_, second) = shown(&lab, &phone, "second").await;
    assert_eq!(unread(&lab).await, ["first", "second"]);
    let device = phone.device().unwrap();
    let tapped = device.tap(first, None).await.unwrap();
    assert_eq!(tapped.notification.as_deref(), Some(id.as_str()));
    assert!(!tapped.opens_sign_in);
    let event = phone.event(EventName::ToastTapped, LIMIT).await.unwrap();
    assert_eq!(event.text("notification"), Some(id.as_str()));
    assert_eq!(event.toast.unwrap().id, first);
    unread_becomes(&lab, &["second"]).await;
    let again = device.tap(first, None).await.unwrap_err();
    assert!(again.to_string().contains(&first.to_string()), "{again}");

    device.dismiss(second).await.unwrap();
    phone.event(EventName::ToastDismissed, LIMIT).await.unwrap();
    assert!(phone.toasts().await.unwrap().is_empty());
    assert_eq!(phone.removed_toasts().len(), 2);
    assert_eq!(unread(&lab).await, ["second"]);
    drop(device);
    lab.finish().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tap_while_the_backend_is_away_is_told_later_even_after_a_kill() {
    let lab = Lab::start().await.unwrap();
    let front = Front::before(&lab).await;
    let device = lab.device("phone").user("alice").backend(front.url());
    let phone = device.start().await.unwrap();
    let (_, number) = shown(&lab, &phone, "read later").await;
    let address = front.address();
    drop(front);
    phone.device().unwrap().tap(number, None).await.unwrap();
    phone.kill();
    let phone = lab.resume("phone").await.unwrap();
    assert_eq!(unread(&lab).await, ["read later"]);
    let _front = Front::at(&lab, address).await;
    unread_becomes(&lab, &[]).await;
    assert!(phone.toasts().await.unwrap().is_empty());
    lab.finish().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn taps_without_a_network_or_a_token_are_told_when_there_is_one() {
    let lab = Lab::start().await.unwrap();
    let phone = lab.device("phone").user("alice").start().await.unwrap();
    let (_, first) = shown(&lab, &phone, "offline").await;
    let (_, second) = shown(&lab, &phone, "signed out").await;
    let device = phone.device().unwrap();
    phone.set(&["network=offline"]).await.unwrap();
    device.tap(first, None).await.unwrap();
    assert_eq!(unread(&lab).await, ["offline", "signed out"]);
    phone.set(&["network=online"]).await.unwrap();
    unread_becomes(&lab, &["signed out"]).await;

    phone.sign_out().await.unwrap();
    device.tap(second, None).await.unwrap();
    phone.sign_in("bob", "bob").await.unwrap();
    assert_eq!(unread(&lab).await, ["signed out"]);
    phone.sign_in("alice", "alice").await.unwrap();
    unread_becomes(&lab, &[]).await;
    nth_event(&phone, EventName::ToastTapped, 2).await;
    drop(device);
    lab.finish().await.unwrap();
}
