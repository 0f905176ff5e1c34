//! One run of a background task.

use std::sync::{Arc, OnceLock};

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::model::RawNotification;

/// Why an instance was told to end, with WinRT's names (`BackgroundTaskCancellationReason`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CancellationReason {
    /// The phone is being switched off.
    Terminating,
    /// The budget is used up.
    ExecutionTimeExceeded,
}

impl CancellationReason {
    /// The reason as it stands in events.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Terminating => "Terminating",
            Self::ExecutionTimeExceeded => "ExecutionTimeExceeded",
        }
    }
}

/// What an entry point is given: why it runs, and the means to stay alive.
#[derive(Debug, Clone)]
pub struct TaskInstance {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    number: u64,
    task: String,
    details: RawNotification,
    deferrals: watch::Sender<usize>,
    canceled: CancellationToken,
    reason: OnceLock<CancellationReason>,
}

impl TaskInstance {
    pub(super) fn new(number: u64, task: String, details: RawNotification) -> Self {
        Self {
            shared: Arc::new(Shared {
                number,
                task,
                details,
                deferrals: watch::Sender::new(0),
                canceled: CancellationToken::new(),
                reason: OnceLock::new(),
            }),
        }
    }

    /// Its number, counted from 1 since the phone was switched on.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.shared.number
    }

    /// The name of the task registration it runs for.
    #[must_use]
    pub fn task(&self) -> &str {
        &self.shared.task
    }

    /// The trigger details: the push that woke it.
    #[must_use]
    pub fn details(&self) -> &RawNotification {
        &self.shared.details
    }

    /// Keeps the instance alive past the entry point's return, until it is completed or the
    /// budget ends. A dropped deferral counts as completed.
    #[must_use]
    pub fn deferral(&self) -> Deferral {
        self.shared.deferrals.send_modify(|count| *count += 1);
        Deferral {
            shared: self.shared.clone(),
        }
    }

    /// Waits until the instance is told to end; it then has a grace of 5 s.
    pub async fn canceled(&self) -> CancellationReason {
        self.shared.canceled.cancelled().await;
        self.shared
            .reason
            .get()
            .copied()
            .unwrap_or(CancellationReason::Terminating)
    }

    pub(super) fn cancel(&self, reason: CancellationReason) {
        self.shared.reason.get_or_init(|| reason);
        self.shared.canceled.cancel();
    }

    /// Waits until no deferral is open.
    pub(super) async fn deferrals_completed(&self) {
        let mut open = self.shared.deferrals.subscribe();
        // The sender lives as long as this instance, so the wait ends only at zero.
        open.wait_for(|count| *count == 0).await.ok();
    }
}

/// Keeps a [`TaskInstance`] alive.
#[derive(Debug)]
pub struct Deferral {
    shared: Arc<Shared>,
}

impl Deferral {
    /// Says that the work is done.
    pub fn complete(self) {
        drop(self);
    }
}

impl Drop for Deferral {
    fn drop(&mut self) {
        self.shared
            .deferrals
            .send_modify(|count| *count = count.saturating_sub(1));
    }
}
