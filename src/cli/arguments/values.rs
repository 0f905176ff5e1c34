//! The values that options take.

use std::net::SocketAddr;
use std::time::Duration;

use clap::ValueEnum;
use clap::builder::{RangedI64ValueParser, RangedU64ValueParser, TypedValueParser};
use secrecy::SecretString;

use crate::background::TaskHistory;
use crate::device::VaultChoice;
use crate::emulator::Role;
use crate::model::{AuthScheme, BackgroundAccess, Conditions};
use crate::settings::ToastChoice;
use crate::wire::app_backend::SendPriority;

/// Where toasts are drawn.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(in crate::cli) enum Toast {
    Desktop,
    Terminal,
    Json,
    None,
}

impl From<Toast> for ToastChoice {
    fn from(toast: Toast) -> Self {
        match toast {
            Toast::Desktop => Self::Desktop,
            Toast::Terminal => Self::Terminal,
            Toast::Json => Self::Json,
            Toast::None => Self::None,
        }
    }
}

/// Where to listen, if at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) enum ListenAt {
    Address(SocketAddr),
    Off,
}

impl ListenAt {
    /// The address, if there is to be a listener.
    pub(in crate::cli) fn address(self) -> Option<SocketAddr> {
        match self {
            Self::Address(address) => Some(address),
            Self::Off => None,
        }
    }
}

/// Reads an address with its port, or `off`.
pub(super) fn listen_at(text: &str) -> Result<ListenAt, String> {
    if text.eq_ignore_ascii_case("off") {
        return Ok(ListenAt::Off);
    }
    let expected = "expected an address with a port, such as 127.0.0.1:8443, or off";
    let address = text.parse().map_err(|_| expected.to_owned())?;
    Ok(ListenAt::Address(address))
}

/// A part of the embedded services.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(in crate::cli) enum RoleName {
    Backend,
    Hub,
    Push,
}

impl From<RoleName> for Role {
    fn from(name: RoleName) -> Self {
        match name {
            RoleName::Backend => Self::Backend,
            RoleName::Hub => Self::Hub,
            RoleName::Push => Self::Push,
        }
    }
}

/// How a password is used.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(in crate::cli) enum Auth {
    Basic,
    Bearer,
}

impl From<Auth> for AuthScheme {
    fn from(auth: Auth) -> Self {
        match auth {
            Auth::Basic => Self::Basic,
            Auth::Bearer => Self::Bearer,
        }
    }
}

/// Where a token lives.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(in crate::cli) enum VaultName {
    Os,
    File,
}

impl From<VaultName> for VaultChoice {
    fn from(name: VaultName) -> Self {
        match name {
            VaultName::Os => Self::Os,
            VaultName::File => Self::File,
        }
    }
}

/// How urgent a push is.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(in crate::cli) enum PriorityName {
    Normal,
    High,
}

impl From<PriorityName> for SendPriority {
    fn from(name: PriorityName) -> Self {
        match name {
            PriorityName::Normal => Self::Normal,
            PriorityName::High => Self::High,
        }
    }
}

/// A value that may be a secret: it shows in no log.
#[expect(
    clippy::unnecessary_wraps,
    reason = "clap's parsers of values may fail"
)]
pub(super) fn secret(text: &str) -> Result<SecretString, std::convert::Infallible> {
    Ok(text.into())
}

/// A time such as `30s`, `15m` or `1h 30m`: more than nothing, at most 30 days.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let span: jiff::SignedDuration = text
        .parse()
        .map_err(|_| "write it like 30s, 15m or 1h".to_owned())?;
    let time = Duration::try_from(span).map_err(|_| "must not be negative".to_owned())?;
    let most = Duration::from_secs(30 * 24 * 3600);
    if time < Duration::from_secs(1) || time > most {
        return Err("must be between 1s and 30 days".to_owned());
    }
    Ok(time)
}

/// An answer to a request for background access, in WinRT's spelling or the command line's.
pub(super) fn background_access(text: &str) -> Result<BackgroundAccess, String> {
    BackgroundAccess::from_name(text).ok_or_else(|| {
        let [.., (_, names)] = Conditions::STATES;
        format!("it is one of {}", names.join(", "))
    })
}

/// A toast's number: they count from 1.
pub(super) fn toast_id() -> RangedI64ValueParser {
    RangedI64ValueParser::new().range(1..)
}

/// An instance's number: they count from 1.
pub(super) fn instance_number() -> RangedU64ValueParser {
    RangedU64ValueParser::new().range(1..)
}

/// How many instances are listed: one at least, all that are remembered at most.
pub(super) fn list_length() -> impl TypedValueParser<Value = usize> {
    RangedU64ValueParser::<usize>::new().range(1..=TaskHistory::MOST)
}
