//! Who the phone is: sign-in and registration.

use std::path::PathBuf;

use clap::Args;

use super::network::Network;
use super::values::{Auth, VaultName};
use crate::model::{BackendOrigin, Platform, Tag, UserName};

/// Sign in: the token goes into the OS keyring
///
/// The password is asked for, or read from standard input. Whoever was signed in before is signed
/// out first. The phone registers with the backend as soon as it is on: see `handset run`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  handset login --backend http://127.0.0.1:8480 --user alice
  echo alice | handset login --backend http://127.0.0.1:8480 --user alice --password-stdin
  get-token | handset login --backend https://backend.example --user alice --token-stdin
  handset login --backend http://127.0.0.1:8480 --user alice --vault file
  handset login --backend https://backend.example --backend-profile mine.toml --user alice")]
pub(in crate::cli) struct Login {
    /// The app backend [default: the one of the last sign-in]
    #[arg(long, value_name = "URL")]
    pub(in crate::cli) backend: Option<BackendOrigin>,
    /// How that backend is spoken to: embedded, tutorial, aspnetcore, or a file of your own
    /// (remembered, as a copy; see `handset backend-profile`; also HANDSET_BACKEND_PROFILE)
    #[arg(long, value_name = "NAME|FILE")]
    pub(in crate::cli) backend_profile: Option<PathBuf>,
    /// The user [default: the one of the last sign-in]
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) user: Option<UserName>,
    /// Read the password from the first line of standard input
    #[arg(long, conflicts_with = "token_stdin")]
    pub(in crate::cli) password_stdin: bool,
    /// Read a bearer token of your own identity provider from standard input
    #[arg(long)]
    pub(in crate::cli) token_stdin: bool,
    /// Send the password each time (basic), or trade it for a token that expires (bearer) [default:
    /// as the backend profile says, basic without one]
    #[arg(long, value_enum, conflicts_with = "token_stdin")]
    pub(in crate::cli) auth: Option<Auth>,
    /// Where the token lives: the OS keyring, or a private file (remembered; also HANDSET_VAULT)
    #[arg(long, value_enum, value_name = "WHERE")]
    pub(in crate::cli) vault: Option<VaultName>,
    #[command(flatten)]
    pub(in crate::cli) network: Network,
}

/// Sign out: the registration is removed, and the token taken out of the keyring
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  handset logout")]
pub(in crate::cli) struct Logout {}

/// Register the phone's handle and tags with the app backend
///
/// Beside a running phone it changes that one's registration. The tags replace all earlier ones;
/// without --tag these stay. The user's own tag is added by the backend and cannot be given.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  handset register --tag news --tag sports
  handset register --no-tags
  handset register --platform apns
  handset register --platform webpush --push wss://push.example")]
pub(in crate::cli) struct Register {
    /// The platform the phone is: wns, apns, fcm or webpush [default: the one it is, wns at first]
    #[arg(long, value_name = "PLATFORM")]
    pub(in crate::cli) platform: Option<Platform>,
    /// A tag; repeat for more
    #[arg(long = "tag", value_name = "TAG")]
    pub(in crate::cli) tags: Vec<Tag>,
    /// Register without any tag of its own
    #[arg(long, conflicts_with = "tags")]
    pub(in crate::cli) no_tags: bool,
    /// Where the phone opens its push channel
    #[arg(long, value_name = "URL")]
    pub(in crate::cli) push: Option<String>,
    /// The VAPID public key that Web Push senders must prove
    #[arg(long, value_name = "KEY")]
    pub(in crate::cli) vapid_key: Option<String>,
}

/// Remove the registration at the app backend; `register` renews it
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  handset unregister")]
pub(in crate::cli) struct Unregister {}
