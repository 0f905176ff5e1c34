//! Why the rules are not changed.

use crate::emulator::EmulatorError;
use crate::model::{DomainName, HostAddress};
use crate::store::StoreError;
use crate::wire::push_administration::{ConfigurationIdentity, ProviderName};

/// Push administration could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum AdministrationError {
    /// The rules do not let it be.
    #[error(transparent)]
    Refused(#[from] ChangeRefused),
    /// The database could not be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The data folder could not be used.
    #[error(transparent)]
    Folder(#[from] EmulatorError),
}

/// The rules about partners are another hub's: those that are stored here count for nobody.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "this `handset serve` pushes through the hub {0}, which decides which partners may push: where that is another \
     `handset serve`, run this in its home (--home DIR); a hub of Azure's lets everybody push who has its key"
)]
pub struct DecidedElsewhere(
    /// Host and name of the hub.
    pub String,
);

/// Why a change is not made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChangeRefused {
    /// The domain is allowed already.
    #[error(
        "{0} is an allowed domain already: take it off the list first, with `handset partner remove {0}`"
    )]
    AlreadyAllowed(DomainName),
    /// The domain is blocked already.
    #[error(
        "{0} is a blocked domain already: take it off the list first, with `handset partner remove {0}`"
    )]
    AlreadyBlocked(DomainName),
    /// Another provider has this proxy.
    #[error(
        "{proxy} is the proxy of the hosting provider {by} already, and no two have the same: change that one, or name another proxy"
    )]
    ProxyTaken {
        /// The proxy.
        proxy: HostAddress,
        /// Who has it.
        by: ProviderName,
    },
    /// The proxy of a provider stays what it is.
    #[error(
        "the proxy of the hosting provider {provider} is {proxy} and cannot be changed: remove the provider, and make it anew"
    )]
    ProxyFixed {
        /// The provider.
        provider: ProviderName,
        /// Its proxy.
        proxy: HostAddress,
    },
    /// A new provider lacks what it must have.
    #[error(
        "there is no hosting provider {provider} yet: a new one needs --proxy HOST and --enabled on or off"
    )]
    ProviderIncomplete {
        /// The provider.
        provider: ProviderName,
    },
    /// The configuration is not stored.
    #[error("no push configuration {0} is stored: `handset push-config get` lists those that are")]
    NoSuchConfiguration(ConfigurationIdentity),
    /// The name is on no list.
    #[error(
        "{0} is neither a domain nor a hosting provider on a list: `handset partner list` shows them"
    )]
    NoSuchPartner(String),
    /// The domain may push without being on a list.
    #[error(
        "{0} is on no list, the quick-start profile allows it: keep it out with `handset partner block {0}`, or start with `handset serve --strict`"
    )]
    AllowedByProfile(DomainName),
    /// The name is on two lists.
    #[error(
        "{0} is a domain and a hosting provider: say which with --list domains or --list providers"
    )]
    Ambiguous(String),
    /// Another hub's rules count.
    #[error(transparent)]
    Elsewhere(#[from] DecidedElsewhere),
    /// There is no room for more.
    #[error("there are {most} {what} already, which is as many as there may be: remove some")]
    TooMany {
        /// Of what there are so many.
        what: &'static str,
        /// How many there may be.
        most: usize,
    },
}
