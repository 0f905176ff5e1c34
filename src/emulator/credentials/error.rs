//! Why there are no sender credentials.

use std::io;
use std::path::PathBuf;

use crate::lifecycle::WorkerError;

/// Sender credentials cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum CredentialsError {
    /// The folder cannot be made.
    #[error(
        "the folder for sender credentials {path} cannot be made: {cause}; choose another with --home"
    )]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// A file cannot be read or written.
    #[error(
        "the sender credential {path} cannot be {action}: {cause}; see to the file and its folder"
    )]
    File {
        /// The file.
        path: PathBuf,
        /// `read` or `written`.
        action: &'static str,
        /// What the system said.
        cause: io::Error,
    },
    /// A file that should be there is not.
    #[error("the sender credential {path} is missing: start `handset serve`, which writes it")]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// A file is not what its name says. It is kept, as somebody may have put it there.
    #[error("{path} {problem}: delete it, and `handset serve` writes a new one")]
    Broken {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A key could not be generated.
    #[error("no {what} could be generated: {cause}; try again")]
    Generate {
        /// Which key.
        what: &'static str,
        /// What the library said.
        cause: String,
    },
    /// The thread for files and keys did not answer.
    #[error(transparent)]
    Worker(#[from] WorkerError),
}

impl CredentialsError {
    /// True when the same call may go through later.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Generate { .. } | Self::Worker(_) => true,
            Self::Folder { .. }
            | Self::File { .. }
            | Self::Missing { .. }
            | Self::Broken { .. } => false,
        }
    }
}
