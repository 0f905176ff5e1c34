//! Why a hub did not do what was asked of it.

use crate::emulator::administration::PartnerRefused;
use crate::model::Invalid;
use crate::store::StoreError;

/// A hub did not do what was asked of it.
#[derive(Debug, thiserror::Error)]
pub(in crate::emulator) enum HubError {
    /// What is asked for is malformed, or more than the hub takes.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// There is no such registration, installation or message.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// It was changed by somebody else since (`If-Match`).
    #[error("it was changed since: read it again")]
    Changed,
    /// The hub is full.
    #[error("the hub takes no more {0}")]
    Full(&'static str),
    /// So many test sends are taken in a minute, and no more.
    #[error("ten test sends a minute are the most: try again in {seconds} s")]
    TooOften {
        /// When one more is taken.
        seconds: u64,
    },
    /// The sender's domain is not an allowed partner.
    #[error(transparent)]
    Partner(#[from] PartnerRefused),
    /// A hub elsewhere could not be reached, or did not take it.
    #[error("the hub {hub} {problem}")]
    Remote {
        /// Its host.
        hub: String,
        /// What happened, with the remedy.
        problem: String,
        /// The same call may go through later.
        transient: bool,
        /// It may have been carried out all the same: no answer came, or one that leaves it open.
        in_doubt: bool,
    },
    /// A hub elsewhere does not let this sender, or this backend, push.
    #[error("the hub {hub} refuses it: {reason}")]
    Refused {
        /// Its host.
        hub: String,
        /// What it says.
        reason: String,
    },
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl HubError {
    /// True when what was asked for may have been carried out all the same, such as a send to a hub
    /// elsewhere that broke off. All other errors come before anything is sent.
    pub(in crate::emulator) fn is_in_doubt(&self) -> bool {
        matches!(self, Self::Remote { in_doubt: true, .. })
    }
}
