//! What is remembered of an instance.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::background::{Ended, Outcome, Reason, TaskInstance, in_whole_millis};
use crate::model::DisplayText;

/// The longest text of a record, in characters: an entry point may give any.
const LONGEST_TEXT: usize = 240;

/// One instance in the history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstanceRecord {
    /// The instance's number on its device.
    pub id: u64,
    /// The task's name.
    pub task: String,
    /// What started it: `raw_push`, `timer` or `network_change`.
    pub trigger: String,
    /// The push service's id of the push.
    pub message: Option<String>,
    /// When it started.
    pub started_at: Timestamp,
    /// When it ended; none while it runs and where nobody saw the end.
    pub ended_at: Option<Timestamp>,
    /// How long it ran, in milliseconds, whatever the clock was set to meanwhile.
    pub duration_ms: Option<u64>,
    /// How it ended.
    pub result: InstanceResult,
    /// Why it was canceled, with WinRT's name of the reason.
    pub reason: Option<String>,
    /// The last progress it told, in per cent.
    pub progress: Option<u8>,
    /// How often it was suspended.
    pub suspended_count: u32,
    /// How often its trigger was held back.
    pub throttle_count: u32,
    /// What it came to: `shown`, `dropped: …`, `awaiting_sign_in` or `retry: …`.
    pub outcome: Option<String>,
    /// What is known of its panic.
    pub error: Option<String>,
}

/// How an instance ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InstanceResult {
    /// It has not.
    Running,
    /// By itself.
    Completed,
    /// It was told to.
    Canceled,
    /// It panicked.
    Failed,
    /// With its process, which was killed.
    Interrupted,
}

impl InstanceResult {
    const ALL: [Self; 5] = [
        Self::Running,
        Self::Completed,
        Self::Canceled,
        Self::Failed,
        Self::Interrupted,
    ];

    /// The name it is stored and shown by.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Completed => "completed",
            Self::Canceled => "canceled",
            Self::Failed => "failed",
            Self::Interrupted => "interrupted",
        }
    }

    pub(super) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|result| result.as_str() == name)
    }
}

impl InstanceRecord {
    /// An instance that starts.
    pub(super) fn started(instance: &TaskInstance, now: Timestamp) -> Self {
        Self {
            id: instance.number(),
            task: instance.task().to_owned(),
            trigger: instance.details().trigger_name().to_owned(),
            message: instance.push().map(|raw| raw.message.to_string()),
            started_at: in_whole_millis(now),
            ended_at: None,
            duration_ms: None,
            result: InstanceResult::Running,
            reason: None,
            progress: None,
            suspended_count: 0,
            throttle_count: instance.throttle_count(),
            outcome: None,
            error: None,
        }
    }

    /// How far it has come.
    pub(super) fn refresh(&mut self, instance: &TaskInstance) {
        self.progress = instance.last_progress();
        self.suspended_count = instance.suspended_count();
        self.reason = instance.cancellation().map(|reason| reason.to_string());
    }

    /// The same instance at its end.
    pub(super) fn ended(
        mut self,
        instance: &TaskInstance,
        ended: &Ended,
        now: Timestamp,
        duration_ms: u64,
    ) -> Self {
        self.refresh(instance);
        self.ended_at = Some(in_whole_millis(now));
        self.duration_ms = Some(duration_ms);
        let outcome = match ended {
            Ended::Completed(outcome) => {
                self.result = InstanceResult::Completed;
                Some(outcome)
            }
            Ended::Canceled(_, outcome) => {
                self.result = InstanceResult::Canceled;
                outcome.as_ref()
            }
            Ended::Failed(text) => {
                self.result = InstanceResult::Failed;
                self.error = Some(DisplayText::excerpt(text, LONGEST_TEXT));
                None
            }
            // Nothing that never ran is recorded.
            Ended::NotStarted(_) => None,
        };
        self.outcome = outcome.map(outcome_text);
        self
    }
}

fn outcome_text(outcome: &Outcome) -> String {
    let because = |what: &str, reason: &Reason| {
        let text = format!("{what}: {}", reason.code);
        DisplayText::excerpt(&text, LONGEST_TEXT)
    };
    match outcome {
        Outcome::Shown => "shown".to_owned(),
        Outcome::Dropped(reason) => because("dropped", reason),
        Outcome::AwaitingSignIn { .. } => "awaiting_sign_in".to_owned(),
        Outcome::Retry { reason, .. } => because("retry", reason),
    }
}
