//! Running a push's instance, and what its outcome means.

use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::Work;
use super::telling::of_reason;
use crate::background::inbox::Entry;
use crate::background::runner::{Budget, Ended, run_instance};
use crate::background::{
    CancellationReason, DynEntryPoint, Outcome, Part, Reason, TaskInstance, TaskRegistration,
};
use crate::lifecycle::Backoff;
use crate::telemetry::{Event, EventName};

/// How often an instance may use up its budget before its push is given up.
const MOST_OVERRUNS: u32 = 3;

impl Work {
    /// Lets the platform show a push; none when the phone was switched off under it.
    pub(super) async fn show(&self, entry: &Entry, off: &CancellationToken) -> Option<Outcome> {
        let instance = TaskInstance::new(0, "(platform)".to_owned(), entry.raw.clone());
        let visible = &*self.dispatcher.visible;
        match run_instance(visible, &instance, self.budget(), off).await {
            Ended::Completed(outcome) => Some(outcome),
            Ended::Canceled(reason, outcome) => after_cancel(entry, reason, outcome),
            Ended::Panicked => Some(Outcome::Dropped(Reason::new("platform_failed"))),
        }
    }

    /// Runs one instance of the task; none when the phone was switched off under it.
    pub(super) async fn run_task(
        &self,
        entry: &Entry,
        task: TaskRegistration,
        entry_point: &dyn DynEntryPoint,
        off: &CancellationToken,
    ) -> Option<Outcome> {
        let instance = TaskInstance::new(self.next_number(), task.name, entry.raw.clone());
        let begun = Instant::now();
        self.tell(EventName::TaskStarted, entry, |event| {
            of_task(event, &instance)
        });
        let ended = run_instance(entry_point, &instance, self.budget(), off).await;
        let elapsed = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        let tell = |name, reason: Option<&str>| {
            self.tell(name, entry, |event| {
                of_task(event, &instance)
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
                after_cancel(entry, reason, outcome)
            }
            Ended::Panicked => {
                tell(EventName::TaskCanceled, Some("task_failed"));
                Some(Outcome::Dropped(Reason::new("task_failed")))
            }
        }
    }

    pub(super) async fn finish(&self, entry: &Entry, outcome: Outcome) {
        let outcome = self.with_backoff(entry, outcome);
        match &outcome {
            Outcome::Shown if entry.part == Part::Task => self.ledger().shown(entry.id),
            Outcome::Shown => {}
            // The user was shown that they must sign in.
            Outcome::AwaitingSignIn { .. } => self.ledger().shown(entry.id),
            Outcome::Dropped(reason) => self.tell_dropped(entry, reason),
            Outcome::Retry { after, reason } => {
                let wait = u64::try_from(after.as_millis()).unwrap_or(u64::MAX);
                self.tell(EventName::PushRetry, entry, |event| {
                    of_reason(event, reason)
                        .with("retry_in_ms", wait)
                        .with("attempts", entry.attempts)
                });
            }
        }
        if let Err(error) = self.dispatcher.inbox.finish(entry.id, &outcome).await {
            tracing::warn!(%error, entry = entry.id, "a push is done, but that could not be written down yet: it may come again after a restart");
        }
    }

    /// A retry waits longer each time, or as long as the backend asks, but never past the time
    /// when the push is worth nothing any more: then it is tried once more, and no further.
    fn with_backoff(&self, entry: &Entry, outcome: Outcome) -> Outcome {
        let Outcome::Retry { after, reason } = outcome else {
            return outcome;
        };
        let options = &self.dispatcher.options;
        let left = entry
            .expires_at(options.retry_for)
            .duration_since(self.dispatcher.clock.now());
        let left = Duration::try_from(left).unwrap_or(Duration::ZERO);
        if left.is_zero() {
            return Outcome::Dropped(Reason::because("expired", reason));
        }
        let backoff = Backoff::new(options.retry_first, options.retry_longest);
        Outcome::Retry {
            after: after
                .min(options.retry_after_longest)
                .max(backoff.wait_after(entry.attempts.saturating_sub(1)))
                .min(left),
            reason,
        }
    }

    fn budget(&self) -> Budget {
        Budget {
            run: self.dispatcher.options.budget,
            grace: self.dispatcher.options.grace,
        }
    }
}

fn of_task(event: Event, instance: &TaskInstance) -> Event {
    event
        .with("task", instance.task())
        .with("instance", instance.number())
}

/// What becomes of a push whose instance was told to end. One that came to an outcome all the same
/// has it. Else there is none yet when the phone is switched off, and no more than so many tries
/// when its budget is used up.
fn after_cancel(
    entry: &Entry,
    reason: CancellationReason,
    outcome: Option<Outcome>,
) -> Option<Outcome> {
    match (outcome, reason) {
        (
            Some(outcome @ (Outcome::Shown | Outcome::Dropped(_) | Outcome::AwaitingSignIn { .. })),
            _,
        ) => Some(outcome),
        (None | Some(Outcome::Retry { .. }), CancellationReason::Terminating) => None,
        (None | Some(Outcome::Retry { .. }), CancellationReason::ExecutionTimeExceeded) => {
            let code = "execution_time_exceeded";
            Some(match entry.attempts < MOST_OVERRUNS {
                true => Outcome::Retry {
                    after: Duration::ZERO,
                    reason: Reason::because(code, "the task used up its budget"),
                },
                false => Outcome::Dropped(Reason::new(code)),
            })
        }
    }
}
