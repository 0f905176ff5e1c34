use std::time::Duration;

use super::*;
use crate::background::testing::{registry, set, store};
use crate::background::{MIGRATION, MIGRATION_2};
use crate::model::SystemCondition;
use crate::store::{Location, Schema};

const QUARTER: Trigger = Trigger::Timer {
    every: Trigger::SHORTEST_TIMER,
    one_shot: true,
};

fn phone() -> Arc<watch::Sender<Conditions>> {
    Arc::default()
}

fn named(name: &str, trigger: Trigger) -> TaskRegistration {
    TaskRegistration::new(name, "Task", trigger)
}

/// A registry that was given access.
async fn allowed(store: &Store) -> TaskRegistry {
    let registry = registry(store, &Clock::system(), &phone()).await;
    registry.request_access().await.unwrap();
    registry
}

#[tokio::test]
async fn a_task_is_registered_once_by_name_and_survives_a_restart() {
    let store = store().await;
    let first = allowed(&store).await;
    assert_eq!(first.task_for(Trigger::RawPush), None);
    let mut task = named("push", Trigger::RawPush).on_condition(SystemCondition::InternetAvailable);
    task = task.on_condition(SystemCondition::UserPresent);
    task.cancel_on_condition_loss = true;
    assert_eq!(first.register(task.clone()).await, Ok(Registered::New));
    let other = named("push", QUARTER);
    assert_eq!(first.register(other.clone()).await, Ok(Registered::Already));
    let timer = named("timer", QUARTER);
    assert_eq!(first.register(timer.clone()).await, Ok(Registered::New));
    let again = allowed(&store).await;
    assert_eq!(again.all(), [task.clone(), timer.clone()]);
    assert_eq!(again.register(other).await, Ok(Registered::Already));
    assert_eq!(again.task_for(Trigger::RawPush), Some(task));
    assert_eq!(again.task_for(QUARTER), Some(timer));
    assert_eq!(again.scheduled(), first.scheduled());
}

#[tokio::test]
async fn a_task_that_was_unregistered_stays_away() {
    let store = store().await;
    let first = allowed(&store).await;
    let task = named("push", Trigger::RawPush);
    first.register(task.clone()).await.unwrap();
    assert_eq!(first.unregister("push", false).await, Ok(true));
    assert_eq!(first.unregister("push", false).await, Ok(false));
    assert_eq!(first.all(), []);
    assert_eq!(allowed(&store).await.all(), []);
    assert_eq!(first.register(task).await, Ok(Registered::New));
}

#[tokio::test]
async fn nothing_is_registered_without_background_access() {
    let (store, phone) = (store().await, phone());
    let tasks = registry(&store, &Clock::system(), &phone).await;
    let task = || named("push", Trigger::RawPush);
    let refused = tasks.register(task()).await.unwrap_err();
    assert!(matches!(refused, RegisterError::AccessNotRequested { .. }));
    assert_eq!(tasks.access(), BackgroundAccess::Unspecified);
    for answer in [
        "unspecified",
        "denied",
        "denied_by_user",
        "denied_by_system_policy",
    ] {
        set(&phone, &format!("background_access={answer}"));
        assert_eq!(tasks.request_access().await.unwrap().as_str(), answer);
        let refused = tasks.register(task()).await.unwrap_err();
        assert!(refused.needs_access());
        let text = refused.to_string();
        assert!(
            text.contains(answer)
                && text.contains(
                    "handset condition set background_access=allowed_subject_to_system_policy"
                ),
            "{text}"
        );
    }
    // The remedy helps, and that access was asked for survives a restart.
    set(&phone, "background_access=always_allowed");
    let again = registry(&store, &Clock::system(), &phone).await;
    assert_eq!(again.register(task()).await, Ok(Registered::New));
    again.remove_access().await.unwrap();
    let refused = again.register(task()).await.unwrap_err();
    assert!(matches!(refused, RegisterError::AccessNotRequested { .. }));
    let later = registry(&store, &Clock::system(), &phone).await;
    assert_eq!(later.access(), BackgroundAccess::Unspecified);
}

#[tokio::test]
async fn what_is_refused_is_refused_with_the_missing_line_or_the_bound() {
    let store = store().await;
    let tasks = allowed(&store).await;
    let timer = |every| Trigger::Timer {
        every,
        one_shot: false,
    };
    let short = Trigger::SHORTEST_TIMER - Duration::from_millis(1);
    for (task, hint) in [
        (
            TaskRegistration::new("push", "Other", Trigger::RawPush),
            "test.toml lacks a [[background_task]] with the lines `entry_point = \"Other\"`",
        ),
        (
            TaskRegistration::new("push", "TimerOnly", Trigger::RawPush),
            "test.toml lacks \"push_notification\" in the `types` of TimerOnly, line 10",
        ),
        (
            TaskRegistration::new("net", "TimerOnly", Trigger::NetworkChange),
            "lacks \"system_event\"",
        ),
        (named("soon", timer(short)), "within 900 s"),
        (named("never", timer(Duration::MAX)), "choose one that is"),
        (named("", QUARTER), "1 to 128 characters"),
        (named("a\nb", QUARTER), "control character"),
        (named(&"x".repeat(129), QUARTER), "1 to 128 characters"),
    ] {
        let text = tasks.register(task).await.unwrap_err().to_string();
        assert!(text.contains(hint), "{text}");
    }
    assert_eq!(tasks.all(), []);
}

#[tokio::test]
async fn a_row_of_the_first_version_stays_valid() {
    let folder = tempfile::tempdir().unwrap();
    let open = async |migrations| {
        let schema = Schema {
            application_id: 1,
            migrations,
        };
        let location = Location::File(folder.path().join("device.db"));
        Store::open(location, schema).await.unwrap()
    };
    let old = open(&[MIGRATION]).await;
    old.write(|connection| {
        connection.execute_batch(
            "INSERT INTO task_registration(device, name, entry_point, trigger_kind, registered_at)
             VALUES (1, 'push', 'Task', 'raw_push', 5), (1, 'odd', 'Task', 'smoke', 5)",
        )
    })
    .await
    .unwrap();
    old.close().await;
    let tasks = allowed(&open(&[MIGRATION, MIGRATION_2]).await).await;
    let kept = tasks.all();
    assert_eq!(kept.len(), 1);
    assert_eq!(
        kept[0],
        TaskRegistration {
            id: kept[0].id,
            ..named("push", Trigger::RawPush)
        }
    );
    let odd = named("odd", Trigger::RawPush);
    assert_eq!(tasks.register(odd).await, Ok(Registered::Already));
}
