//! What can go wrong while a device registers.

use crate::backend::BackendError;
use crate::model::Invalid;
use crate::store::StoreError;

/// Why the backend does not know the installation.
#[derive(Debug, Clone, thiserror::Error)]
pub enum RegistrationError {
    /// The installation is refused here, before anything is sent.
    #[error("the registration was not sent: {0}")]
    Refused(#[from] Invalid),
    /// The backend could not be asked, or said no.
    #[error("the registration failed: {0}")]
    Backend(#[from] BackendError),
    /// The backend gave out an id and does not know it.
    #[error(
        "the backend does not know the registration id it has just given out ({0}); look at its log, and check that --backend is one backend and not several that share nothing"
    )]
    GoneAgain(#[source] BackendError),
    /// The registration id could not be read or kept.
    #[error("the registration could not be kept: {0}")]
    Store(#[from] StoreError),
}

impl RegistrationError {
    /// True when the user must sign in first.
    #[must_use]
    pub fn needs_sign_in(&self) -> bool {
        self.backend().is_some_and(BackendError::needs_sign_in)
    }

    /// True when it may succeed later without anybody doing anything.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            // A backend that is just being restored knows its ids again later.
            Self::GoneAgain(_) => true,
            Self::Backend(error) => error.is_transient(),
            Self::Refused(_) | Self::Store(_) => false,
        }
    }

    /// True when the backend was not reached.
    #[must_use]
    pub fn is_unreachable(&self) -> bool {
        self.backend().is_some_and(BackendError::is_unreachable)
    }

    /// What the backend's client said, if the trouble is there: for `retry_after`.
    #[must_use]
    pub fn backend(&self) -> Option<&BackendError> {
        match self {
            Self::Backend(error) | Self::GoneAgain(error) => Some(error),
            Self::Refused(_) | Self::Store(_) => None,
        }
    }
}
