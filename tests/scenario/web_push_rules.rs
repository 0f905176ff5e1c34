//! A browser's rules: on a low battery only what is urgent is let through, and a closed browser
//! gets its pushes when it runs again.

use handset::lab::{Fate, Lab, Phone};
use handset::model::{NotificationId, Platform};
use handset::telemetry::EventName;
use handset::wire::app_backend::SendPriority;

use crate::support::{LIMIT, events_of};

async fn browser(lab: &Lab) -> Phone {
    let device = lab.device("phone").user("alice");
    let device = device.platform(Platform::WebPush);
    device.start().await.unwrap()
}

async fn sends(lab: &Lab, text: &str, urgency: SendPriority) -> NotificationId {
    let backend = lab.backend();
    let sent = backend.send_with_priority("alice", text, urgency);
    sent.await.unwrap().id.unwrap()
}

async fn is_held(phone: &Phone, id: &NotificationId, rule: &str) {
    let fate = phone.fate_when(id, LIMIT, Fate::is_settled).await.unwrap();
    assert_eq!(fate, Fate::Held(rule.to_owned()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_a_low_battery_urgency_decides() {
    let lab = Lab::start().await.unwrap();
    let phone = browser(&lab).await;
    phone.set(&["battery_saver=on"]).await.unwrap();
    let normal = sends(&lab, "normal", SendPriority::Normal).await;
    is_held(&phone, &normal, "low_battery").await;
    sends(&lab, "high", SendPriority::High).await;
    assert_eq!(phone.next_toast(LIMIT).await.unwrap().body, "high");
    phone.set(&["battery_saver=off"]).await.unwrap();
    assert_eq!(phone.next_toast(LIMIT).await.unwrap().body, "normal");
    lab.finish().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_closed_browser_gets_its_pushes_when_it_runs_again() {
    let lab = Lab::start().await.unwrap();
    let phone = browser(&lab).await;
    phone.set(&["app=force_quit"]).await.unwrap();
    for text in ["first", "second"] {
        let id = sends(&lab, text, SendPriority::High).await;
        is_held(&phone, &id, "browser_closed").await;
    }
    phone.set(&["app=background"]).await.unwrap();
    for text in ["first", "second"] {
        assert_eq!(phone.next_toast(LIMIT).await.unwrap().body, text);
    }
    assert!(events_of(&phone, EventName::PushSuperseded).is_empty());
    lab.finish().await.unwrap();
}
