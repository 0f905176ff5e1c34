//! The badge on the app's icon, as each platform sends it: number, glyph, cleared, and 99+.

use handset::lab::{Lab, Phone};
use handset::model::Platform;
use handset::telemetry::EventName;
use serde_json::json;

use crate::support::apns::ApnsSender;
use crate::support::fcm::FcmSender;
use crate::support::nth_event;
use crate::support::wns::WnsSender;

async fn phone_of(lab: &Lab, platform: Platform) -> Phone {
    let device = lab.device("phone").user("alice").platform(platform);
    device.start().await.unwrap()
}

/// The `count`-th change shows this.
async fn becomes(phone: &Phone, count: usize, shown: Option<&str>) {
    let change = nth_event(phone, EventName::BadgeChanged, count).await;
    assert_eq!(change.text("shown"), shown);
    let status = phone.status().await.unwrap();
    assert_eq!(status.badge.as_deref(), shown);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_badge_of_wns_is_a_number_or_a_glyph_and_survives_a_kill() {
    let lab = Lab::start().await.unwrap();
    let phone = phone_of(&lab, Platform::Wns).await;
    let sender = WnsSender::to(&lab, &phone).await;
    for (number, (value, shown)) in [
        ("7", Some("7")),
        ("100", Some("99+")),
        ("newMessage", Some("newMessage")),
        ("none", None),
        ("3", Some("3")),
    ]
    .into_iter()
    .enumerate()
    {
        let xml = format!(r#"<badge value="{value}"/>"#);
        sender.post("wns/badge", xml, &[]).await;
        becomes(&phone, number + 1, shown).await;
    }
    phone.kill();
    let phone = lab.resume("phone").await.unwrap();
    assert_eq!(phone.status().await.unwrap().badge.as_deref(), Some("3"));
    assert!(phone.toasts().await.unwrap().is_empty());
    lab.finish().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_badge_of_apns_stands_alone_or_beside_an_alert() {
    let lab = Lab::start().await.unwrap();
    let phone = phone_of(&lab, Platform::Apns).await;
    let sender = ApnsSender::to(&lab, &phone).await;
    for (number, (aps, shown)) in [
        (json!({"badge": 5}), Some("5")),
        (json!({"alert": "hi", "badge": 120}), Some("99+")),
        (json!({"badge": 0}), None),
    ]
    .into_iter()
    .enumerate()
    {
        sender.alert(&json!({ "aps": aps }), &[]).await;
        becomes(&phone, number + 1, shown).await;
    }
    lab.finish().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_notification_of_fcm_brings_its_count() {
    let lab = Lab::start().await.unwrap();
    let phone = phone_of(&lab, Platform::Fcm).await;
    let sender = FcmSender::to(&lab, &phone).await;
    for (number, (count, shown)) in [(4, Some("4")), (250, Some("99+")), (0, None)]
        .into_iter()
        .enumerate()
    {
        let message = json!({
            "notification": {"title": "New", "body": "message"},
            "android": {"notification": {"notification_count": count}},
        });
        sender.send(message).await;
        becomes(&phone, number + 1, shown).await;
    }
    assert_eq!(phone.toasts().await.unwrap().len(), 3);
    lab.finish().await.unwrap();
}
