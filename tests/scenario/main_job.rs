//! The main job: a secure push, the whole way from the app backend to the toast.

use std::collections::HashMap;

use handset::emulator::TraceStep;
use handset::lab::Lab;
use handset::model::{AuthScheme, Platform};
use handset::telemetry::EventName;
use handset::wire::app_backend::DeliveryOutcome;

use crate::support::{LIMIT, eventually};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn basic_sign_in_and_wns() {
    carries_a_push(AuthScheme::Basic, Platform::Wns).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bearer_sign_in_and_wns() {
    carries_a_push(AuthScheme::Bearer, Platform::Wns).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_encrypted_web_push() {
    carries_a_push(AuthScheme::Bearer, Platform::WebPush).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_silent_push_of_apns() {
    carries_a_push(AuthScheme::Bearer, Platform::Apns).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_data_message_of_fcm() {
    carries_a_push(AuthScheme::Bearer, Platform::Fcm).await;
}

async fn carries_a_push(auth: AuthScheme, platform: Platform) {
    let lab = Lab::start().await.unwrap();
    let phone = lab
        .device("alice-phone")
        .user("Alice")
        .auth(auth)
        .platform(platform)
        .tag("news")
        .start()
        .await
        .unwrap();
    let status = phone.status().await.unwrap();
    assert!(status.signed_in && status.registration_id.is_some());
    assert_eq!(
        (status.channel.as_str(), status.platform),
        ("open", platform)
    );
    assert_eq!(status.user.as_deref(), Some("alice"));

    let sent = lab
        .backend()
        .send_secure("alice", "Your code is 4711")
        .await;
    let sent = sent.unwrap();
    assert_eq!(sent.deliveries.len(), 1);
    assert_eq!(sent.deliveries[0].outcome, DeliveryOutcome::Received);
    let toast = phone.next_toast(LIMIT).await.unwrap();
    assert_eq!(
        (toast.title.as_str(), toast.body.as_str()),
        ("handset", "Your code is 4711")
    );
    assert!(!toast.asks_to_sign_in());

    let acknowledged = || lab.services().trace().counts().acknowledged == 1;
    eventually("the push is acknowledged", acknowledged).await;
    let entries = lab.services().trace().entries();
    let steps: Vec<TraceStep> = entries.iter().map(|entry| entry.step).collect();
    assert_eq!(
        steps,
        [
            TraceStep::Received,
            TraceStep::Delivered,
            TraceStep::Acknowledged(100)
        ]
    );
    eventually("the inbox is empty", || phone.inbox().unwrap().waiting == 0).await;
    assert_eq!(phone.shown_toasts().len(), 1);
    assert_eq!(phone.toasts().await.unwrap().len(), 1);
    each_once(&phone.events());
    lab.finish().await.unwrap();
}

fn each_once(events: &[handset::telemetry::Event]) {
    let mut counts = HashMap::new();
    for event in events {
        *counts.entry(event.event).or_insert(0) += 1;
    }
    for name in [
        EventName::SessionSignedIn,
        EventName::ChannelOpened,
        EventName::RegistrationUpdated,
        EventName::PhoneReady,
        EventName::PushReceived,
        EventName::TaskStarted,
        EventName::PayloadFetched,
        EventName::ToastShown,
        EventName::TaskCompleted,
    ] {
        assert_eq!(counts.get(&name), Some(&1), "{name:?} in {events:#?}");
    }
    for never in [
        EventName::ChannelClosed,
        EventName::PushDropped,
        EventName::RegistrationFailed,
    ] {
        assert_eq!(counts.get(&never), None, "{never:?} in {events:#?}");
    }
}
