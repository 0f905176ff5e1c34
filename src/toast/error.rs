//! Why a toast was not shown.

use std::fmt::Display;
use std::time::Duration;

use crate::lifecycle::WorkerError;
use crate::model::DisplayText;

/// How much of a foreign error text is repeated, in characters.
const MOST_QUOTED: usize = 300;

/// Why a renderer did not show or remove a toast. No text of it holds what the toast says.
#[derive(Debug, thiserror::Error)]
pub enum ToastError {
    /// There is no D-Bus session bus, so no notification daemon can be reached.
    #[error(
        "the desktop cannot be reached because there is no D-Bus session bus ({problem}): \
         run in a desktop session, or use --toast terminal"
    )]
    NoBus {
        /// What the connection said.
        problem: String,
    },
    /// Nobody on the bus shows notifications.
    #[error(
        "no notification daemon is running: nothing offers org.freedesktop.Notifications on the \
         session bus; start one (dunst, for example), or use --toast terminal"
    )]
    NoDaemon,
    /// The daemon shows as many notifications as it is willing to.
    #[error("the notification daemon shows as many toasts as it can: dismiss some")]
    Full,
    /// The renderer did not answer in time.
    #[error("{what} did not answer within {} s: restart it", .limit.as_secs_f32())]
    Slow {
        /// What was called.
        what: &'static str,
        /// The time it had.
        limit: Duration,
    },
    /// The daemon did not answer a short while ago and is left alone for now.
    #[error(
        "the notification daemon did not answer a short while ago and is tried again in {} s",
        .left.as_secs() + 1
    )]
    Paused {
        /// How long it is still left alone.
        left: Duration,
    },
    /// It hung several times and is left alone.
    #[error(
        "{what} hung several times and is left alone for a while: restart it, it is tried again by itself"
    )]
    Off {
        /// What was called.
        what: &'static str,
    },
    /// Too many toasts wait for it.
    #[error("{what} is too slow for so many toasts: some are not shown")]
    Busy {
        /// What was called.
        what: &'static str,
    },
    /// The call failed inside handset or its libraries.
    #[error("the call to {what} broke off inside handset: run with -vv for the cause")]
    Died {
        /// What was called.
        what: &'static str,
    },
    /// The terminal or pipe does not take what is written.
    #[error("the toast cannot be written: {source}")]
    Write {
        /// What the operating system said.
        source: std::io::Error,
    },
    /// Anything else that the daemon said.
    #[error("the notification daemon failed: {problem}; restart it, or use --toast terminal")]
    Other {
        /// What it said.
        problem: String,
    },
}

impl ToastError {
    /// True when the same renderer may show a later toast without anybody's help.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Full
            | Self::Slow { .. }
            | Self::Paused { .. }
            | Self::Busy { .. }
            | Self::Died { .. }
            | Self::Other { .. } => true,
            Self::NoBus { .. } | Self::NoDaemon | Self::Off { .. } | Self::Write { .. } => false,
        }
    }

    /// True when there is no desktop to show a toast on.
    #[must_use]
    pub fn is_unavailable(&self) -> bool {
        matches!(self, Self::NoBus { .. } | Self::NoDaemon)
    }
}

impl From<WorkerError> for ToastError {
    fn from(error: WorkerError) -> Self {
        match error {
            WorkerError::TimedOut { what, limit } => Self::Slow { what, limit },
            WorkerError::Off { what } => Self::Off { what },
            WorkerError::Busy { what } => Self::Busy { what },
            WorkerError::Died { what } => Self::Died { what },
        }
    }
}

/// A foreign error text on one line, without control characters and not too long.
pub(super) fn quoted(problem: &dyn Display) -> String {
    DisplayText::excerpt(&problem.to_string(), MOST_QUOTED)
}
