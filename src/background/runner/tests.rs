use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use tokio::time::Instant;

use super::*;
use crate::background::testing::{instance, push, set};
use crate::background::{EntryPoint, Trigger};
use crate::model::{Priority, RawNotification};

const BUDGET: Budget = Budget {
    run: Duration::from_secs(30),
    grace: Duration::from_secs(5),
};

/// A run, seen from outside.
struct Run {
    ended: Ended,
    instance: TaskInstance,
    told: Vec<u8>,
    seconds: u64,
}

/// Runs `code` for `raw` while `meanwhile` happens to the phone.
async fn run_with<M: Future<Output = ()>>(
    code: impl EntryPoint,
    raw: RawNotification,
    meanwhile: impl FnOnce(watch::Sender<Conditions>, CancellationToken) -> M,
) -> Run {
    let (conditions, off) = (watch::Sender::default(), CancellationToken::new());
    let task = TaskRegistration::new("push", "Push", Trigger::RawPush);
    let around = Surroundings {
        task: Some(&task),
        platform: raw.platform,
        conditions: conditions.subscribe(),
        budget: BUDGET,
        off: &off,
    };
    let (instance, mut told) = (instance(1, raw), Vec::new());
    let begun = Instant::now();
    let running = run_instance(&code, &instance, around, |percent| told.push(percent))
        .map(|ended| (ended, begun.elapsed().as_secs()));
    let ((ended, seconds), ()) = tokio::join!(running, meanwhile(conditions, off.clone()));
    Run {
        ended,
        instance,
        told,
        seconds,
    }
}

async fn run(code: impl EntryPoint) -> Run {
    let keep = async |_conditions, _off| {};
    run_with(code, push(Platform::Wns), keep).await
}

struct Forgets;
impl EntryPoint for Forgets {
    async fn run(&self, instance: TaskInstance) -> Outcome {
        std::mem::forget(instance.deferral());
        Outcome::Shown
    }
}

struct Panics;
impl EntryPoint for Panics {
    async fn run(&self, _: TaskInstance) -> Outcome {
        panic!("on purpose")
    }
}

struct PanicsWhenDropped;
impl Drop for PanicsWhenDropped {
    fn drop(&mut self) {
        panic!("on purpose, when dropped")
    }
}

struct NeverEnds;
impl EntryPoint for NeverEnds {
    async fn run(&self, _: TaskInstance) -> Outcome {
        let _trap = PanicsWhenDropped;
        pending().await
    }
}

struct Completes;
impl EntryPoint for Completes {
    async fn run(&self, instance: TaskInstance) -> Outcome {
        let (first, second) = (instance.deferral(), instance.deferral());
        first.complete();
        tokio::time::sleep(Duration::from_secs(20)).await;
        second.complete();
        Outcome::Shown
    }
}

struct Obeys(CancellationReason);
impl EntryPoint for Obeys {
    async fn run(&self, instance: TaskInstance) -> Outcome {
        assert_eq!(instance.canceled().await, self.0);
        Outcome::Shown
    }
}

struct Counts(Arc<AtomicU32>);
impl EntryPoint for Counts {
    async fn run(&self, _: TaskInstance) -> Outcome {
        for _ in 0..10 {
            tokio::time::sleep(Duration::from_secs(1)).await;
            self.0.fetch_add(1, Ordering::Relaxed);
        }
        Outcome::Shown
    }
}

struct Progresses;
impl EntryPoint for Progresses {
    async fn run(&self, instance: TaskInstance) -> Outcome {
        for percent in [0, 0, 30, 60, 60, 255] {
            instance.progress(percent);
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        instance.progress(99);
        Outcome::Shown
    }
}

fn canceled(reason: CancellationReason) -> Ended {
    Ended::Canceled(reason, None)
}

fn canceled_and_shown(reason: CancellationReason) -> Ended {
    Ended::Canceled(reason, Some(Outcome::Shown))
}

#[tokio::test(start_paused = true)]
async fn an_instance_lives_until_every_deferral_is_complete() {
    let run = run(Completes).await;
    assert_eq!(run.ended, Ended::Completed(Outcome::Shown));
    assert_eq!(run.seconds, 20);
}

#[tokio::test(start_paused = true)]
async fn a_forgotten_deferral_ends_at_the_budget_and_its_grace() {
    let run = run(Forgets).await;
    assert_eq!(
        run.ended,
        canceled(CancellationReason::ExecutionTimeExceeded)
    );
    assert_eq!(run.seconds, 35);
}

#[tokio::test(start_paused = true)]
async fn a_panic_is_one_failed_instance_even_when_it_is_taken_down() {
    let failed = Ended::Failed("panicked: on purpose".to_owned());
    assert_eq!(run(Panics).await.ended, failed);
    let ended = run(NeverEnds).await.ended;
    assert_eq!(ended, canceled(CancellationReason::ExecutionTimeExceeded));
}

#[tokio::test(start_paused = true)]
async fn switching_off_is_told_to_the_instance() {
    let reason = CancellationReason::Terminating;
    let off = async |_, off: CancellationToken| off.cancel();
    let run = run_with(Obeys(reason), push(Platform::Wns), off).await;
    assert_eq!(run.ended, canceled_and_shown(reason));
}

#[tokio::test(start_paused = true)]
async fn a_change_of_the_phone_is_told_to_the_instance() {
    let reason = CancellationReason::QuietHoursEntered;
    let quiet = async |conditions, _| set(&conditions, "quiet_hours=on");
    let run = run_with(Obeys(reason), push(Platform::Wns), quiet).await;
    assert_eq!(run.ended, canceled_and_shown(reason));
}

#[tokio::test(start_paused = true)]
async fn a_forced_stop_on_android_leaves_no_time_and_one_on_ios_does() {
    for (platform, seconds) in [(Platform::Fcm, 3), (Platform::Apns, 8)] {
        let stop = async |conditions, _| {
            tokio::time::sleep(Duration::from_secs(3)).await;
            set(&conditions, "app=force_quit");
        };
        let run = run_with(Forgets, push(platform), stop).await;
        assert_eq!(run.ended, canceled(CancellationReason::Terminating));
        assert_eq!(run.seconds, seconds, "{platform}");
    }
}

#[tokio::test(start_paused = true)]
async fn doze_suspends_what_is_not_urgent() {
    for (priority, suspended, seconds) in [(Priority::Normal, 2, 18), (Priority::High, 0, 10)] {
        let doze = async |conditions: watch::Sender<Conditions>, _| {
            for change in ["doze=on", "doze=off", "doze=on", "doze=off"] {
                tokio::time::sleep(Duration::from_millis(4500)).await;
                set(&conditions, change);
            }
        };
        let raw = RawNotification {
            priority,
            ..push(Platform::Fcm)
        };
        let run = run_with(Counts(Arc::default()), raw, doze).await;
        assert_eq!(run.ended, Ended::Completed(Outcome::Shown));
        assert_eq!(run.instance.suspended_count(), suspended);
        assert_eq!(run.seconds, seconds);
    }
}

#[tokio::test(start_paused = true)]
async fn the_budget_runs_on_while_an_instance_is_suspended() {
    let count = Arc::new(AtomicU32::new(0));
    let asleep = async |conditions: watch::Sender<Conditions>, _| {
        set(&conditions, "doze=on");
        tokio::time::sleep(Duration::from_secs(100)).await;
    };
    let run = run_with(Counts(count.clone()), push(Platform::Fcm), asleep).await;
    assert_eq!(
        run.ended,
        canceled(CancellationReason::ExecutionTimeExceeded)
    );
    assert_eq!((count.load(Ordering::Relaxed), run.seconds), (0, 35));
}

#[tokio::test(start_paused = true)]
async fn progress_is_told_when_it_changes_and_before_the_end() {
    let run = run(Progresses).await;
    assert_eq!(run.told, [0, 30, 60, 100, 99]);
    assert_eq!(run.instance.last_progress(), Some(99));
}
