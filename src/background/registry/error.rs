//! Why a task is not registered.

use std::time::Duration;

use crate::background::Trigger;
use crate::model::{BackgroundAccess, ManifestError};
use crate::store::StoreError;

/// A task could not be registered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RegisterError {
    /// Nobody asked for background access.
    #[error(
        "the task {task} is not registered: ask for background access first (`request_access`)"
    )]
    AccessNotRequested {
        /// The task.
        task: String,
    },
    /// Background access was asked for and not given.
    #[error(
        "the task {task} is not registered: background access is {answer}; allow it with `handset condition set background_access={}`",
        BackgroundAccess::AllowedSubjectToSystemPolicy
    )]
    AccessRefused {
        /// The task.
        task: String,
        /// The answer.
        answer: BackgroundAccess,
    },
    /// The manifest does not declare it.
    #[error("the task {task} is not registered: {cause}; add it")]
    NotDeclared {
        /// The task.
        task: String,
        /// Which line is missing.
        #[source]
        cause: ManifestError,
    },
    /// A timer that is too short or too long.
    #[error(
        "the task {task} is not registered: its timer of {} s is not within {} s and {} s, choose one that is",
        .every.as_secs_f64(),
        Trigger::SHORTEST_TIMER.as_secs(),
        Trigger::LONGEST_TIMER.as_secs()
    )]
    BadTimer {
        /// The task.
        task: String,
        /// The time it was given.
        every: Duration,
    },
    /// A name that is empty, too long, or not to be shown.
    #[error(
        "a task of that name is not registered: a name has 1 to {longest} characters, none of them a control character"
    )]
    BadName {
        /// The longest name, in characters.
        longest: usize,
    },
    /// It could not be made durable.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl RegisterError {
    /// True when the user or the system has to allow it first.
    #[must_use]
    pub fn needs_access(&self) -> bool {
        matches!(
            self,
            Self::AccessNotRequested { .. } | Self::AccessRefused { .. }
        )
    }

    /// True when the same registration may go through later.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_transient())
    }
}
