//! One run of a background task.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::{CancellationReason, TriggerDetails};
use crate::model::RawNotification;

/// What an entry point is given: why it runs, and the means to stay alive. Cheap to clone.
#[derive(Debug, Clone)]
pub struct TaskInstance {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    number: u64,
    task: String,
    details: TriggerDetails,
    throttled: u32,
    deferrals: watch::Sender<usize>,
    progress: watch::Sender<Option<u8>>,
    suspended: AtomicU32,
    canceled: CancellationToken,
    reason: OnceLock<CancellationReason>,
}

impl TaskInstance {
    pub(super) fn new(number: u64, task: String, details: TriggerDetails, throttled: u32) -> Self {
        Self {
            shared: Arc::new(Shared {
                number,
                task,
                details,
                throttled,
                deferrals: watch::Sender::new(0),
                progress: watch::Sender::new(None),
                suspended: AtomicU32::new(0),
                canceled: CancellationToken::new(),
                reason: OnceLock::new(),
            }),
        }
    }

    /// Its number in the history, counted from 1 on each device and across restarts; 0 for what
    /// the platform does without a task.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.shared.number
    }

    /// The name of the task registration it runs for.
    #[must_use]
    pub fn task(&self) -> &str {
        &self.shared.task
    }

    /// The trigger details: what woke it.
    #[must_use]
    pub fn details(&self) -> &TriggerDetails {
        &self.shared.details
    }

    /// The push that woke it, where it was one.
    #[must_use]
    pub fn push(&self) -> Option<&RawNotification> {
        self.shared.details.push()
    }

    /// Keeps the instance alive past the entry point's return, until it is completed or the
    /// budget ends. There may be many; the instance completes when all are. A dropped deferral
    /// counts as completed (WinRT `GetDeferral`).
    #[must_use]
    pub fn deferral(&self) -> Deferral {
        self.shared.deferrals.send_modify(|count| *count += 1);
        Deferral {
            shared: self.shared.clone(),
        }
    }

    /// Says how far the work is, in per cent; above 100 counts as 100. Each change is told, where
    /// several come at once the last (WinRT `Progress`).
    pub fn progress(&self, percent: u8) {
        let percent = Some(percent.min(100));
        self.shared.progress.send_if_modified(|last| {
            let changed = *last != percent;
            *last = percent;
            changed
        });
    }

    /// How far it said the work is.
    #[must_use]
    pub fn last_progress(&self) -> Option<u8> {
        *self.shared.progress.borrow()
    }

    /// How often it was suspended while it ran: on Android, by Doze (WinRT `SuspendedCount`).
    #[must_use]
    pub fn suspended_count(&self) -> u32 {
        self.shared.suspended.load(Ordering::Relaxed)
    }

    /// How often its trigger was held back before it ran (WinRT `GetThrottleCount`).
    #[must_use]
    pub fn throttle_count(&self) -> u32 {
        self.shared.throttled
    }

    /// Waits until the instance is told to end; it then has a grace of 5 s.
    pub async fn canceled(&self) -> CancellationReason {
        self.shared.canceled.cancelled().await;
        self.cancellation()
            .unwrap_or(CancellationReason::Terminating)
    }

    /// Why it was told to end, once it was.
    #[must_use]
    pub fn cancellation(&self) -> Option<CancellationReason> {
        self.shared.reason.get().copied()
    }

    /// Tells it to end; only the first reason counts.
    pub(super) fn cancel(&self, reason: CancellationReason) {
        self.shared.reason.get_or_init(|| reason);
        self.shared.canceled.cancel();
    }

    pub(super) fn count_suspension(&self) {
        self.shared.suspended.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn watch_progress(&self) -> watch::Receiver<Option<u8>> {
        self.shared.progress.subscribe()
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
