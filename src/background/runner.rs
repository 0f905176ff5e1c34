//! Runs one instance to its end, within its budget.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio_util::sync::CancellationToken;

use super::{CancellationReason, DynEntryPoint, Outcome, TaskInstance};

/// How an instance ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ended {
    /// Its entry point returned and every deferral is complete.
    Completed(Outcome),
    /// It was told to end, and came to an outcome within its grace all the same or not at all.
    Canceled(CancellationReason, Option<Outcome>),
    /// Its entry point panicked.
    Panicked,
}

/// The time an instance has.
#[derive(Debug, Clone, Copy)]
pub(super) struct Budget {
    pub(super) run: Duration,
    pub(super) grace: Duration,
}

/// Runs `entry_point` until it ends, its budget is used up, or `off` is canceled.
pub(super) async fn run_instance(
    entry_point: &dyn DynEntryPoint,
    instance: &TaskInstance,
    budget: Budget,
    off: &CancellationToken,
) -> Ended {
    let mut work = AssertUnwindSafe(async {
        let outcome = entry_point.run_boxed(instance.clone()).await;
        instance.deferrals_completed().await;
        outcome
    })
    .catch_unwind()
    .boxed();
    let reason = tokio::select! {
        ended = &mut work => return ended.map_or(Ended::Panicked, Ended::Completed),
        () = tokio::time::sleep(budget.run) => CancellationReason::ExecutionTimeExceeded,
        () = off.cancelled() => CancellationReason::Terminating,
    };
    instance.cancel(reason);
    match tokio::time::timeout(budget.grace, work).await {
        Ok(Ok(outcome)) => Ended::Canceled(reason, Some(outcome)),
        Ok(Err(_)) => Ended::Panicked,
        Err(_) => Ended::Canceled(reason, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::background::EntryPoint;
    use crate::model::{MessageId, Platform, RawNotification};
    use bytes::Bytes;

    const BUDGET: Budget = Budget {
        run: Duration::from_secs(30),
        grace: Duration::from_secs(5),
    };

    fn instance() -> TaskInstance {
        let message = MessageId::parse("m").unwrap();
        let details = RawNotification::new(message, Platform::Wns, Bytes::from_static(b"1"));
        TaskInstance::new(1, "push".to_owned(), details)
    }

    async fn run(entry_point: impl EntryPoint) -> Ended {
        run_instance(&entry_point, &instance(), BUDGET, &CancellationToken::new()).await
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

    struct Obeys;
    impl EntryPoint for Obeys {
        async fn run(&self, instance: TaskInstance) -> Outcome {
            assert_eq!(instance.canceled().await, CancellationReason::Terminating);
            Outcome::Shown
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_instance_lives_until_every_deferral_is_complete() {
        assert_eq!(run(Completes).await, Ended::Completed(Outcome::Shown));
    }

    #[tokio::test(start_paused = true)]
    async fn a_forgotten_deferral_ends_at_the_budget_and_its_grace() {
        let begun = tokio::time::Instant::now();
        let ended = run(Forgets).await;
        assert_eq!(
            ended,
            Ended::Canceled(CancellationReason::ExecutionTimeExceeded, None)
        );
        assert_eq!(begun.elapsed(), Duration::from_secs(35));
    }

    #[tokio::test(start_paused = true)]
    async fn a_panic_is_one_failed_instance() {
        assert_eq!(run(Panics).await, Ended::Panicked);
    }

    #[tokio::test(start_paused = true)]
    async fn switching_off_is_told_to_the_instance() {
        let off = CancellationToken::new();
        off.cancel();
        let ended = run_instance(&Obeys, &instance(), BUDGET, &off).await;
        assert_eq!(
            ended,
            Ended::Canceled(CancellationReason::Terminating, Some(Outcome::Shown))
        );
    }
}
