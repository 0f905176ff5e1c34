//! Exit codes, and which failure has which.

use std::process::ExitCode;

use crate::control::{AdminError, ControlError};
use crate::device::{DeviceError, ErrorKind, FolderError};
use crate::emulator::{CredentialsError, EmulatorError};
use crate::settings::SettingsError;

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Exit {
    /// It did what it was asked.
    Done = 0,
    /// It did not.
    Failed = 1,
    /// What it was asked makes no sense.
    Usage = 2,
    /// It waited too long.
    TimedOut = 3,
    /// The user must sign in first.
    SignInNeeded = 4,
    /// The backend or the push service could not be reached.
    Unreachable = 5,
    /// There is no keyring.
    NoKeyring = 6,
    /// It was interrupted.
    Interrupted = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

impl From<ErrorKind> for Exit {
    fn from(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::Failed => Self::Failed,
            ErrorKind::Usage => Self::Usage,
            ErrorKind::TimedOut => Self::TimedOut,
            ErrorKind::SignInNeeded => Self::SignInNeeded,
            ErrorKind::Unreachable => Self::Unreachable,
            ErrorKind::NoKeyring => Self::NoKeyring,
        }
    }
}

/// A command failed: a sentence for people, and the exit code.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) message: String,
    pub(super) exit: Exit,
}

impl Failure {
    pub(super) fn failed(message: impl Into<String>) -> Self {
        Self::new(Exit::Failed, message)
    }

    pub(super) fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }

    pub(super) fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            exit,
        }
    }
}

impl From<DeviceError> for Failure {
    fn from(error: DeviceError) -> Self {
        let exit = Exit::from(error.kind());
        let message = with_the_way_out(error.to_string(), exit);
        Self { message, exit }
    }
}

/// A keyring that is missing is no dead end: whatever its error says, the way round it is named.
fn with_the_way_out(message: String, exit: Exit) -> String {
    if exit == Exit::NoKeyring && !message.contains("--vault file") {
        format!("{message}; or keep the token in a private file with --vault file")
    } else {
        message
    }
}

impl From<ControlError> for Failure {
    fn from(error: ControlError) -> Self {
        let exit = match &error {
            ControlError::Refused(failure) => Exit::from(failure.kind),
            ControlError::TimedOut { .. }
            | ControlError::NoAnswer { .. }
            | ControlError::Unreadable { .. } => Exit::Failed,
        };
        Self {
            message: with_the_way_out(error.to_string(), exit),
            exit,
        }
    }
}

impl From<AdminError> for Failure {
    fn from(error: AdminError) -> Self {
        let exit = match &error {
            AdminError::TimedOut { .. } | AdminError::NoAnswer { .. } => Exit::Unreachable,
            AdminError::Refused(_) | AdminError::Unreadable { .. } | AdminError::Stored(_) => {
                Exit::Failed
            }
        };
        Self::new(exit, error.to_string())
    }
}

impl From<SettingsError> for Failure {
    fn from(error: SettingsError) -> Self {
        Self::usage(error.to_string())
    }
}

impl From<FolderError> for Failure {
    fn from(error: FolderError) -> Self {
        Self::failed(error.to_string())
    }
}

impl From<CredentialsError> for Failure {
    fn from(error: CredentialsError) -> Self {
        Self::failed(error.to_string())
    }
}

impl From<EmulatorError> for Failure {
    fn from(error: EmulatorError) -> Self {
        Self::failed(error.to_string())
    }
}
