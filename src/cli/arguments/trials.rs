//! Trying the way to a partner, or of a push.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};

use super::administration::Data;
use super::network::Network;
use super::values::duration;
use crate::model::{BackendOrigin, DomainName, HostAddress, Platform, UserName};

/// Test the way to a partner, or of a push
///
/// Each prints what was checked as Target, Result, Latency, Error and Diagnosis, and ends with exit
/// code 0 if all is well, else 1.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  handset test partner
  handset test partner --target edge.contoso.example:443 --domain contoso.example
  handset test push
  handset test push --backend https://backend.example --user alice --password-stdin --json

They do what Lync Server's Test-CsFederatedPartner and Test-CsMcxPushNotification do; `test
push` says moreover whether the push arrived at a device.")]
pub(in crate::cli) struct Test {
    #[command(subcommand)]
    pub(in crate::cli) wish: TestWish,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum TestWish {
    Partner(TestPartner),
    Push(TestPush),
}

/// Check name, reachability, TLS, trust and permission of a partner
///
/// Trust is checked with the system's authorities, and for the running `serve` with the one of this
/// home.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  handset test partner
  handset test partner --domain contoso.example
  handset test partner --target edge.contoso.example:443 --domain contoso.example \\
    --proxy edge.fabrikam.example:443 --json")]
pub(in crate::cli) struct TestPartner {
    /// What is reached, at port 443 where none is given [default: HTTPS of the running `serve`]
    #[arg(long, value_name = "HOST:PORT")]
    pub(in crate::cli) target: Option<HostAddress>,
    /// The domain that may push, or not [default: the one the running `serve` speaks for; without one,
    /// none is asked about]
    #[arg(long, value_name = "DOMAIN")]
    pub(in crate::cli) domain: Option<DomainName>,
    /// The partner's proxy, which must be there too, at port 443 where none is given
    #[arg(long, value_name = "HOST:PORT")]
    pub(in crate::cli) proxy: Option<HostAddress>,
    /// A PEM file of authorities that are trusted, too
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) ca: Option<PathBuf>,
    /// How long each check may take
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = duration)]
    pub(in crate::cli) timeout: Duration,
    #[command(flatten)]
    pub(in crate::cli) data: Data,
}

/// Send a push the whole way to a probe device, and say where it ended
///
/// The probe is a phone in this process, in a temporary home, with its token in memory: it signs in,
/// opens a channel, registers, and asks the backend for a secure push to its own user. What it
/// registered is removed again; other devices of that user get the push, too. The authority of the
/// running `serve` is trusted without being named. The probe draws its toast in memory: whether this
/// desktop shows any is what `handset doctor` looks at.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  handset test push
  handset test push --platform apns --json
  echo 's3cret' | handset test push --backend https://backend.example --user alice --password-stdin")]
pub(in crate::cli) struct TestPush {
    /// The app backend [default: the running `serve` of this home]
    #[arg(long, value_name = "URL")]
    pub(in crate::cli) backend: Option<BackendOrigin>,
    /// How that backend is spoken to: embedded, tutorial, aspnetcore, or a file of your own
    /// (see `handset backend-profile`; also HANDSET_BACKEND_PROFILE) [default: embedded]
    #[arg(long, value_name = "NAME|FILE")]
    pub(in crate::cli) backend_profile: Option<PathBuf>,
    /// Who signs in, and gets the push; the password is the name unless it is read
    #[arg(long, value_name = "NAME", default_value = "handset-probe")]
    pub(in crate::cli) user: UserName,
    /// Read that user's password from standard input
    #[arg(long)]
    pub(in crate::cli) password_stdin: bool,
    /// The platform of the probe: wns, apns, fcm or webpush
    #[arg(long, value_name = "PLATFORM", default_value = "wns")]
    pub(in crate::cli) platform: Platform,
    #[command(flatten)]
    pub(in crate::cli) network: Network,
    /// How long all of it may take
    #[arg(long, value_name = "TIME", default_value = "20s", value_parser = duration)]
    pub(in crate::cli) timeout: Duration,
}
