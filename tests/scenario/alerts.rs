//! Visible pushes in each platform's own shape, from a sender at the front door to the user's tap.

use handset::action_centre::ShownToast;
use handset::lab::{Lab, Phone};
use handset::model::{Platform, ToastTemplate};
use handset::telemetry::EventName;
use handset::wire::apns;
use serde_json::{Value, json};

use crate::support::apns::ApnsSender;
use crate::support::fcm::FcmSender;
use crate::support::wns::WnsSender;
use crate::support::{LIMIT, events_of, eventually_some};

async fn phone_of(lab: &Lab, platform: Platform) -> Phone {
    let device = lab.device("phone").user("alice").platform(platform);
    device.start().await.unwrap()
}

/// The only toast, once it stands in the action centre with this text.
async fn only_toast(phone: &Phone, title: &str, body: &str) -> ShownToast {
    let drawn = phone.next_toast(LIMIT).await.unwrap();
    assert_eq!((drawn.title.as_str(), drawn.body.as_str()), (title, body));
    let only = eventually_some("it stands in the action centre", async || {
        let mut toasts = phone.toasts().await.unwrap();
        assert!(toasts.len() < 2, "{toasts:#?}");
        toasts.retain(|toast| toast.content.body.as_str() == body);
        toasts.pop()
    });
    only.await
}

fn launch_of(toast: &ShownToast) -> Value {
    serde_json::from_str(toast.content.launch.as_deref().unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_payload_that_is_only_stored_comes_with_a_senders_own_push() {
    let lab = Lab::start().await.unwrap();
    let phone = phone_of(&lab, Platform::Apns).await;
    let stored = lab.backend().store_secure("alice", "mine").await.unwrap();
    assert_eq!(stored.deliveries, []);
    let id = stored.id.unwrap();
    let sender = ApnsSender::to(&lab, &phone).await;
    let payload = json!({"aps": {"content-available": 1}, "secureId": id.as_str()});
    let silent = [(apns::PUSH_TYPE, "background"), (apns::PRIORITY, "5")];
    sender.post(&payload, &silent).await;
    assert_eq!(phone.next_toast(LIMIT).await.unwrap().body, "mine");
    lab.finish().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_alert_of_apns_is_drawn_replaced_and_tapped() {
    let lab = Lab::start().await.unwrap();
    let phone = phone_of(&lab, Platform::Apns).await;
    let sender = ApnsSender::to(&lab, &phone).await;
    let collapse = [(apns::COLLAPSE_ID, "lunch")];
    let alert = |body: &str| {
        json!({
            "aps": {"alert": {"title": "Adam", "subtitle": "Today", "body": body}, "thread-id": "chat"},
            "chat": 7,
        })
    };
    sender.alert(&alert("Lunch?"), &collapse).await;
    let first = only_toast(&phone, "Adam", "Today\nLunch?").await;
    assert_eq!(first.content.template, ToastTemplate::ToastGeneric);
    sender.alert(&alert("Dinner?"), &collapse).await;
    let second = only_toast(&phone, "Adam", "Today\nDinner?").await;
    assert_eq!(second.id, first.id, "the same collapse id, the same place");
    assert_eq!(launch_of(&second), json!({"chat": 7}));
    let tapped = phone.device().unwrap().tap(second.id, None).await.unwrap();
    assert_eq!(tapped.notification, None);
    let event = phone.event(EventName::ToastTapped, LIMIT).await.unwrap();
    assert_eq!(event.text("launch"), second.content.launch.as_deref());
    // The app was not woken for what the system shows.
    assert!(events_of(&phone, EventName::TaskStarted).is_empty());
    lab.finish().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_alert_that_wakes_the_app_is_shown_and_fetched() {
    let lab = Lab::start().await.unwrap();
    let phone = phone_of(&lab, Platform::Apns).await;
    let sender = ApnsSender::to(&lab, &phone).await;
    let payload = json!({"aps": {"alert": "Plain", "content-available": 1}, "secureId": "unknown"});
    sender.alert(&payload, &[]).await;
    only_toast(&phone, "handset", "Plain").await;
    let failed = phone.event(EventName::PayloadFailed, LIMIT).await.unwrap();
    assert_eq!(failed.text("reason"), Some("payload_gone"));
    let run = phone.event(EventName::TaskCompleted, LIMIT).await.unwrap();
    assert_eq!(run.text("task"), Some("PushBackgroundTask"));
    lab.finish().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_notification_of_fcm_is_drawn_replaced_and_tapped() {
    let lab = Lab::start().await.unwrap();
    let phone = phone_of(&lab, Platform::Fcm).await;
    let sender = FcmSender::to(&lab, &phone).await;
    let message = |body: &str| {
        json!({
            "notification": {"title": "Order", "body": body},
            "data": {"order": "7"},
            "android": {"notification": {"tag": "order-7", "click_action": "OPEN"}},
        })
    };
    sender.send(message("packed")).await;
    let first = only_toast(&phone, "Order", "packed").await;
    sender.send(message("shipped")).await;
    let second = only_toast(&phone, "Order", "shipped").await;
    assert_eq!(second.id, first.id, "the same tag, the same place");
    assert_eq!(second.content.template, ToastTemplate::ToastText02);
    let expected = json!({"order": "7", "click_action": "OPEN"});
    assert_eq!(launch_of(&second), expected);
    phone.device().unwrap().tap(second.id, None).await.unwrap();
    let event = phone.event(EventName::ToastTapped, LIMIT).await.unwrap();
    assert_eq!(event.text("launch"), second.content.launch.as_deref());
    assert!(events_of(&phone, EventName::TaskStarted).is_empty());
    lab.finish().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_generic_toast_of_wns_is_drawn_with_its_picture_and_buttons() {
    let lab = Lab::start().await.unwrap();
    let phone = phone_of(&lab, Platform::Wns).await;
    let sender = WnsSender::to(&lab, &phone).await;
    let xml = r#"<toast launch="chat=7"><visual><binding template="ToastGeneric">
        <text>Adam</text><text>Lunch?</text><image src="ms-appx:///Assets/adam.png" alt="Adam"/>
        </binding></visual><actions>
        <action content="Reply" arguments="reply=7"/><action content="Later" arguments="later=7"/>
        </actions></toast>"#;
    sender.post("wns/toast", xml, &[]).await;
    let toast = only_toast(&phone, "Adam", "Lunch?").await;
    assert_eq!(toast.content.template, ToastTemplate::ToastGeneric);
    assert!(toast.content.image.is_some());
    let captions: Vec<_> = toast
        .content
        .actions
        .iter()
        .map(|action| action.content.as_str())
        .collect();
    assert_eq!(captions, ["Reply", "Later"]);
    let device = phone.device().unwrap();
    let unknown = device.tap(toast.id, Some("Never")).await.unwrap_err();
    assert!(unknown.to_string().contains("Reply"), "{unknown}");
    let tapped = device.tap(toast.id, Some("Later")).await.unwrap();
    assert_eq!(tapped.launch.as_deref(), Some("later=7"));
    let event = phone.event(EventName::ToastTapped, LIMIT).await.unwrap();
    assert_eq!(event.text("launch"), Some("later=7"));
    drop(device);
    lab.finish().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_text_template_of_wns_is_drawn() {
    let lab = Lab::start().await.unwrap();
    let phone = phone_of(&lab, Platform::Wns).await;
    let sender = WnsSender::to(&lab, &phone).await;
    let app = "handset";
    for (template, title, body) in [
        ("ToastText01", app, "one"),
        ("ToastText02", "one", "two"),
        ("ToastText03", "one", "two"),
        ("ToastText04", "one", "two\nthree"),
        ("ToastImageAndText01", app, "one"),
        ("ToastImageAndText02", "one", "two"),
        ("ToastImageAndText03", "one", "two"),
        ("ToastImageAndText04", "one", "two\nthree"),
    ] {
        let xml = format!(
            r#"<toast><visual><binding template="{template}"><image id="1" src="ms-appx:///a.png"/>
            <text id="1">one</text><text id="2">two</text><text id="3">three</text></binding></visual></toast>"#
        );
        sender.post("wns/toast", xml, &[]).await;
        let drawn = phone.next_toast(LIMIT).await.unwrap();
        let texts = (drawn.title.as_str(), drawn.body.as_str());
        assert_eq!(texts, (title, body), "{template}");
    }
    lab.finish().await.unwrap();
}
