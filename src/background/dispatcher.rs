//! Wakes the registered task for each accepted push, one instance at a time.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::inbox::Entry;
use super::{
    CancellationReason, DynEntryPoint, Ended, Inbox, NotStarted, Outcome, Owner, Reason,
    TaskRuntime, Trigger, TriggerDetails,
};
use crate::lifecycle::{Backoff, Clock};
use crate::model::PushKind;
use crate::telemetry::{Event, EventName, EventStream};

/// How often an instance may use up its budget before its push is given up.
const MOST_OVERRUNS: u32 = 3;

/// What a [`Dispatcher`] may be told.
#[derive(Debug, Clone)]
pub struct DispatcherOptions {
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
    /// What runs the tasks.
    pub runtime: TaskRuntime,
    /// What the platform itself does with a visible push, without any task.
    pub visible: Arc<dyn DynEntryPoint>,
    /// Where events go.
    pub events: EventStream,
    /// The device's name, for events.
    pub device: String,
    /// The time.
    pub clock: Clock,
    /// Retries.
    pub options: DispatcherOptions,
}

impl Dispatcher {
    /// Works until `off` is canceled. Only entries of the owner that `owner` shows are taken.
    pub async fn run(self, mut owner: watch::Receiver<Option<Owner>>, off: CancellationToken) {
        while !off.is_cancelled() {
            let current = owner.borrow_and_update().clone();
            if let Some(entry) = current.as_ref().and_then(|owner| self.inbox.lease(owner)) {
                self.handle(entry, &off).await;
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

    async fn handle(&self, entry: Entry, off: &CancellationToken) {
        match self.run_task(&entry, off).await {
            Some(outcome) => self.finish(&entry, outcome).await,
            None => self.inbox.release(entry.id),
        }
    }

    /// Runs one instance; none when the phone was switched off under it.
    async fn run_task(&self, entry: &Entry, off: &CancellationToken) -> Option<Outcome> {
        let raw = entry.raw.clone();
        let ended = if raw.kind == PushKind::Toast {
            self.runtime.run_platform(&*self.visible, raw, off).await
        } else {
            let Some(task) = self.runtime.registry().task_for(Trigger::RawPush) else {
                return Some(Outcome::Dropped(Reason::new("no_task_registered")));
            };
            let details = TriggerDetails::Push(raw);
            self.runtime.run(&task, details, 0, off).await
        };
        match ended {
            Ended::Completed(outcome) => Some(outcome),
            Ended::Canceled(reason, None | Some(Outcome::Retry { .. })) => overrun(entry, reason),
            Ended::Canceled(_, outcome) => outcome,
            Ended::Failed(text) => Some(Outcome::Dropped(Reason::because("task_failed", text))),
            Ended::NotStarted(obstacle) => not_started(&obstacle),
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
        CancellationReason::Abort
        | CancellationReason::LoggingOff
        | CancellationReason::ServicingUpdate
        | CancellationReason::IdleTask
        | CancellationReason::Uninstall
        | CancellationReason::ConditionLoss
        | CancellationReason::SystemPolicy
        | CancellationReason::QuietHoursEntered
        | CancellationReason::ResourceRevocation
        | CancellationReason::EnergySaver => Some(retry("task_canceled", reason)),
    }
}

/// What becomes of a push whose task could not be started.
fn not_started(obstacle: &NotStarted) -> Option<Outcome> {
    match obstacle {
        NotStarted::SwitchedOff => None,
        NotStarted::ConditionUnmet(_) => Some(retry(obstacle.code(), obstacle)),
        NotStarted::Unregistered(_)
        | NotStarted::NoAccess(_)
        | NotStarted::NoSuchEntryPoint { .. } => {
            Some(Outcome::Dropped(Reason::because(obstacle.code(), obstacle)))
        }
    }
}
