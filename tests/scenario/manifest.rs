//! The app's manifest: what it does not declare, the app does not get, and the reason names the
//! line that is missing.

use std::sync::Arc;

use handset::background::{RegisterError, TaskRegistration, Trigger};
use handset::lab::{Fate, Lab};
use handset::model::{Badge, Manifest};
use handset::telemetry::EventName;

use crate::support::wns::WnsSender;
use crate::support::{LIMIT, dropped_because, events_of, eventually, nth_event};

const APP: &str = "[app]\nid = \"handset.app\"\nname = \"Contoso\"\n";
const PUSH: &str = "[[background_task]]\n\
                    entry_point = \"PushBackgroundComponent.PushBackgroundTask\"\n";

fn manifest(lines: &str) -> Arc<Manifest> {
    Arc::new(Manifest::parse("app.toml", &format!("{APP}{lines}")).unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_whose_type_is_not_declared_wakes_for_no_push() {
    let lab = Lab::start().await.unwrap();
    let manifest = manifest(&format!(
        "toast_capable = true\n{PUSH}types = [\"timer\"]\n"
    ));
    let device = lab.device("phone").user("alice");
    let device = device.adjust(|options| options.manifest = manifest);
    let phone = device.start().await.unwrap();
    let dropped_with_line = async |count: usize| {
        lab.backend().send_secure("alice", "no task").await.unwrap();
        let dropped = nth_event(&phone, EventName::PushDropped, count).await;
        assert_eq!(dropped.text("reason"), Some("no_task_registered"));
        let detail = dropped.text("detail").unwrap();
        for part in ["app.toml", "\"push_notification\"", "line 7"] {
            assert!(detail.contains(part), "{part} in {detail}");
        }
    };
    dropped_with_line(1).await;

    let device = phone.device().unwrap();
    let entry_point = "PushBackgroundComponent.PushBackgroundTask";
    let network = TaskRegistration::new("network", entry_point, Trigger::NetworkChange);
    let refused = device.register_task(network).await.unwrap_err();
    assert!(matches!(refused, RegisterError::NotDeclared { .. }));
    assert!(
        refused.to_string().contains("\"system_event\""),
        "{refused}"
    );
    let timer = Trigger::Timer {
        every: Trigger::SHORTEST_TIMER,
        one_shot: false,
    };
    let timer = TaskRegistration::new("timer", entry_point, timer);
    device.register_task(timer).await.unwrap();
    // What another task is told does not hide what the push task lacks.
    dropped_with_line(2).await;

    eventually("they are finished", || phone.inbox().unwrap().waiting == 0).await;
    assert!(device.tasks(10).await.unwrap().is_empty());
    assert!(phone.toasts().await.unwrap().is_empty());
    drop(device);
    lab.finish().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_app_that_may_not_show_toasts_shows_none() {
    let lab = Lab::start().await.unwrap();
    let manifest = manifest(&format!("{PUSH}types = [\"push_notification\"]\n"));
    let device = lab.device("phone").user("alice");
    let device = device.adjust(|options| options.manifest = manifest);
    let phone = device.start().await.unwrap();
    lab.backend().send_secure("alice", "unseen").await.unwrap();
    let dropped = dropped_because(&phone, "not_toast_capable").await;
    let detail = dropped.text("detail").unwrap();
    for part in ["app.toml", "toast_capable = true"] {
        assert!(detail.contains(part), "{part} in {detail}");
    }
    let sender = WnsSender::to(&lab, &phone).await;
    let toast = r#"<toast><visual><binding template="ToastText01"><text>unseen</text></binding></visual></toast>"#;
    sender.post("wns/toast", toast, &[]).await;
    let visible = nth_event(&phone, EventName::PushDropped, 2).await;
    assert_eq!(visible.text("reason"), Some("not_toast_capable"));
    // The badge is no toast.
    sender.post("wns/badge", r#"<badge value="3"/>"#, &[]).await;
    phone.event(EventName::BadgeChanged, LIMIT).await.unwrap();
    assert_eq!(phone.device().unwrap().badge(), Badge::Number(3));

    eventually("all are finished", || phone.inbox().unwrap().waiting == 0).await;
    assert!(phone.shown_toasts().is_empty());
    assert!(phone.toasts().await.unwrap().is_empty());
    lab.finish().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lock_screen_that_is_not_declared_shows_no_toast() {
    let lab = Lab::start().await.unwrap();
    let lines = format!("toast_capable = true\n{PUSH}types = [\"push_notification\"]\n");
    let device = lab.device("phone").user("alice");
    let device = device.adjust(|options| options.manifest = manifest(&lines));
    let phone = device.condition("screen=locked").start().await.unwrap();
    let sent = lab.backend().send_secure("alice", "kept").await.unwrap();
    let id = sent.id.unwrap();
    let fate = phone.fate_when(&id, LIMIT, Fate::is_final);
    let kept = Fate::ActionCentre("not_on_lock_screen".to_owned());
    assert_eq!(fate.await.unwrap(), kept);
    assert!(phone.shown_toasts().is_empty());
    eventually("it is finished", || phone.inbox().unwrap().waiting == 0).await;
    let toasts = phone.toasts().await.unwrap();
    assert_eq!(toasts.len(), 1);
    assert_eq!(toasts[0].content.body.as_str(), "kept");

    phone.set(&["screen=unlocked"]).await.unwrap();
    lab.backend().send_secure("alice", "drawn").await.unwrap();
    assert_eq!(phone.next_toast(LIMIT).await.unwrap().body, "drawn");
    assert!(events_of(&phone, EventName::PushDropped).is_empty());
    lab.finish().await.unwrap();
}
