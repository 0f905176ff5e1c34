//! An Android phone's rules: Doze and priorities, and the full sync after messages were deleted.

use std::collections::BTreeMap;

use handset::emulator::{DropRule, TraceStep};
use handset::lab::{Fate, Lab, Phone};
use handset::model::Platform;
use handset::telemetry::EventName;
use handset::wire::app_backend::SendPriority;

use crate::support::{LIMIT, events_of, eventually, nth_event};

async fn android(lab: &Lab) -> Phone {
    let device = lab.device("phone").user("alice").platform(Platform::Fcm);
    device.start().await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn doze_holds_what_is_normal_and_wakes_for_what_is_high() {
    let lab = Lab::start().await.unwrap();
    let phone = android(&lab).await;
    phone.set(&["doze=on"]).await.unwrap();
    let backend = lab.backend();
    let mut ids = Vec::new();
    for text in ["normal 1", "normal 2"] {
        let sent = backend.send_with_priority("alice", text, SendPriority::Normal);
        let id = sent.await.unwrap().id.unwrap();
        let fate = phone.fate_when(&id, LIMIT, Fate::is_settled).await.unwrap();
        assert_eq!(fate, Fate::Held("doze".to_owned()));
        ids.push(id);
    }
    let high = backend.send_with_priority("alice", "high", SendPriority::High);
    high.await.unwrap();
    assert_eq!(phone.next_toast(LIMIT).await.unwrap().body, "high");
    phone.set(&["doze=off"]).await.unwrap();
    for text in ["normal 1", "normal 2"] {
        assert_eq!(phone.next_toast(LIMIT).await.unwrap().body, text);
    }
    for id in &ids {
        phone
            .fate_when(id, LIMIT, |fate| *fate == Fate::Shown)
            .await
            .unwrap();
    }
    assert_eq!(phone.shown_toasts().len(), 3);
    lab.finish().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_force_stopped_app_gets_nothing_and_a_restricted_one_only_in_the_foreground() {
    let lab = Lab::start().await.unwrap();
    let phone = android(&lab).await;
    for (condition, rule) in [
        ("app=force_quit", "force_stopped"),
        ("background_access=denied_by_user", "background_restricted"),
    ] {
        phone.set(&[condition]).await.unwrap();
        let sent = lab.backend().send_secure("alice", rule).await.unwrap();
        let id = sent.id.unwrap();
        let fate = phone.fate_when(&id, LIMIT, Fate::is_settled).await.unwrap();
        assert_eq!(fate, Fate::Dropped(rule.to_owned()));
        let usual = "background_access=allowed_subject_to_system_policy";
        phone.set(&["app=background", usual]).await.unwrap();
    }
    lab.backend().send_secure("alice", "free").await.unwrap();
    assert_eq!(phone.next_toast(LIMIT).await.unwrap().body, "free");
    lab.finish().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_a_hundred_missed_messages_are_made_up_for_by_a_full_sync() {
    let lab = Lab::start().await.unwrap();
    let phone = android(&lab).await;
    assert_eq!(phone.turn_off().await, 0);
    eventually("the socket is closed", || {
        lab.services().connected_devices() == 0
    })
    .await;
    let missed: Vec<String> = (0..101).map(|number| format!("missed {number}")).collect();
    for text in &missed {
        lab.backend().send_secure("alice", text).await.unwrap();
    }
    let entries = lab.services().trace().entries();
    let discarded = TraceStep::Dropped(DropRule::PendingLimit);
    let discarded = entries.iter().filter(|entry| entry.step == discarded);
    assert_eq!(discarded.count(), missed.len());
    // What comes after that is stored again, beside the marker.
    lab.backend().send_secure("alice", "stored").await.unwrap();

    let phone = lab.resume("phone").await.unwrap();
    // One task for the marker, one for the push that was stored.
    nth_event(&phone, EventName::TaskCompleted, 2).await;
    eventually("both are finished", || phone.inbox().unwrap().waiting == 0).await;
    let mut times: BTreeMap<String, usize> = BTreeMap::new();
    for toast in phone.shown_toasts() {
        *times.entry(toast.body).or_default() += 1;
    }
    // The sync shows this one before its own push comes, which shows it no more.
    assert_eq!(times.remove("stored"), Some(1));
    for text in &missed {
        assert_eq!(times.get(text), Some(&1), "{text}");
    }
    assert_eq!(times.len(), missed.len());
    assert_eq!(phone.toasts().await.unwrap().len(), missed.len() + 1);
    assert!(events_of(&phone, EventName::PushDropped).is_empty());
    lab.finish().await.unwrap();
}
