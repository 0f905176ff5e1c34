//! Wakes the registered task for each accepted push, one instance at a time.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::inbox::Entry;
use super::runner::{Budget, Ended, run_instance};
use super::{
    CancellationReason, DynEntryPoint, Inbox, Outcome, Owner, Reason, TaskInstance, TaskRegistry,
    Trigger,
};
use crate::lifecycle::{Backoff, Clock, timeouts};
use crate::model::PushKind;
use crate::telemetry::{Event, EventName, EventStream};

/// How often an instance may use up its budget before its push is given up.
const MOST_OVERRUNS: u32 = 3;

/// What a [`Dispatcher`] may be told.
#[derive(Debug, Clone)]
pub struct DispatcherOptions {
    /// How long an instance may run (WinRT and iOS: 30 s).
    pub budget: Duration,
    /// How long a canceled instance has to end (WinRT: 5 s).
    pub grace: Duration,
    /// The first wait before a push is tried again; it doubles.
    pub retry_first: Duration,
    /// The longest wait before a push is tried again.
    pub retry_longest: Duration,
    /// How long a push is tried again at all.
    pub retry_for: Duration,
}

impl Default for DispatcherOptions {
    fn default() -> Self {
        Self {
            budget: timeouts::TASK_BUDGET,
            grace: timeouts::TASK_GRACE,
            retry_first: Duration::from_millis(500),
            retry_longest: Duration::from_secs(60),
            retry_for: Duration::from_secs(24 * 3600),
        }
    }
}

/// Leases what the inbox holds for the device's owner and runs the task for it.
pub struct Dispatcher {
    /// The journal.
    pub inbox: Inbox,
    /// Which task a trigger starts.
    pub registry: TaskRegistry,
    /// The code behind the tasks, by entry point name.
    pub entry_points: HashMap<String, Arc<dyn DynEntryPoint>>,
    /// What the platform itself does with a visible push, without any task.
    pub visible: Arc<dyn DynEntryPoint>,
    /// Where events go.
    pub events: EventStream,
    /// The device's name, for events.
    pub device: String,
    /// The time.
    pub clock: Clock,
    /// Budgets and retries.
    pub options: DispatcherOptions,
}

impl Dispatcher {
    /// Works until `off` is canceled. Only entries of the owner that `owner` shows are taken.
    pub async fn run(self, mut owner: watch::Receiver<Option<Owner>>, off: CancellationToken) {
        let mut instances = 0;
        while !off.is_cancelled() {
            let current = owner.borrow_and_update().clone();
            if let Some(entry) = current.as_ref().and_then(|owner| self.inbox.lease(owner)) {
                instances += 1;
                self.handle(entry, instances, &off).await;
                continue;
            }
            let due = current
                .as_ref()
                .and_then(|owner| self.inbox.next_due(owner));
            tokio::select! {
                () = off.cancelled() => {}
                () = self.inbox.changed() => {}
                () = self.until(due) => {}
                changed = owner.changed() => if changed.is_err() { return },
            }
        }
    }

    async fn until(&self, due: Option<jiff::Timestamp>) {
        match due {
            // A clock that jumped far ahead or back is looked at again after a while.
            Some(due) => {
                let wait = due.duration_since(self.clock.now());
                let wait = Duration::try_from(wait).unwrap_or(Duration::ZERO);
                tokio::time::sleep(wait.min(self.options.retry_longest)).await;
            }
            None => std::future::pending().await,
        }
    }

    async fn handle(&self, entry: Entry, number: u64, off: &CancellationToken) {
        let outcome = match self.code_for(&entry) {
            Ok((task, entry_point)) => {
                self.run_task(&entry, task, &*entry_point, number, off)
                    .await
            }
            Err(outcome) => Some(outcome),
        };
        match outcome {
            Some(outcome) => self.finish(&entry, outcome).await,
            None => self.inbox.release(entry.id),
        }
    }

    /// The task and code for a push, or what becomes of it without.
    fn code_for(&self, entry: &Entry) -> Result<(String, Arc<dyn DynEntryPoint>), Outcome> {
        if entry.raw.kind == PushKind::Toast {
            return Ok(("(platform)".to_owned(), self.visible.clone()));
        }
        let Some(task) = self.registry.task_for(Trigger::RawPush) else {
            return Err(Outcome::Dropped(Reason::new("no_task_registered")));
        };
        match self.entry_points.get(&task.entry_point) {
            Some(entry_point) => Ok((task.name, entry_point.clone())),
            None => Err(Outcome::Dropped(Reason::because(
                "no_such_entry_point",
                format!(
                    "the task {} names {}, which this app does not have",
                    task.name, task.entry_point
                ),
            ))),
        }
    }

    /// Runs one instance; none when the phone was switched off under it.
    async fn run_task(
        &self,
        entry: &Entry,
        task: String,
        entry_point: &dyn DynEntryPoint,
        number: u64,
        off: &CancellationToken,
    ) -> Option<Outcome> {
        let instance = TaskInstance::new(number, task, entry.raw.clone());
        let begun = Instant::now();
        self.emit(EventName::TaskStarted, entry, |event| {
            self.of_task(event, &instance)
        });
        let budget = Budget {
            run: self.options.budget,
            grace: self.options.grace,
        };
        let ended = run_instance(entry_point, &instance, budget, off).await;
        let elapsed = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        let tell = |name, reason: Option<&str>| {
            self.emit(name, entry, |event| {
                self.of_task(event, &instance)
                    .with("elapsed_ms", elapsed)
                    .with_some("reason", reason)
            });
        };
        match ended {
            Ended::Completed(outcome) => {
                tell(EventName::TaskCompleted, None);
                Some(outcome)
            }
            Ended::Canceled(reason, outcome) => {
                tell(EventName::TaskCanceled, Some(reason.as_str()));
                match outcome {
                    None | Some(Outcome::Retry { .. }) => overrun(entry, reason),
                    Some(Outcome::Shown | Outcome::Dropped(_) | Outcome::AwaitingSignIn(_)) => {
                        outcome
                    }
                }
            }
            Ended::Panicked => {
                tell(EventName::TaskCanceled, Some("task_failed"));
                Some(Outcome::Dropped(Reason::new("task_failed")))
            }
        }
    }

    async fn finish(&self, entry: &Entry, outcome: Outcome) {
        let outcome = self.with_backoff(entry, outcome);
        match &outcome {
            Outcome::Shown | Outcome::AwaitingSignIn(_) => {}
            Outcome::Dropped(reason) => {
                self.emit(EventName::PushDropped, entry, |event| {
                    of_reason(event, reason)
                });
            }
            Outcome::Retry { after, reason } => {
                let wait = u64::try_from(after.as_millis()).unwrap_or(u64::MAX);
                self.emit(EventName::PushRetry, entry, |event| {
                    of_reason(event, reason)
                        .with("retry_in_ms", wait)
                        .with("attempts", entry.attempts)
                });
            }
        }
        if let Err(error) = self.inbox.finish(entry.id, &outcome).await {
            tracing::warn!(%error, entry = entry.id, "a push is done, but that could not be written down: it may come again after a restart");
        }
    }

    /// A retry waits longer each time, and not for ever.
    fn with_backoff(&self, entry: &Entry, outcome: Outcome) -> Outcome {
        let Outcome::Retry { after, reason } = outcome else {
            return outcome;
        };
        let age = self.clock.now().duration_since(entry.received_at);
        if Duration::try_from(age).is_ok_and(|age| age > self.options.retry_for) {
            return Outcome::Dropped(Reason::because("retried_too_long", reason));
        }
        let backoff = Backoff::new(self.options.retry_first, self.options.retry_longest);
        Outcome::Retry {
            after: after.max(backoff.wait_after(entry.attempts.saturating_sub(1))),
            reason,
        }
    }

    fn of_task(&self, event: Event, instance: &TaskInstance) -> Event {
        event
            .with("task", instance.task())
            .with("instance", instance.number())
    }

    fn emit(&self, name: EventName, entry: &Entry, fill: impl FnOnce(Event) -> Event) {
        let event = Event::new(self.clock.now(), name)
            .on(&self.device)
            .with("message", entry.raw.message.as_str())
            .with_some("trace", entry.raw.traceparent.as_deref());
        self.events.emit(fill(event));
    }
}

fn of_reason(event: Event, reason: &Reason) -> Event {
    event
        .with("reason", reason.code.as_ref())
        .with_some("detail", reason.detail.as_deref())
}

fn retry(code: &'static str, detail: impl std::fmt::Display) -> Outcome {
    Outcome::Retry {
        after: Duration::ZERO,
        reason: Reason::because(code, detail),
    }
}

/// What becomes of a push whose instance was ended before it came to anything: nothing yet when
/// the phone is switched off, and no more than so many tries when its budget is used up.
fn overrun(entry: &Entry, reason: CancellationReason) -> Option<Outcome> {
    match reason {
        CancellationReason::Terminating => None,
        CancellationReason::ExecutionTimeExceeded if entry.attempts < MOST_OVERRUNS => Some(retry(
            "execution_time_exceeded",
            "the task used up its budget",
        )),
        CancellationReason::ExecutionTimeExceeded => {
            Some(Outcome::Dropped(Reason::new("execution_time_exceeded")))
        }
    }
}
