//! Why a vault did not do as it was asked.

use std::fmt::Display;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use crate::lifecycle::WorkerError;
use crate::model::DisplayText;

/// How much of a foreign error text is repeated, in characters.
const MOST_QUOTED: usize = 300;

/// Why a vault did not do as it was asked. No text of it holds a secret.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// There is no D-Bus session bus, so no keyring can be reached.
    #[error(
        "the OS keyring cannot be reached because there is no D-Bus session bus ({problem}): \
         sign in from a desktop session, start one with dbus-run-session, or use --vault file"
    )]
    NoBus {
        /// What the connection said.
        problem: String,
    },
    /// The bus has nobody who offers the Secret Service.
    #[error(
        "no keyring is running: nothing offers org.freedesktop.secrets on the session bus; \
         start gnome-keyring, KWallet or KeePassXC, or use --vault file"
    )]
    NoProvider,
    /// The keyring service runs and has no default keyring yet.
    #[error(
        "the keyring service has no default keyring yet: create one in its own program \
         (seahorse, for gnome-keyring) or sign in to the desktop once, or use --vault file"
    )]
    NoKeyring,
    /// The keyring is locked, and was not unlocked when it asked.
    #[error(
        "the OS keyring is locked and was not unlocked: unlock it and try again, or use --vault file"
    )]
    Locked,
    /// The operating system refuses access.
    #[error(
        "the OS keyring refuses access ({problem}): allow handset to use it, or use --vault file"
    )]
    AccessDenied {
        /// What the keyring said.
        problem: String,
    },
    /// The keyring or the file did not answer in time.
    #[error(
        "{what} did not answer within {} s: it hangs, or it waits for you to unlock it in a window; \
         answer that window or restart it, then try again", .limit.as_secs_f32()
    )]
    Slow {
        /// The keyring or the file.
        what: &'static str,
        /// The time it had.
        limit: Duration,
    },
    /// It hung several times and is left alone for a while.
    #[error(
        "{what} hung several times and is left alone for some minutes: restart it, then wait or sign in again"
    )]
    Off {
        /// The keyring or the file.
        what: &'static str,
    },
    /// Too many calls wait for it.
    #[error("{what} is busy with other calls: try again in a moment")]
    Busy {
        /// The keyring or the file.
        what: &'static str,
    },
    /// The call failed inside handset or its libraries.
    #[error("the call to {what} broke off inside handset: run with -vv for the cause")]
    Died {
        /// The keyring or the file.
        what: &'static str,
    },
    /// The keyring has several entries where one is expected.
    #[error("the OS keyring has {count} entries for this sign-in: sign in again to replace them")]
    Ambiguous {
        /// How many there are.
        count: usize,
    },
    /// The platform's keyring keeps no secret of this length.
    #[error(
        "the token is longer than the OS keyring allows ({limit} characters): use --vault file, or a shorter token"
    )]
    TooLong {
        /// The longest it keeps, in characters.
        limit: u32,
    },
    /// The stored value is no text, so handset did not write it.
    #[error("the stored token is damaged: sign in again to replace it")]
    Damaged,
    /// Another value came back than was stored.
    #[error(
        "the vault did not give back what was stored in it: check the keyring program, or use --vault file"
    )]
    Forgetful,
    /// Others than its owner may read the file.
    #[error(
        "the vault file {} may be read by others (mode {mode:03o}): run chmod 600 on it, and change the password if others use this machine",
        .path.display()
    )]
    FileExposed {
        /// The file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// The file belongs to another user.
    #[error(
        "the vault file {} belongs to another user: move it away, or run as its owner", .path.display()
    )]
    FileForeign {
        /// The file.
        path: PathBuf,
    },
    /// There is no regular file but a link, a folder or a device.
    #[error(
        "the vault file {} is not a regular file: links are not followed; move it away", .path.display()
    )]
    FileIrregular {
        /// What should be the file.
        path: PathBuf,
    },
    /// The file is not one that handset wrote.
    #[error(
        "the vault file {} cannot be understood ({problem}): it is left as it is; move it away and sign in again",
        .path.display()
    )]
    FileGarbage {
        /// The file.
        path: PathBuf,
        /// What is wrong with it, without its content.
        problem: String,
    },
    /// The file cannot be read or written.
    #[error("the vault file {} cannot be {action}: {source}; check its permissions and its disk", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What was tried: `read`, `written`, `locked`.
        action: &'static str,
        /// What the operating system said.
        source: io::Error,
    },
    /// Anything else that the keyring said.
    #[error("the OS keyring failed: {problem}; try again, or use --vault file")]
    Other {
        /// What it said.
        problem: String,
    },
}

impl VaultError {
    /// True when there is no usable keyring at the moment: another kind of vault would do.
    #[must_use]
    pub fn is_unavailable(&self) -> bool {
        match self {
            Self::NoBus { .. }
            | Self::NoProvider
            | Self::NoKeyring
            | Self::Locked
            | Self::AccessDenied { .. }
            | Self::Slow { .. }
            | Self::Off { .. }
            | Self::Busy { .. }
            | Self::Died { .. }
            | Self::Forgetful
            | Self::Other { .. } => true,
            Self::Ambiguous { .. }
            | Self::TooLong { .. }
            | Self::Damaged
            | Self::FileExposed { .. }
            | Self::FileForeign { .. }
            | Self::FileIrregular { .. }
            | Self::FileGarbage { .. }
            | Self::File { .. } => false,
        }
    }

    /// True when the same call may succeed later without anybody changing what is stored.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::NoBus { .. }
            | Self::NoProvider
            | Self::NoKeyring
            | Self::Locked
            | Self::Slow { .. }
            | Self::Off { .. }
            | Self::Busy { .. }
            | Self::Died { .. }
            | Self::File { .. }
            | Self::Other { .. } => true,
            Self::AccessDenied { .. }
            | Self::Ambiguous { .. }
            | Self::TooLong { .. }
            | Self::Damaged
            | Self::Forgetful
            | Self::FileExposed { .. }
            | Self::FileForeign { .. }
            | Self::FileIrregular { .. }
            | Self::FileGarbage { .. } => false,
        }
    }

    /// An error with what somebody else said, made harmless.
    pub(super) fn other(problem: &dyn Display) -> Self {
        Self::Other {
            problem: quoted(problem),
        }
    }
}

impl From<WorkerError> for VaultError {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_texts_are_short_and_harmless() {
        let error = VaultError::other(&format!("a\x1b[2J\nb{}", "x".repeat(5000)));
        let text = error.to_string();
        assert!(text.starts_with("the OS keyring failed: a[2J b"), "{text}");
        assert!(text.len() < 400);
    }

    #[test]
    fn a_missing_keyring_is_unavailable_and_a_bad_file_is_not() {
        assert!(VaultError::NoProvider.is_unavailable());
        assert!(VaultError::from(WorkerError::Off { what: "it" }).is_unavailable());
        let exposed = VaultError::FileExposed {
            path: PathBuf::from("/v.json"),
            mode: 0o644,
        };
        assert!(!exposed.is_unavailable() && !exposed.is_transient());
        assert!(exposed.to_string().contains("mode 644"));
    }
}
