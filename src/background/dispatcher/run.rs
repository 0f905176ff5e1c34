//! Running a push's instance, and what its outcome means.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::Work;
use super::telling::of_reason;
use crate::background::inbox::Entry;
use crate::background::{
    CancellationReason, Ended, NotStarted, Outcome, Part, Reason, TaskRegistration, TriggerDetails,
};
use crate::lifecycle::Backoff;
use crate::telemetry::EventName;

/// How often an instance may use up its budget before its push is given up.
const MOST_OVERRUNS: u32 = 3;

/// What came of a push's turn.
pub(super) enum Turn {
    /// An outcome.
    Over(Outcome),
    /// A condition was lost while it waited for its turn.
    Waits(Reason),
    /// The phone was switched off under it.
    Off,
}

impl Work {
    /// Lets the platform show a push.
    pub(super) async fn show(&self, entry: &Entry, off: &CancellationToken) -> Turn {
        let (visible, raw) = (&*self.dispatcher.visible, entry.raw.clone());
        let ended = self.dispatcher.runtime.run_platform(visible, raw, off);
        of_ended(entry, ended.await, "platform_failed")
    }

    /// Runs one instance of the task.
    pub(super) async fn run_task(
        &self,
        entry: &Entry,
        task: &TaskRegistration,
        off: &CancellationToken,
    ) -> Turn {
        let details = TriggerDetails::Push(entry.raw.clone());
        let runtime = &self.dispatcher.runtime;
        let ended = runtime.run(task, details, entry.put_off, off).await;
        of_ended(entry, ended, "task_failed")
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
}

fn of_ended(entry: &Entry, ended: Ended, failed: &'static str) -> Turn {
    match ended {
        Ended::Completed(outcome) => Turn::Over(outcome),
        Ended::Canceled(reason, outcome) => match after_cancel(entry, reason, outcome) {
            Some(outcome) => Turn::Over(outcome),
            None => Turn::Off,
        },
        Ended::Failed(text) => Turn::Over(Outcome::Dropped(Reason::because(failed, text))),
        Ended::NotStarted(NotStarted::SwitchedOff) => Turn::Off,
        Ended::NotStarted(obstacle @ NotStarted::ConditionUnmet(_)) => {
            Turn::Waits(Reason::because("condition_not_met", obstacle))
        }
        Ended::NotStarted(obstacle) => Turn::Over(Outcome::Dropped(Reason::because(
            obstacle.code(),
            &obstacle,
        ))),
    }
}

/// What becomes of a push whose instance was told to end. One that came to an outcome all the same
/// has it. Else there is none yet when the phone is switched off, and no more than so many tries
/// when its budget is used up; whatever else ended it, the rules say when it has its next turn.
fn after_cancel(
    entry: &Entry,
    reason: CancellationReason,
    outcome: Option<Outcome>,
) -> Option<Outcome> {
    match outcome {
        Some(outcome @ (Outcome::Shown | Outcome::Dropped(_) | Outcome::AwaitingSignIn { .. })) => {
            return Some(outcome);
        }
        None | Some(Outcome::Retry { .. }) => {}
    }
    let again = |code: &'static str, detail: &str| Outcome::Retry {
        after: Duration::ZERO,
        reason: Reason::because(code, detail),
    };
    if reason == CancellationReason::ExecutionTimeExceeded {
        let code = "execution_time_exceeded";
        return Some(match entry.attempts < MOST_OVERRUNS {
            true => again(code, "the task used up its budget"),
            false => Outcome::Dropped(Reason::new(code)),
        });
    }
    // A killed app has its phone's turn again, a phone that is switched off has not.
    (reason != CancellationReason::Terminating).then(|| again("task_canceled", reason.as_str()))
}
