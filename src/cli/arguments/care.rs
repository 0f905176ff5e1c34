//! Looking after a phone.

use clap::Args;
use clap::builder::PossibleValuesParser;

use crate::backend;
use crate::model::BackendOrigin;

/// Show the phone's state: sign-in, channel, registration, conditions, badge, inbox
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  handset status\n  handset status --json")]
pub(in crate::cli) struct Status {}

/// Check keyring, notifications, backend, push channel, clock and environment, and say what to do
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  handset doctor\n  handset doctor --backend http://127.0.0.1:8480"
)]
pub(in crate::cli) struct Doctor {
    /// The app backend to check [default: the one of the last login]
    #[arg(long, value_name = "URL")]
    pub(in crate::cli) backend: Option<BackendOrigin>,
    /// The push service to check [default: the phone's]
    #[arg(long, value_name = "URL")]
    pub(in crate::cli) push: Option<String>,
}

/// Print the built-in manifest of the app, to be changed and used with `run --manifest`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  handset manifest > manifest.toml
  handset run --manifest manifest.toml")]
pub(in crate::cli) struct Manifest {}

/// Print a built-in backend profile, to be changed and used with `login --backend-profile`
///
/// A profile says how an app backend is spoken to: paths, sign-in, property names, statuses. The one
/// of the embedded backend is explained line by line.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  handset backend-profile > mine.toml
  handset backend-profile tutorial
  handset login --backend https://backend.example --backend-profile mine.toml --user alice")]
pub(in crate::cli) struct BackendProfile {
    /// Which one
    #[arg(value_name = "NAME", default_value = "embedded", value_parser = built_in_profile())]
    pub(in crate::cli) name: String,
}

fn built_in_profile() -> PossibleValuesParser {
    backend::BackendProfile::built_in_names().into()
}

/// Print completions for a shell
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  handset completions bash > ~/.local/share/bash-completion/completions/handset
  handset completions fish > ~/.config/fish/completions/handset.fish")]
pub(in crate::cli) struct Completions {
    /// The shell
    #[arg(value_enum)]
    pub(in crate::cli) shell: clap_complete::Shell,
}
