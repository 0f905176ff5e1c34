use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{Notify, Semaphore};

use super::*;
use crate::background::testing::{Scene, push, register};
use crate::background::{CancellationReason, InstanceResult, Outcome, Trigger, TriggerDetails};
use crate::model::{BackgroundAccess, SystemCondition};

fn task() -> TaskRegistration {
    TaskRegistration::new("push", "Task", Trigger::RawPush)
}

fn details() -> TriggerDetails {
    TriggerDetails::Push(push(Platform::Wns))
}

/// Runs until it may end, or until it is told to.
#[derive(Clone, Default)]
struct Waits(Arc<Waiting>);

struct Waiting {
    begun: Notify,
    may_end: Semaphore,
    at_once: AtomicUsize,
    most_at_once: AtomicUsize,
}

impl Default for Waiting {
    fn default() -> Self {
        Self {
            begun: Notify::new(),
            may_end: Semaphore::new(0),
            at_once: AtomicUsize::new(0),
            most_at_once: AtomicUsize::new(0),
        }
    }
}

impl EntryPoint for Waits {
    async fn run(&self, instance: TaskInstance) -> Outcome {
        let at_once = self.0.at_once.fetch_add(1, Ordering::Relaxed) + 1;
        self.0.most_at_once.fetch_max(at_once, Ordering::Relaxed);
        instance.progress(50);
        self.0.begun.notify_one();
        tokio::select! {
            permit = self.0.may_end.acquire() => permit.unwrap().forget(),
            _ = instance.canceled() => {}
        }
        self.0.at_once.fetch_sub(1, Ordering::Relaxed);
        Outcome::Shown
    }
}

#[tokio::test]
async fn one_instance_runs_at_a_time_and_the_others_wait_in_order() {
    let (scene, code) = (Scene::new().await, Waits::default());
    let runtime = scene.runtime(code.clone()).await;
    let task = register(&runtime, task()).await;
    let run = || runtime.run(&task, details(), 3, &scene.off);
    let mut events = scene.events.listen();
    let release = async {
        for _ in 0..3 {
            code.0.begun.notified().await;
            code.0.may_end.add_permits(1);
        }
    };
    let (first, second, third, ()) = tokio::join!(run(), run(), run(), release);
    for ended in [first, second, third] {
        assert_eq!(ended, Ended::Completed(Outcome::Shown));
    }
    assert_eq!(code.0.most_at_once.load(Ordering::Relaxed), 1);
    let mut names = Vec::new();
    while let Some(event) = events.try_next() {
        assert_eq!(event.text("trigger"), Some("raw_push"));
        names.push(event.event);
    }
    let of_one = [
        EventName::TaskStarted,
        EventName::TaskProgress,
        EventName::TaskCompleted,
    ];
    assert_eq!(names, of_one.repeat(3));
    let records = runtime.history().list(2).await.unwrap();
    assert_eq!((records[0].id, records[1].id), (3, 2));
    assert_eq!(records[0].throttle_count, 3);
    assert_eq!(records[0].progress, Some(50));
}

#[tokio::test]
async fn unregistering_with_cancel_ends_what_runs_and_without_leaves_it() {
    for (cancel, ended) in [
        (
            true,
            Ended::Canceled(CancellationReason::Abort, Some(Outcome::Shown)),
        ),
        (false, Ended::Completed(Outcome::Shown)),
    ] {
        let (scene, code) = (Scene::new().await, Waits::default());
        let runtime = scene.runtime(code.clone()).await;
        let task = register(&runtime, task()).await;
        let unregister = async {
            code.0.begun.notified().await;
            assert_eq!(
                runtime.registry().unregister("push", cancel).await,
                Ok(true)
            );
            code.0.may_end.add_permits(usize::from(!cancel));
        };
        let (first, second, ()) = tokio::join!(
            runtime.run(&task, details(), 0, &scene.off),
            runtime.run(&task, details(), 0, &scene.off),
            unregister
        );
        assert_eq!(first, ended);
        let gone = NotStarted::Unregistered("push".to_owned());
        assert_eq!(second, Ended::NotStarted(gone));
    }
}

#[tokio::test]
async fn signing_out_and_giving_access_back_end_what_runs() {
    let (scene, code) = (Scene::new().await, Waits::default());
    let runtime = scene.runtime(code.clone()).await;
    let task = register(&runtime, task()).await;
    let reason = CancellationReason::LoggingOff;
    let sign_out = async {
        code.0.begun.notified().await;
        assert_eq!(runtime.registry().cancel_running(reason), 1);
    };
    let (ended, ()) = tokio::join!(runtime.run(&task, details(), 0, &scene.off), sign_out);
    assert_eq!(ended, Ended::Canceled(reason, Some(Outcome::Shown)));
    assert_eq!(runtime.registry().cancel_running(reason), 0);
    let give_back = async {
        code.0.begun.notified().await;
        runtime.registry().remove_access().await.unwrap();
    };
    let (ended, ()) = tokio::join!(runtime.run(&task, details(), 0, &scene.off), give_back);
    let reason = CancellationReason::Abort;
    assert_eq!(ended, Ended::Canceled(reason, Some(Outcome::Shown)));
    let records = runtime.history().list(10).await.unwrap();
    assert_eq!(records.len(), 2);
    assert_eq!(records[1].result, InstanceResult::Canceled);
    assert_eq!(records[1].reason.as_deref(), Some("LoggingOff"));
}

#[tokio::test]
async fn what_cannot_run_is_not_started_and_leaves_no_trace() {
    let scene = Scene::new().await;
    let runtime = scene.runtime(Waits::default()).await;
    let on_network = task().on_condition(SystemCondition::InternetAvailable);
    let on_network = register(&runtime, on_network).await;
    let elsewhere = TaskRegistration::new(
        "timer",
        "TimerOnly",
        Trigger::Timer {
            every: Trigger::SHORTEST_TIMER,
            one_shot: false,
        },
    );
    let elsewhere = register(&runtime, elsewhere).await;
    let run =
        async |task: &TaskRegistration| match runtime.run(task, details(), 0, &scene.off).await {
            Ended::NotStarted(obstacle) => obstacle.code(),
            Ended::Completed(_) | Ended::Canceled(..) | Ended::Failed(_) => "started",
        };
    assert_eq!(run(&task()).await, "no_task_registered");
    assert_eq!(run(&elsewhere).await, "no_such_entry_point");
    scene.set("network=offline");
    assert_eq!(run(&on_network).await, "condition_unmet");
    scene.set("background_access=denied_by_user");
    let denied = NotStarted::NoAccess(BackgroundAccess::DeniedByUser);
    assert_eq!(runtime.obstacle(&on_network), Some(denied));
    scene.off.cancel();
    assert_eq!(run(&on_network).await, "switched_off");
    assert_eq!(runtime.history().list(10).await.unwrap(), []);
}

#[tokio::test]
async fn what_the_platform_does_itself_neither_waits_nor_is_recorded() {
    let (scene, code) = (Scene::new().await, Waits::default());
    let runtime = scene.runtime(code.clone()).await;
    let task = register(&runtime, task()).await;
    let meanwhile = async {
        code.0.begun.notified().await;
        let shows = Waits::default();
        shows.0.may_end.add_permits(1);
        let ended = runtime
            .run_platform(&shows, push(Platform::Fcm), &scene.off)
            .await;
        assert_eq!(ended, Ended::Completed(Outcome::Shown));
        let records = runtime.history().list(10).await.unwrap();
        assert_eq!(records.len(), 1);
        assert_eq!(records[0].result, InstanceResult::Running);
        code.0.may_end.add_permits(1);
    };
    tokio::join!(runtime.run(&task, details(), 0, &scene.off), meanwhile);
}

#[tokio::test]
async fn an_instance_that_runs_for_a_while_is_found_after_a_kill() {
    let (scene, code) = (Scene::new().await, Waits::default());
    let runtime = scene.runtime(code.clone()).await;
    let task = register(&runtime, task()).await;
    let kill = async {
        code.0.begun.notified().await;
        // What the next process would find.
        let found = loop {
            let next = scene.runtime(Waits::default()).await;
            if let Some(record) = next.history().get(1).await.unwrap() {
                break record;
            }
        };
        code.0.may_end.add_permits(1);
        found
    };
    let (_, found) = tokio::join!(runtime.run(&task, details(), 0, &scene.off), kill);
    assert_eq!(found.result, InstanceResult::Interrupted);
    assert_eq!((found.task.as_str(), found.progress), ("push", Some(50)));
    let record = runtime.history().get(1).await.unwrap().unwrap();
    assert_eq!(record.result, InstanceResult::Completed);
}

struct Panics;

impl EntryPoint for Panics {
    async fn run(&self, _: TaskInstance) -> Outcome {
        panic!("on purpose")
    }
}

#[tokio::test]
async fn a_panic_is_told_recorded_and_makes_room_for_the_next() {
    let scene = Scene::new().await;
    let runtime = scene.runtime(Panics).await;
    let task = register(&runtime, task()).await;
    let mut events = scene.events.listen();
    for _ in 0..2 {
        let ended = runtime.run(&task, details(), 0, &scene.off).await;
        assert_eq!(ended, Ended::Failed("panicked: on purpose".to_owned()));
    }
    events.next().await.unwrap();
    let event = events.next().await.unwrap().unwrap();
    assert_eq!(event.event, EventName::TaskCanceled);
    assert_eq!(event.text("reason"), Some("task_failed"));
    let record = runtime.history().get(2).await.unwrap().unwrap();
    assert_eq!(record.result, InstanceResult::Failed);
    assert_eq!(record.error.as_deref(), Some("panicked: on purpose"));
}
