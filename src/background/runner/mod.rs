//! Runs one instance to its end, within its budget.

mod panic_text;
mod suspension;

#[cfg(test)]
mod property_tests;
#[cfg(test)]
mod tests;

use std::future::{Future, pending};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::sync::watch;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::cancellation::{Cause, cause_of};
use super::{CancellationReason, DynEntryPoint, Ended, Outcome, TaskInstance, TaskRegistration};
use crate::model::{Conditions, Platform};
use panic_text::{Panic, panic_text};
use suspension::{is_suspended_by_doze, suspendable};

/// The time an instance has.
#[derive(Debug, Clone, Copy)]
pub(super) struct Budget {
    pub(super) run: Duration,
    pub(super) grace: Duration,
}

/// What surrounds an instance while it runs.
pub(super) struct Surroundings<'a> {
    /// The task; none for what the platform does itself, which no condition ends.
    pub(super) task: Option<&'a TaskRegistration>,
    pub(super) platform: Platform,
    pub(super) conditions: watch::Receiver<Conditions>,
    pub(super) budget: Budget,
    pub(super) off: &'a CancellationToken,
}

/// Runs `code` until it ends, its budget is used up, or something tells it to end and its grace
/// is over. `tell` is called with its progress.
pub(super) async fn run_instance(
    code: &dyn DynEntryPoint,
    instance: &TaskInstance,
    around: Surroundings<'_>,
    mut tell: impl FnMut(u8) + Send,
) -> Ended {
    let mut work = AssertUnwindSafe(async {
        let outcome = code.run_boxed(instance.clone()).await;
        instance.deferrals_completed().await;
        outcome
    })
    .catch_unwind()
    .boxed();
    let sleeps = around.task.is_some() && is_suspended_by_doze(around.platform, instance.details());
    let ended = {
        let conditions = sleeps.then(|| around.conditions.clone());
        let life = pin!(suspendable(&mut work, conditions, instance));
        live(life, instance, around, &mut tell).await
    };
    // What is given up half-way still runs the entry point's destructors.
    if catch_unwind(AssertUnwindSafe(|| drop(work))).is_err() {
        tracing::warn!(
            task = instance.task(),
            instance = instance.number(),
            "an instance panicked while it was taken down"
        );
    }
    ended
}

async fn live(
    mut work: Pin<&mut (impl Future<Output = Result<Outcome, Panic>> + Send)>,
    instance: &TaskInstance,
    around: Surroundings<'_>,
    tell: &mut (impl FnMut(u8) + Send),
) -> Ended {
    let Budget { run, grace } = around.budget;
    let mut progress = instance.watch_progress();
    let mut causes = Causes::new(&around);
    let mut budget = pin!(sleep(run));
    let cause = loop {
        tokio::select! {
            biased;
            ended = &mut work => {
                tell_last(&mut progress, tell);
                return ended.map_or_else(failed, |outcome| came_to(outcome, instance));
            }
            percent = next(&mut progress) => tell(percent),
            cause = causes.next(instance) => break cause,
            () = &mut budget => break CancellationReason::ExecutionTimeExceeded.into(),
        }
    };
    let Cause { reason, at_once } = cause;
    instance.cancel(reason);
    let mut over = pin!(sleep(if at_once { Duration::ZERO } else { grace }));
    let ended = loop {
        tokio::select! {
            biased;
            () = &mut over => break Ended::Canceled(reason, None),
            ended = &mut work, if !at_once => {
                break ended.map_or_else(failed, |outcome| came_to(outcome, instance));
            }
            percent = next(&mut progress) => tell(percent),
        }
    };
    tell_last(&mut progress, tell);
    ended
}

/// One that heard that it should end, and did in the same moment, was canceled all the same.
fn came_to(outcome: Outcome, instance: &TaskInstance) -> Ended {
    match instance.cancellation() {
        Some(reason) => Ended::Canceled(reason, Some(outcome)),
        None => Ended::Completed(outcome),
    }
}

fn failed(panic: Panic) -> Ended {
    Ended::Failed(panic_text(&*panic))
}

async fn next(progress: &mut watch::Receiver<Option<u8>>) -> u8 {
    loop {
        if progress.changed().await.is_err() {
            pending::<()>().await;
        }
        if let Some(percent) = *progress.borrow_and_update() {
            return percent;
        }
    }
}

/// What was said just before the end is told before the end is.
fn tell_last(progress: &mut watch::Receiver<Option<u8>>, tell: &mut impl FnMut(u8)) {
    if progress.has_changed().unwrap_or(false)
        && let Some(percent) = *progress.borrow_and_update()
    {
        tell(percent);
    }
}

/// Whatever may tell an instance to end, but for its budget.
struct Causes<'a> {
    task: Option<&'a TaskRegistration>,
    platform: Platform,
    off: &'a CancellationToken,
    conditions: watch::Receiver<Conditions>,
    before: Conditions,
}

impl<'a> Causes<'a> {
    fn new(around: &Surroundings<'a>) -> Self {
        let mut conditions = around.conditions.clone();
        let before = *conditions.borrow_and_update();
        Self {
            task: around.task,
            platform: around.platform,
            off: around.off,
            conditions,
            before,
        }
    }

    async fn next(&mut self, instance: &TaskInstance) -> Cause {
        let off = self.off;
        tokio::select! {
            biased;
            reason = instance.canceled() => reason.into(),
            () = off.cancelled() => CancellationReason::Terminating.into(),
            cause = self.of_the_phone() => cause,
        }
    }

    async fn of_the_phone(&mut self) -> Cause {
        loop {
            if self.conditions.changed().await.is_err() {
                pending::<()>().await;
            }
            let now = *self.conditions.borrow_and_update();
            let before = std::mem::replace(&mut self.before, now);
            let cause = self
                .task
                .and_then(|task| cause_of(&before, &now, self.platform, task));
            if let Some(cause) = cause {
                return cause;
            }
        }
    }
}
