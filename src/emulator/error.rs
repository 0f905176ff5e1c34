//! Why the embedded services could not be started or asked.

use std::io;
use std::net::SocketAddr;

use crate::model::Invalid;
use crate::store::StoreError;

use super::backend::UsersError;

/// The embedded services could not be started or asked.
#[derive(Debug, thiserror::Error)]
pub enum EmulatorError {
    /// Another program listens there.
    #[error("{address} is taken by another program, perhaps another `handset serve`: stop that one, or {}", .door.remedy())]
    AddressTaken {
        /// The address that was asked for.
        address: SocketAddr,
        /// What was to listen there.
        door: Door,
    },
    /// The address cannot be bound for another reason.
    #[error("cannot listen on {address}: {cause}; {}", .door.remedy())]
    Bind {
        /// The address that was asked for.
        address: SocketAddr,
        /// What was to listen there.
        door: Door,
        /// What the system said.
        cause: io::Error,
    },
    /// The data folder cannot be made or used.
    #[error(
        "cannot use the data folder {path}: {cause}; choose another with --data, or use --ephemeral"
    )]
    Data {
        /// The folder.
        path: String,
        /// What the system said.
        cause: io::Error,
    },
    /// The database cannot be opened or used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The users file cannot be read.
    #[error(transparent)]
    Users(#[from] UsersError),
    /// An option is unusable.
    #[error(transparent)]
    Option(#[from] Invalid),
    /// The certificates for HTTPS could not be made.
    #[error(
        "the certificates for HTTPS could not be made: {cause}; start with --https off --proxy off to do without"
    )]
    Certificates {
        /// What the library said.
        cause: String,
    },
    /// The hub's HTTP client could not be made.
    #[error("the hub's HTTP client could not be made: {cause}; check the system's certificates")]
    Client {
        /// What the library said.
        cause: String,
    },
}

/// One of the listeners.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// HTTP.
    Http,
    /// HTTPS.
    Https,
    /// The CONNECT proxy.
    Proxy,
}

impl Door {
    /// What to do about an address that cannot be had.
    fn remedy(self) -> &'static str {
        match self {
            Self::Http => {
                "choose another address with --http (port 0 takes a free one, for HTTPS and the proxy too)"
            }
            Self::Https => {
                "choose another address for HTTPS with --https (port 0 takes a free one), or do without with --https off"
            }
            Self::Proxy => {
                "choose another address for the proxy with --proxy (port 0 takes a free one), or do without with --proxy off"
            }
        }
    }
}

impl EmulatorError {
    /// True when the same call may go through later.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::AddressTaken { .. } => true,
            Self::Store(error) => error.is_transient(),
            Self::Bind { .. }
            | Self::Data { .. }
            | Self::Users(_)
            | Self::Option(_)
            | Self::Certificates { .. }
            | Self::Client { .. } => false,
        }
    }
}
