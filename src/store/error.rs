//! What can go wrong with a database, in words that help.

use std::time::Duration;

use rusqlite::ErrorCode;

/// A database could not be opened or used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The file is something else, or damaged.
    #[error(
        "{path} is not a handset database or is damaged: move it away, and handset makes a new one"
    )]
    NotADatabase {
        /// The file.
        path: String,
    },
    /// The file is another program's database.
    #[error("{path} is a database of another program: choose another folder")]
    Foreign {
        /// The file.
        path: String,
    },
    /// The file was written by a newer handset.
    #[error(
        "{path} has format {found}, this handset reads up to {supported}: use a newer handset or another folder"
    )]
    Newer {
        /// The file.
        path: String,
        /// Its format.
        found: u32,
        /// The newest format this program knows.
        supported: u32,
    },
    /// Another process has it open, and did not let go while it was tried again.
    #[error("{path} is in use by another process: stop that one, or choose another folder")]
    Busy {
        /// The file.
        path: String,
    },
    /// No space is left.
    #[error("no space is left for {path}: free some, nothing that was accepted is lost")]
    Full {
        /// The file.
        path: String,
    },
    /// The file or its folder cannot be written.
    #[error("{path} cannot be written: check its permissions and its file system")]
    ReadOnly {
        /// The file.
        path: String,
    },
    /// The file system failed.
    #[error(
        "{path} could not be used: {cause}; check its folder, and that its disk has space and is sound"
    )]
    Io {
        /// The file.
        path: String,
        /// What the system said.
        cause: String,
    },
    /// The disk is too slow, or hangs.
    #[error("{path} did not answer within {} s: is its disk hanging?", .limit.as_secs())]
    TimedOut {
        /// The file.
        path: String,
        /// The time it had.
        limit: Duration,
    },
    /// The store was closed, or its thread is gone.
    #[error("the database was closed")]
    Closed,
    /// A job failed: a fault of handset itself.
    #[error("{path} refused a statement: {cause}; this is a fault of handset worth reporting")]
    Statement {
        /// The file.
        path: String,
        /// What SQLite said.
        cause: String,
    },
}

impl StoreError {
    /// True when the same job may go through later.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(
            self,
            Self::Busy { .. }
                | Self::Full { .. }
                | Self::Io { .. }
                | Self::TimedOut { .. }
                | Self::ReadOnly { .. }
        )
    }

    pub(super) fn from_sqlite(path: &str, error: &rusqlite::Error) -> Self {
        let path = path.to_owned();
        match error.sqlite_error_code() {
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
                Self::NotADatabase { path }
            }
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy { path },
            Some(ErrorCode::DiskFull) => Self::Full { path },
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => Self::ReadOnly { path },
            // SQLite has one word for a disk that fails, one that became read-only, and a limit.
            Some(ErrorCode::CannotOpen | ErrorCode::SystemIoFailure) if is_unwritable(&path) => {
                Self::ReadOnly { path }
            }
            Some(ErrorCode::CannotOpen | ErrorCode::SystemIoFailure) => Self::Io {
                path,
                cause: error.to_string(),
            },
            _ => Self::Statement {
                path,
                cause: error.to_string(),
            },
        }
    }
}

/// True when the file is there and cannot be opened for writing.
fn is_unwritable(path: &str) -> bool {
    use std::io::ErrorKind::{PermissionDenied, ReadOnlyFilesystem};
    let opened = std::fs::OpenOptions::new().append(true).open(path);
    opened.is_err_and(|error| matches!(error.kind(), PermissionDenied | ReadOnlyFilesystem))
}
