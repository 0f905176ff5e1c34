//! What can go wrong with a session.

use crate::backend::BackendError;
use crate::model::Invalid;
use crate::vault::VaultError;

/// Why a session could not do what it was asked. No text holds a token or a password.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// The vault could not keep, read or delete the token.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The vault's entry is there and cannot be read.
    #[error("the stored sign-in of {key} is damaged: {problem}; sign in again to replace it")]
    Damaged {
        /// Whose entry it is.
        key: String,
        /// What is wrong with it, without its content.
        problem: &'static str,
    },
    /// The user name, password or token is refused by the backend.
    #[error(
        "{user} could not sign in: the backend answered {status}; check the user name and the password or token"
    )]
    Refused {
        /// Who tried.
        user: String,
        /// What the backend answered.
        status: u16,
    },
    /// The password or token cannot be sent at all.
    #[error("the sign-in was not sent: {0}")]
    Unusable(#[from] Invalid),
    /// The backend gave out a token that no header can carry.
    #[error("the backend gave out an unusable token: the {0}; look at the backend")]
    BadToken(#[source] Invalid),
    /// The backend could not be asked, or did not understand.
    #[error("the sign-in failed: {0}")]
    Backend(BackendError),
    /// The session belongs to another backend than the client: its token would go astray.
    #[error("the session is for {session}, not for {client}: sign in at {client} first")]
    OtherBackend {
        /// Where the token belongs.
        session: String,
        /// Where it would have gone.
        client: String,
    },
}

impl SessionError {
    /// True when only the user can help, by signing in (again).
    #[must_use]
    pub fn needs_sign_in(&self) -> bool {
        match self {
            Self::Damaged { .. } | Self::Refused { .. } | Self::OtherBackend { .. } => true,
            Self::Backend(error) => error.needs_sign_in(),
            Self::Vault(VaultError::Damaged | VaultError::Ambiguous { .. }) => true,
            Self::Vault(_) | Self::Unusable(_) | Self::BadToken(_) => false,
        }
    }

    /// True when it may succeed later without anybody signing in.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Vault(error) => error.is_transient(),
            Self::Backend(error) => error.is_transient(),
            Self::Damaged { .. }
            | Self::Refused { .. }
            | Self::Unusable(_)
            | Self::BadToken(_)
            | Self::OtherBackend { .. } => false,
        }
    }

    /// True when the backend was not reached: exit code 5.
    #[must_use]
    pub fn is_unreachable(&self) -> bool {
        matches!(self, Self::Backend(error) if error.is_unreachable())
    }

    /// True when there is no usable keyring: exit code 6.
    #[must_use]
    pub fn is_vault_unavailable(&self) -> bool {
        matches!(self, Self::Vault(error) if error.is_unavailable())
    }
}
