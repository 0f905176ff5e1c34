//! What can go wrong with a device.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::folder::FolderError;
use crate::backend::BackendError;
use crate::channel::ChannelError;
use crate::model::Invalid;
use crate::registration::RegistrationError;
use crate::session::SessionError;
use crate::store::StoreError;

/// A device could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum DeviceError {
    /// Its folder could not be used.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// Its database could not be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It could not sign in or out, or read its token.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// The backend refused, or could not be reached.
    #[error(transparent)]
    Backend(#[from] BackendError),
    /// The handle could not be registered.
    #[error(transparent)]
    Registration(#[from] RegistrationError),
    /// A value is unusable.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// Nobody was ever signed in.
    #[error(
        "nobody is signed in on {device}: sign in with `handset login --backend URL --user NAME`"
    )]
    SignInNeeded {
        /// The device.
        device: String,
    },
    /// The phone has no network.
    #[error("the phone is offline: `handset condition set network=online` connects it")]
    Offline,
    /// The action centre has no such toast.
    #[error("there is no toast {id} in the action centre: `handset toasts` lists those there are")]
    NoSuchToast {
        /// Its number.
        id: i64,
    },
    /// The backend does not take the registration, and waiting does not change that.
    #[error("the phone could not register: {reason}")]
    NotRegistered {
        /// What kind of trouble it is.
        kind: ErrorKind,
        /// What the backend or the device said.
        reason: String,
    },
    /// The push service did not take the handle back.
    #[error("the push service did not take the handle back: {0}")]
    NotGivenBack(Box<ChannelError>),
    /// Something did not happen in time.
    #[error("{what} within {} s{}", .limit.as_secs_f32(), because(.last))]
    TimedOut {
        /// What did not happen.
        what: &'static str,
        /// How long.
        limit: Duration,
        /// What went wrong last, if anything did.
        last: Option<String>,
    },
}

fn because(last: &Option<String>) -> String {
    last.as_ref()
        .map_or_else(String::new, |last| format!(": {last}"))
}

/// What kind of trouble it is: what a program decides by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorKind {
    /// It did not work.
    Failed,
    /// What was asked makes no sense.
    Usage,
    /// It took too long.
    TimedOut,
    /// The user must sign in first.
    SignInNeeded,
    /// The backend or the push service could not be reached.
    Unreachable,
    /// There is no keyring to keep or find the token in.
    NoKeyring,
}

impl DeviceError {
    /// What kind of trouble it is.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::SignInNeeded { .. } => ErrorKind::SignInNeeded,
            Self::NotRegistered { kind, .. } => *kind,
            Self::Backend(
                BackendError::PlainHttp { .. }
                | BackendError::CaFile { .. }
                | BackendError::Unusable(_),
            )
            | Self::Invalid(_)
            | Self::NoSuchToast { .. } => ErrorKind::Usage,
            Self::Backend(error) => kind_of(error.needs_sign_in(), error.is_unreachable(), false),
            Self::Registration(error) => {
                kind_of(error.needs_sign_in(), error.is_unreachable(), false)
            }
            Self::Session(error) => kind_of(
                error.needs_sign_in(),
                error.is_unreachable(),
                error.is_vault_unavailable(),
            ),
            Self::Offline | Self::NotGivenBack(_) | Self::TimedOut { last: Some(_), .. } => {
                ErrorKind::Unreachable
            }
            Self::TimedOut { last: None, .. } => ErrorKind::TimedOut,
            Self::Folder(_) | Self::Store(_) => ErrorKind::Failed,
        }
    }
}

fn kind_of(sign_in: bool, unreachable: bool, keyring: bool) -> ErrorKind {
    if keyring {
        ErrorKind::NoKeyring
    } else if sign_in {
        ErrorKind::SignInNeeded
    } else if unreachable {
        ErrorKind::Unreachable
    } else {
        ErrorKind::Failed
    }
}
