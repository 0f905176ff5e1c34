//! Looking after a phone.

use clap::Args;

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
