//! How long an instance may run.

use std::time::Duration;

use crate::lifecycle::timeouts;
use crate::model::Platform;

/// The budgets of task instances, by platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TaskOptions {
    /// Windows: 30 s of wall time (WinRT).
    pub wns: Duration,
    /// iOS: 30 s until the completion handler is called (Apple, "Pushing background updates to
    /// your App").
    pub apns: Duration,
    /// Android: 20 s, as Firebase's documents said once; today's say only "a short execution
    /// window".
    pub fcm: Duration,
    /// Web Push: 30 s (assumption: RFC 8030 and the Push API name no time).
    pub web_push: Duration,
    /// How long a canceled instance has to end (WinRT: 5 s; assumed for the others).
    pub grace: Duration,
}

impl Default for TaskOptions {
    fn default() -> Self {
        Self {
            wns: timeouts::TASK_BUDGET,
            apns: timeouts::TASK_BUDGET,
            fcm: timeouts::TASK_BUDGET_ANDROID,
            web_push: timeouts::TASK_BUDGET,
            grace: timeouts::TASK_GRACE,
        }
    }
}

impl TaskOptions {
    /// The same budget on every platform.
    #[must_use]
    pub fn with_budget(budget: Duration) -> Self {
        Self {
            wns: budget,
            apns: budget,
            fcm: budget,
            web_push: budget,
            ..Self::default()
        }
    }

    /// How long an instance may run on `platform`.
    #[must_use]
    pub fn budget(&self, platform: Platform) -> Duration {
        match platform {
            Platform::Wns => self.wns,
            Platform::Apns => self.apns,
            Platform::Fcm => self.fcm,
            Platform::WebPush => self.web_push,
        }
    }
}
