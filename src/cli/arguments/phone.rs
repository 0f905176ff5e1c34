//! The phone in use: switched on, sent to, looked at.

use clap::{Args, Subcommand};

use std::path::PathBuf;
use std::time::Duration;

use super::values::{PriorityName, Toast, background_access, duration};
use crate::model::{self, BackendOrigin, BackgroundAccess, Platform, UserName};

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
  handset run --no-backend --push wss://push.example
  handset manifest > manifest.toml && handset run --manifest manifest.toml
  handset run --background-access denied_by_user")]
pub(in crate::cli) struct Run {
    /// Where toasts are drawn [default: the desktop where a daemon answers, else the terminal]
    #[arg(long, value_enum, value_name = "WHERE")]
    pub(in crate::cli) toast: Option<Toast>,
    /// Sign in first, with the token kept in memory alone
    #[arg(
        long,
        value_name = "NAME",
        requires = "password_stdin",
        conflicts_with = "no_backend"
    )]
    pub(in crate::cli) user: Option<UserName>,
    /// Read that user's password from standard input
    #[arg(long, requires = "user")]
    pub(in crate::cli) password_stdin: bool,
    /// The app backend to sign in to [default: the one of the last login]
    #[arg(long, value_name = "URL", requires = "user")]
    pub(in crate::cli) backend: Option<BackendOrigin>,
    /// How that backend is spoken to: a built-in profile or a file, as for `login`
    #[arg(long, value_name = "NAME|FILE", requires = "user")]
    pub(in crate::cli) backend_profile: Option<PathBuf>,
    /// Where the phone opens its push channel (remembered)
    #[arg(long, value_name = "URL")]
    pub(in crate::cli) push: Option<String>,
    /// Without sign-in: get a handle, and show visible pushes
    #[arg(long)]
    pub(in crate::cli) no_backend: bool,
    /// The app's manifest: name, icon, what it may do [default: built in; see `handset manifest`]
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) manifest: Option<PathBuf>,
    /// How long a background task may run, such as 5s [default: 30s, on fcm 20s]
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(in crate::cli) task_budget: Option<Duration>,
    /// What the app is answered when it asks for background access (remembered, as a condition)
    #[arg(long, value_name = "ACCESS", value_parser = background_access)]
    pub(in crate::cli) background_access: Option<BackgroundAccess>,
}

/// Ask the app backend for a secure push
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  handset send \"Your code is 4711\"
  handset send --to bob \"Meeting at 3\"
  handset send --priority normal \"No hurry\"
  id=$(handset send --no-push \"Your code is 4711\")   # push {\"secureId\": id} with your own SDK")]
pub(in crate::cli) struct Send {
    /// The secret text [default: a text of the backend's own]
    #[arg(value_name = "TEXT")]
    pub(in crate::cli) text: Option<String>,
    /// The user it is for [default: who is signed in]
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) to: Option<UserName>,
    /// High wakes a phone that sleeps, normal may wait [default: high]
    #[arg(long, value_enum, value_name = "PRIORITY")]
    pub(in crate::cli) priority: Option<PriorityName>,
    /// Only store the payload and print its id, to be pushed with an SDK of your own
    #[arg(long, conflicts_with = "priority")]
    pub(in crate::cli) no_push: bool,
}

/// Show or change the phone's conditions: network, screen, battery, where the app is
///
/// Each decides what becomes of a push as on the phone's platform. They stay as they are set, also
/// while the phone is off.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  handset condition
  handset condition set network=offline
  handset condition set screen=locked battery_saver=on app=force_quit
  handset condition set background_access=denied_by_user
  handset condition reset
  handset condition table

Conditions:
  network=online|metered|offline     offline closes the push channel
  screen=unlocked|locked
  battery_saver=off|on               energy saver, Low Power Mode, Battery Saver
  doze=off|on                        Android: normal priority waits, high wakes
  dnd=off|on                         do not disturb: straight to the action centre
  quiet_hours=off|on                 Windows 8.1: background tasks wait
  throttle=on|off                    iOS: three silent pushes an hour
  app=background|foreground|not_running|force_quit
  background_access=allowed_subject_to_system_policy|always_allowed|denied_by_user|…")]
pub(in crate::cli) struct Condition {
    #[command(subcommand)]
    pub(in crate::cli) wish: Option<ConditionWish>,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum ConditionWish {
    /// Change conditions
    Set {
        /// A condition and its state
        #[arg(value_name = "NAME=STATE", required = true)]
        conditions: Vec<model::Condition>,
    },
    /// Show them
    Get,
    /// Set every condition to its usual state
    Reset,
    /// Try every condition on every platform, and print what became of the pushes
    ///
    /// It needs no phone: it starts services and phones of its own, and takes them away again.
    #[command(after_help = "\
Examples:
  handset condition table
  handset condition table --platform apns
  handset condition table --platform wns --platform fcm --json")]
    Table {
        /// This platform alone; repeat for more [default: all four]
        #[arg(long = "platform", value_name = "PLATFORM")]
        platforms: Vec<Platform>,
    },
}
