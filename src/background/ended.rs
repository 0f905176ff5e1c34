//! How an instance ended, or why there was none.

use super::{CancellationReason, Outcome};
use crate::model::{BackgroundAccess, SystemCondition};

/// How an instance ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ended {
    /// Its entry point returned and every deferral is complete.
    Completed(Outcome),
    /// It was told to end, and came to an outcome within its grace all the same or not at all.
    Canceled(CancellationReason, Option<Outcome>),
    /// Its entry point panicked; the text says what is known of that and holds no secret.
    Failed(String),
    /// It never ran.
    NotStarted(NotStarted),
}

/// Why a task was not started when its turn came. Its trigger is not used up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotStarted {
    /// The phone was switched off while it waited for its turn.
    #[error("the phone is being switched off")]
    SwitchedOff,
    /// The task was unregistered while it waited, or never was registered.
    #[error("the task {0} is not registered: register it first")]
    Unregistered(String),
    /// The app may not run in the background.
    #[error(
        "background access is {0}: ask for it, and allow it with `handset condition set background_access=allowed_subject_to_system_policy`"
    )]
    NoAccess(BackgroundAccess),
    /// A condition of the task is not met: the trigger is latched until it is.
    #[error("its condition {} is not met", .0.as_str())]
    ConditionUnmet(SystemCondition),
    /// The app has no such code.
    #[error(
        "the task {task} names the entry point {entry_point}, which this app does not have: give it one of that name"
    )]
    NoSuchEntryPoint {
        /// The task.
        task: String,
        /// What it names.
        entry_point: String,
    },
}

impl NotStarted {
    /// The reason as it stands in events.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::SwitchedOff => "switched_off",
            Self::Unregistered(_) => "no_task_registered",
            Self::NoAccess(_) => "no_background_access",
            Self::ConditionUnmet(_) => "condition_unmet",
            Self::NoSuchEntryPoint { .. } => "no_such_entry_point",
        }
    }

    /// True when the same trigger may start the task once something has changed.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::SwitchedOff | Self::NoAccess(_) | Self::ConditionUnmet(_) => true,
            Self::Unregistered(_) | Self::NoSuchEntryPoint { .. } => false,
        }
    }
}
