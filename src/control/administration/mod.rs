//! Push administration from another process: through a running `serve`, or in a data folder that
//! nobody serves.

mod client;
mod key;

pub use client::AdminClient;
pub use key::{AdminKey, WrittenKey};

use std::time::Duration;

use crate::emulator::{AdministrationError, PushAdministration};
use crate::wire::push_administration::{
    AdministrationState, ChangeRequest, Changed, Failure, Permission, PermissionRequest,
};

/// The way to the rules.
#[derive(Debug)]
pub enum Administration {
    /// Services that run: a change counts for their next push.
    Running(AdminClient),
    /// A database that is this process's own as long as this value lives.
    Stored(PushAdministration),
}

/// Push administration could not be asked, or did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum AdminError {
    /// The running services did not do it.
    #[error("{}", .0.error)]
    Refused(Failure),
    /// The running services did not answer in time.
    #[error(
        "the `handset serve` in process {pid} did not answer within {} s: it is stopped or hangs; let it go on with \
         `kill -CONT {pid}`, or end it with `kill -KILL {pid}` and start it anew",
        .limit.as_secs_f32()
    )]
    TimedOut {
        /// The process.
        pid: u32,
        /// How long it had.
        limit: Duration,
    },
    /// There is no connection to the running services.
    #[error(
        "the `handset serve` in process {pid} does not answer: {cause}; look whether it still runs, and start it anew"
    )]
    NoAnswer {
        /// The process.
        pid: u32,
        /// What went wrong.
        cause: String,
    },
    /// They answered something else than this program expects.
    #[error(
        "the `handset serve` in process {pid} answered {status}: it may be another version of handset, start it anew"
    )]
    Unreadable {
        /// The process.
        pid: u32,
        /// The HTTP status.
        status: u16,
    },
    /// It could not be done in the data folder.
    #[error(transparent)]
    Stored(#[from] AdministrationError),
}

impl Administration {
    /// Whether running services are asked.
    #[must_use]
    pub fn is_running(&self) -> bool {
        matches!(self, Self::Running(_))
    }

    /// What is stored, and what comes of it.
    ///
    /// # Errors
    /// [`AdminError`]
    pub async fn state(&self) -> Result<AdministrationState, AdminError> {
        match self {
            Self::Running(client) => client.state().await,
            Self::Stored(rules) => Ok(rules.state()),
        }
    }

    /// Changes the rules, or says what would change.
    ///
    /// # Errors
    /// [`AdminError`]
    pub async fn change(&self, request: ChangeRequest) -> Result<Changed, AdminError> {
        match self {
            Self::Running(client) => client.change(&request).await,
            Self::Stored(rules) => Ok(rules.change(request).await?),
        }
    }

    /// Whether a sender that proved itself may push.
    ///
    /// # Errors
    /// [`AdminError`]
    pub async fn permission(&self, request: &PermissionRequest) -> Result<Permission, AdminError> {
        match self {
            Self::Running(client) => client.permission(request).await,
            Self::Stored(rules) => Ok(rules.permission(request)),
        }
    }

    /// Lets go of the database, where there is one.
    pub async fn close(self) {
        match self {
            Self::Running(_) => {}
            Self::Stored(rules) => rules.close().await,
        }
    }
}
