//! The tree of arguments.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::device::VaultChoice;
use crate::emulator::ServicesOptions;
use crate::model::{AuthScheme, BackendOrigin, DeviceName, Platform, Tag, UserName};
use crate::settings::ToastChoice;

/// A phone for your desktop: a simulated mobile device, and the push services around it.
#[derive(Debug, Parser)]
#[command(name = "handset", version, after_help = AFTER)]
pub(super) struct Arguments {
    #[command(flatten)]
    pub(super) global: Global,
    #[command(subcommand)]
    pub(super) command: Command,
}

const AFTER: &str = "\
Examples:
  handset demo                                  everything at once, on this machine
  handset serve                                 the embedded services
  handset login --backend http://127.0.0.1:8480 --user alice
  handset run                                   the phone is on
  handset send \"Your code is 4711\"              a secure push, from another terminal

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 timed out, 4 sign-in needed, 5 backend or push
service unreachable, 6 no keyring, 130 interrupted.";

/// Options of every command.
#[derive(Debug, Args)]
pub(super) struct Global {
    /// The phone's name, where there are several [default: phone; also HANDSET_DEVICE]
    #[arg(
        long,
        global = true,
        value_name = "NAME",
        help_heading = "Global options"
    )]
    pub(super) device: Option<DeviceName>,
    /// Where all state is kept [default: the user's state folder; also HANDSET_HOME]
    #[arg(
        long,
        global = true,
        value_name = "DIR",
        help_heading = "Global options"
    )]
    pub(super) home: Option<PathBuf>,
    /// Print events and results as NDJSON on standard output; people's text goes to standard error
    #[arg(long, global = true, help_heading = "Global options")]
    pub(super) json: bool,
    /// Log more to standard error; repeat for still more
    #[arg(short, long, global = true, action = clap::ArgAction::Count, help_heading = "Global options")]
    pub(super) verbose: u8,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    Demo(Demo),
    Serve(Serve),
    Env(Env),
    Login(Login),
    Logout(Logout),
    Register(Register),
    Unregister(Unregister),
    Run(Run),
    Send(Send),
    Toasts(Toasts),
    Status(Status),
    Doctor(Doctor),
    Completions(Completions),
}

/// Run everything on this machine: services, a phone, one secure push, one toast
///
/// It lives in a temporary home and takes its entry out of the keyring again. Without a keyring the
/// token stays in memory, without a notification daemon the toast is drawn in the terminal.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  handset demo
  handset demo --user bob --message \"Meeting at 3\"
  handset demo --json | tail -n 1             # prints {…\"event\":\"demo.finished\",\"ok\":true}")]
pub(super) struct Demo {
    /// Who signs in
    #[arg(long, value_name = "NAME", default_value = "alice")]
    pub(super) user: UserName,
    /// The secret text that the toast must show
    #[arg(long, value_name = "TEXT", default_value = "Your code is 4711")]
    pub(super) message: String,
    /// The platform the phone is: wns, webpush, apns or fcm
    #[arg(long, value_name = "PLATFORM", default_value = "wns")]
    pub(super) platform: Platform,
    /// Where the toast is drawn [default: the desktop where a daemon answers, else the terminal]
    #[arg(long, value_enum, value_name = "WHERE")]
    pub(super) toast: Option<Toast>,
}

/// Serve the embedded app backend, notification hub and push services
///
/// It is ready when it prints the table of its URLs (with --json: the event `services.ready`).
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  handset serve
  handset serve --ephemeral --http 127.0.0.1:0 --json
  handset serve --users users.txt --token-ttl 15m

A users file has one `name:hash` a line, the hash in Argon2id's PHC form, as the program argon2
writes it:  echo \"alice:$(printf %s 'secret' | argon2 \"$(openssl rand -hex 8)\" -id -e)\" >> users.txt
Without one, everybody may sign in whose password is the user name.")]
pub(super) struct Serve {
    /// Where to listen; port 0 takes a free one
    #[arg(long, value_name = "ADDR", default_value_t = ServicesOptions::DEFAULT_HTTP)]
    pub(super) http: SocketAddr,
    /// Where payloads, registrations and waiting pushes are kept [default: services in the home]
    #[arg(long, value_name = "DIR", conflicts_with = "ephemeral")]
    pub(super) data: Option<PathBuf>,
    /// Keep everything in memory, gone when it ends
    #[arg(long)]
    pub(super) ephemeral: bool,
    /// Who may sign in: a file of names and Argon2id hashes [default: whose password is the name]
    #[arg(long, value_name = "FILE")]
    pub(super) users: Option<PathBuf>,
    /// How long a bearer token lasts, such as 30s, 15m, 1h
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = duration)]
    pub(super) token_ttl: Duration,
}

/// Print the environment that points programs at a running `serve`
///
/// HANDSET_HTTP is the app backend, HANDSET_PUSH the device socket, HANDSET_WNS_TOKEN_URL where a
/// WNS sender gets its access token.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  eval \"$(handset env)\"
  handset env --json")]
pub(super) struct Env {}

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
  handset login --backend http://127.0.0.1:8480 --user alice --vault file")]
pub(super) struct Login {
    /// The app backend [default: the one of the last sign-in]
    #[arg(long, value_name = "URL")]
    pub(super) backend: Option<BackendOrigin>,
    /// The user [default: the one of the last sign-in]
    #[arg(long, value_name = "NAME")]
    pub(super) user: Option<UserName>,
    /// Read the password from the first line of standard input
    #[arg(long, conflicts_with = "token_stdin")]
    pub(super) password_stdin: bool,
    /// Read a bearer token of your own identity provider from standard input
    #[arg(long)]
    pub(super) token_stdin: bool,
    /// Send the password each time (basic), or trade it for a token that expires (bearer)
    #[arg(long, value_enum, default_value_t = Auth::Basic, conflicts_with = "token_stdin")]
    pub(super) auth: Auth,
    /// Where the token lives: the OS keyring, or a private file (remembered; also HANDSET_VAULT)
    #[arg(long, value_enum, value_name = "WHERE")]
    pub(super) vault: Option<VaultName>,
    /// Where the phone opens its push channel: ws, wss, http or https [default: at the backend]
    #[arg(long, value_name = "URL")]
    pub(super) push: Option<String>,
    /// Certificate authorities to trust besides the system's, PEM
    #[arg(long, value_name = "FILE")]
    pub(super) ca: Option<PathBuf>,
    /// A host that may be spoken to in plain http although it is not this machine
    #[arg(long, value_name = "HOST")]
    pub(super) allow_http: Vec<String>,
}

/// Sign out: the registration is removed, and the token taken out of the keyring
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  handset logout")]
pub(super) struct Logout {}

/// Register the phone's handle and tags with the app backend
///
/// Beside a running phone it changes that one's registration. The tags replace all earlier ones;
/// without --tag these stay. The user's own tag is added by the backend and cannot be given.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  handset register --tag news --tag sports
  handset register --no-tags
  handset register --platform webpush --push wss://push.example")]
pub(super) struct Register {
    /// The platform the phone is: wns, webpush, apns or fcm
    #[arg(long, value_name = "PLATFORM")]
    pub(super) platform: Option<Platform>,
    /// A tag; repeat for more
    #[arg(long = "tag", value_name = "TAG")]
    pub(super) tags: Vec<Tag>,
    /// Register without any tag of its own
    #[arg(long, conflicts_with = "tags")]
    pub(super) no_tags: bool,
    /// Where the phone opens its push channel
    #[arg(long, value_name = "URL")]
    pub(super) push: Option<String>,
    /// The VAPID public key that Web Push senders must prove
    #[arg(long, value_name = "KEY")]
    pub(super) vapid_key: Option<String>,
}

/// Remove the registration at the app backend; `register` renews it
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  handset unregister")]
pub(super) struct Unregister {}

/// Switch the phone on
///
/// It is ready when it says so (with --json: the event `phone.ready`): the push channel is open and
/// the handle registered. It runs until it is interrupted.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  handset run
  handset run --toast terminal
  handset run --json --toast none
  echo bob | handset run --device bobs --backend http://127.0.0.1:8480 --user bob --password-stdin
  handset run --no-backend --push wss://push.example")]
pub(super) struct Run {
    /// Where toasts are drawn [default: the desktop where a daemon answers, else the terminal]
    #[arg(long, value_enum, value_name = "WHERE")]
    pub(super) toast: Option<Toast>,
    /// Sign in first, with the token kept in memory alone
    #[arg(
        long,
        value_name = "NAME",
        requires = "password_stdin",
        conflicts_with = "no_backend"
    )]
    pub(super) user: Option<UserName>,
    /// Read that user's password from standard input
    #[arg(long, requires = "user")]
    pub(super) password_stdin: bool,
    /// The app backend to sign in to [default: the one of the last login]
    #[arg(long, value_name = "URL", requires = "user")]
    pub(super) backend: Option<BackendOrigin>,
    /// Where the phone opens its push channel (remembered)
    #[arg(long, value_name = "URL")]
    pub(super) push: Option<String>,
    /// Without sign-in: get a handle, and show visible pushes
    #[arg(long)]
    pub(super) no_backend: bool,
}

/// Ask the app backend for a secure push
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  handset send \"Your code is 4711\"
  handset send --to bob \"Meeting at 3\"")]
pub(super) struct Send {
    /// The secret text [default: a text of the backend's own]
    #[arg(value_name = "TEXT")]
    pub(super) text: Option<String>,
    /// The user it is for [default: who is signed in]
    #[arg(long, value_name = "NAME")]
    pub(super) to: Option<UserName>,
}

/// List the toasts in the action centre, newest first
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  handset toasts\n  handset toasts --json")]
pub(super) struct Toasts {}

/// Show the phone's state: sign-in, token, channel, handle, registration, inbox
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  handset status\n  handset status --json")]
pub(super) struct Status {}

/// Check keyring, notifications, backend, push channel and clock, and say what to do
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  handset doctor\n  handset doctor --backend http://127.0.0.1:8480"
)]
pub(super) struct Doctor {
    /// The app backend to check [default: the one of the last login]
    #[arg(long, value_name = "URL")]
    pub(super) backend: Option<BackendOrigin>,
    /// The push service to check [default: the phone's]
    #[arg(long, value_name = "URL")]
    pub(super) push: Option<String>,
}

/// Print completions for a shell
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  handset completions bash > ~/.local/share/bash-completion/completions/handset
  handset completions fish > ~/.config/fish/completions/handset.fish")]
pub(super) struct Completions {
    /// The shell
    #[arg(value_enum)]
    pub(super) shell: clap_complete::Shell,
}

/// Where toasts are drawn.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum Toast {
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

/// How a password is used.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum Auth {
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
pub(super) enum VaultName {
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

/// A time such as `30s`, `15m` or `1h 30m`: more than nothing, at most 30 days.
fn duration(text: &str) -> Result<Duration, String> {
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
