mod property;
mod scene;

use jiff::SignedDuration;

use super::*;
use crate::background::{ForegroundAnswer, Outcome, Reason};
use crate::model::Platform::{Apns, Fcm, Wns};
use crate::model::SystemCondition;
use crate::model::{Account, BackendOrigin, Priority, PushKind, RawNotification, UserName};
use scene::{Bench, of_kind, push};

fn high(message: &str) -> RawNotification {
    RawNotification {
        priority: Priority::High,
        ..push(message, Fcm)
    }
}

fn retry(after: Duration) -> Outcome {
    Outcome::Retry {
        after,
        reason: Reason::new("backend_failed"),
    }
}

#[tokio::test]
async fn a_slow_task_does_not_hold_up_what_the_platform_shows() {
    let mut bench = Bench::new().await;
    bench.turns = Arc::new(tokio::sync::Semaphore::new(0));
    bench
        .on(async |phone| {
            phone.receives(push("slow", Wns)).await;
            phone.receives(push("next", Wns)).await;
            phone.tells(&["task.started slow"]).await;
            for message in ["a", "b"] {
                phone.receives(of_kind(PushKind::Toast, message, Wns)).await;
            }
            assert_eq!(phone.logged().await, "shown a");
            assert_eq!(phone.logged().await, "shown b");
            phone.tells_no_more();
            bench.turns.add_permits(2);
            let rest = [
                "task.completed slow",
                "task.started next",
                "task.completed next",
            ];
            phone.tells(&rest).await;
        })
        .await;
}

#[tokio::test]
async fn a_push_that_is_both_is_shown_and_then_wakes_its_task() {
    let mut bench = Bench::new().await;
    bench.turns = Arc::new(tokio::sync::Semaphore::new(0));
    bench
        .on(async |phone| {
            phone
                .receives(of_kind(PushKind::ToastAndRaw, "a", Wns))
                .await;
            assert_eq!(phone.logged().await, "shown a");
            phone.tells(&["task.started a"]).await;
            assert_eq!(phone.inbox.counts().waiting, 1, "one half is not the whole");
        })
        .await;
    bench.turns.add_permits(1);
    bench
        .on(async |phone| {
            phone.tells(&["task.started a", "task.completed a"]).await;
            phone.receives(of_kind(PushKind::Toast, "b", Wns)).await;
            assert_eq!(
                phone.logged().await,
                "shown b",
                "a was shown before the restart"
            );
        })
        .await;
}

#[tokio::test]
async fn what_is_held_is_told_once_survives_a_restart_and_is_released_in_order() {
    let bench = Bench::new().await;
    bench.set("doze=on");
    bench
        .on(async |phone| {
            for message in ["a", "b"] {
                phone.receives(push(message, Fcm)).await;
            }
            phone.tells(&["push.held a doze", "push.held b doze"]).await;
            phone.receives(high("urgent")).await;
            phone
                .tells(&["task.started urgent", "task.completed urgent"])
                .await;
            bench.set("screen=locked");
            phone
                .receives(of_kind(PushKind::ToastAndRaw, "c", Fcm))
                .await;
            phone.tells(&["push.held c doze visible"]).await;
        })
        .await;
    bench
        .on(async |phone| {
            phone.receives(high("late")).await;
            phone
                .tells(&["task.started late", "task.completed late"])
                .await;
            assert_eq!(phone.inbox.held_count(), 3);
            bench.set("doze=off battery_saver=on");
            // The lanes look by themselves: what is shown, and what wakes.
            let mut told = Vec::new();
            for _ in 0..4 {
                told.push(phone.event().await);
            }
            told.sort();
            let expected = [
                "push.held a battery_saver",
                "push.held b battery_saver",
                "push.held c battery_saver task",
                "push.released c doze visible",
            ];
            assert_eq!(told, expected);
            assert_eq!(phone.logged().await, "shown c");
            bench.set("battery_saver=off");
            phone
                .tells(&[
                    "push.released a battery_saver",
                    "push.released b battery_saver",
                    "push.released c battery_saver task",
                    "task.started a",
                    "task.completed a",
                    "task.started b",
                    "task.completed b",
                    "task.started c",
                    "task.completed c",
                ])
                .await;
        })
        .await;
}

#[tokio::test]
async fn the_newest_silent_push_replaces_the_older_and_a_restart_resets_no_count() {
    let bench = Bench::new().await;
    let throttled = "throttled the app was woken 3 times within an hour: `handset condition set throttle=off` stops counting";
    bench
        .on(async |phone| {
            for message in ["a", "b", "c", "d", "e"] {
                phone.receives(push(message, Apns)).await;
            }
            for message in ["a", "b", "c"] {
                let (started, ended) = (
                    format!("task.started {message}"),
                    format!("task.completed {message}"),
                );
                phone.tells(&[&started, &ended]).await;
            }
            phone
                .tells(&[
                    &format!("push.held d {throttled}"),
                    &format!("push.held e {throttled}"),
                    "push.superseded d e",
                ])
                .await;
        })
        .await;
    bench
        .on(async |phone| {
            phone.receives(push("f", Apns)).await;
            let held = format!("push.held f {throttled}");
            phone.tells(&[&held, "push.superseded e f"]).await;
            bench.pass(1);
            phone
                .tells(&[
                    "push.released f throttled",
                    "task.started f",
                    "task.completed f",
                ])
                .await;
            assert_eq!(phone.inbox.counts().waiting, 0);
        })
        .await;
}

#[tokio::test]
async fn high_priority_that_shows_nothing_is_held_like_normal_even_after_a_restart() {
    let mut bench = Bench::new().await;
    bench.rules.high_without_ui = 2;
    let nothing = || Outcome::Dropped(Reason::new("nothing_new"));
    bench.next_outcomes([nothing(), nothing()]);
    bench.set("doze=on");
    bench
        .on(async |phone| {
            for message in ["a", "b"] {
                phone.receives(high(message)).await;
                for line in ["task.started", "task.completed"] {
                    assert_eq!(phone.event().await, format!("{line} {message}"));
                }
                let dropped = format!("push.dropped {message} nothing_new");
                phone.tells(&[&dropped]).await;
            }
            phone.receives(high("c")).await;
            phone.tells(&["push.held c doze"]).await;
        })
        .await;
    bench
        .on(async |phone| {
            phone.receives(high("d")).await;
            phone.tells(&["push.held d doze"]).await;
        })
        .await;
}

#[tokio::test]
async fn an_app_in_the_foreground_is_asked_first_and_may_take_a_push() {
    let mut bench = Bench::new().await;
    bench.foreground = Some(ForegroundAnswer::Cancel);
    bench
        .on(async |phone| {
            phone.receives(push("away", Wns)).await;
            phone
                .tells(&["task.started away", "task.completed away"])
                .await;
            bench.set("app=foreground");
            phone.receives(push("a", Wns)).await;
            phone
                .tells(&["push.dropped a taken_by_foreground_app"])
                .await;
            phone
                .receives(of_kind(PushKind::ToastAndRaw, "b", Wns))
                .await;
            phone
                .tells(&["push.dropped b taken_by_foreground_app visible"])
                .await;
            assert_eq!(
                phone.logged().await,
                "asked a",
                "it was not asked while away"
            );
            assert_eq!(phone.logged().await, "asked b");
            assert_eq!(phone.inbox.counts().waiting, 0, "neither toast nor task");
        })
        .await;
    bench.foreground = Some(ForegroundAnswer::Proceed);
    bench
        .on(async |phone| {
            phone
                .receives(of_kind(PushKind::ToastAndRaw, "c", Wns))
                .await;
            phone.tells(&["task.started c", "task.completed c"]).await;
            assert_eq!(phone.logged().await, "asked c");
            assert_eq!(phone.logged().await, "shown c", "and not asked twice");
        })
        .await;
}

#[tokio::test]
async fn a_task_waits_for_what_it_latches() {
    let mut bench = Bench::new().await;
    let latched = vec![
        SystemCondition::InternetAvailable,
        SystemCondition::UserPresent,
    ];
    bench.latches = latched;
    bench.set("network=offline screen=locked");
    bench
        .on(async |phone| {
            phone.receives(push("a", Wns)).await;
            phone.tells(&["push.held a offline"]).await;
            bench.set("network=online");
            phone
                .tells(&["push.held a condition_not_met UserPresent"])
                .await;
            bench.set("screen=unlocked");
            phone
                .tells(&[
                    "push.released a condition_not_met",
                    "task.started a",
                    "task.completed a",
                ])
                .await;
        })
        .await;
}

#[tokio::test]
async fn a_rule_that_gives_up_ends_the_push_also_while_it_is_held() {
    let bench = Bench::new().await;
    bench.set("battery_saver=on");
    bench
        .on(async |phone| {
            let expires_at = bench.clock.after(Duration::from_secs(3600));
            let short = RawNotification {
                expires_at: Some(expires_at),
                ..push("short", Wns)
            };
            phone.receives(short).await;
            phone.receives(push("long", Wns)).await;
            phone
                .tells(&[
                    "push.held short energy_saver",
                    "push.held long energy_saver",
                ])
                .await;
            bench.pass(1);
            phone.tells(&["push.dropped short expired"]).await;
            bench.set("background_access=denied_by_user");
            phone
                .tells(&["push.dropped long background_access_denied"])
                .await;
            assert_eq!(phone.inbox.counts().waiting, 0);
        })
        .await;
}

#[tokio::test]
async fn neither_a_failing_push_nor_a_poisonous_one_holds_up_the_others() {
    let bench = Bench::new().await;
    bench.next_outcomes([retry(Duration::from_secs(999_999))]);
    bench
        .on(async |phone| {
            for message in ["failing", "poison", "good"] {
                phone.receives(push(message, Wns)).await;
            }
            phone
                .tells(&[
                    "task.started failing",
                    "task.completed failing",
                    "push.retry failing backend_failed",
                    "task.started poison",
                    "task.canceled poison task_failed",
                    "push.dropped poison task_failed panicked: assertion `left != right` failed",
                    "task.started good",
                    "task.completed good",
                ])
                .await;
            let due = phone.inbox.next_due(&Owner::nobody(), Part::Task).unwrap();
            let wait = due.duration_since(bench.clock.now());
            assert!(wait <= SignedDuration::from_hours(1), "parked for {wait}");
            bench.pass(1);
            phone
                .tells(&["task.started failing", "task.completed failing"])
                .await;
        })
        .await;
}

#[tokio::test]
async fn a_push_is_tried_until_it_is_worth_nothing_any_more() {
    let bench = Bench::new().await;
    let hour = Duration::from_secs(3600);
    bench.next_outcomes([retry(hour), retry(hour)]);
    bench
        .on(async |phone| {
            let short = RawNotification {
                expires_at: Some(bench.clock.after(hour / 2)),
                ..push("short", Wns)
            };
            phone.receives(short).await;
            let tried = ["task.started short", "task.completed short"];
            phone.tells(&tried).await;
            phone.tells(&["push.retry short backend_failed"]).await;
            bench.pass(1);
            phone.tells(&tried).await;
            phone
                .tells(&["push.dropped short expired backend_failed"])
                .await;
        })
        .await;
}

#[tokio::test]
async fn only_the_pushes_of_who_is_there_are_handled() {
    let bench = Bench::new().await;
    let alice = Owner::from(&Account {
        user: UserName::parse("alice").unwrap(),
        backend: BackendOrigin::parse("http://127.0.0.1:1").unwrap(),
    });
    bench
        .on(async |phone| {
            let hers = phone.inbox.accept(push("hers", Wns), &alice, || {}).await;
            hers.unwrap();
            phone.receives(push("mine", Wns)).await;
            phone
                .tells(&["task.started mine", "task.completed mine"])
                .await;
            phone.tells_no_more();
            phone.owner.send_replace(Some(alice.clone()));
            phone
                .tells(&["task.started hers", "task.completed hers"])
                .await;
        })
        .await;
}
