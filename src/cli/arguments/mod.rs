//! The tree of arguments.

mod account;
mod administration;
mod care;
mod network;
mod phone;
mod services;
mod tasks;
mod toasts;
mod trials;
mod values;

pub(in crate::cli) use account::{Login, Logout, Register, Unregister};
pub(in crate::cli) use administration::{
    Partner, PartnerWish, PushConfig, PushConfigWish, SetSwitches,
};
pub(in crate::cli) use care::{BackendProfile, Completions, Doctor, Manifest, Status};
pub(in crate::cli) use phone::{Condition, ConditionWish, Run, Send};
pub(in crate::cli) use services::{Demo, Env, Errors, Serve};
pub(in crate::cli) use tasks::{Tasks, TasksWish};
pub(in crate::cli) use toasts::{BadgeWish, Clear, Dismiss, Tap, Toasts};
pub(in crate::cli) use trials::{Test, TestPartner, TestPush, TestWish};
pub(in crate::cli) use values::ListenAt;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::model::DeviceName;

/// A phone for your desktop: a simulated mobile device, and the push services around it.
#[derive(Debug, Parser)]
#[command(name = "handset", version, after_help = AFTER)]
pub(in crate::cli) struct Arguments {
    #[command(flatten)]
    pub(in crate::cli) global: Global,
    #[command(subcommand)]
    pub(in crate::cli) command: Command,
}

const AFTER: &str = "\
Examples:
  handset demo                                  everything at once, on this machine
  handset serve                                 the embedded services
  handset login --backend http://127.0.0.1:8480 --user alice
  handset run                                   the phone is on
  handset send \"Your code is 4711\"              a secure push, from another terminal

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 timed out, 4 sign-in needed, 5 backend, its hub,
push service or a `serve` unreachable, 6 no keyring, 130 interrupted.";

/// Options of every command.
#[derive(Debug, Args)]
pub(in crate::cli) struct Global {
    /// The phone's name, where there are several [default: phone; also HANDSET_DEVICE]
    #[arg(
        long,
        global = true,
        value_name = "NAME",
        help_heading = "Global options"
    )]
    pub(in crate::cli) device: Option<DeviceName>,
    /// Where all state is kept [default: the user's state folder; also HANDSET_HOME]
    #[arg(
        long,
        global = true,
        value_name = "DIR",
        help_heading = "Global options"
    )]
    pub(in crate::cli) home: Option<PathBuf>,
    /// Print events and results as NDJSON on standard output; people's text goes to standard error
    #[arg(long, global = true, help_heading = "Global options")]
    pub(in crate::cli) json: bool,
    /// Log more to standard error; repeat for still more
    #[arg(short, long, global = true, action = clap::ArgAction::Count, help_heading = "Global options")]
    pub(in crate::cli) verbose: u8,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Command {
    Demo(Demo),
    Serve(Serve),
    Env(Env),
    Errors(Errors),
    PushConfig(PushConfig),
    Partner(Partner),
    Test(Test),
    Login(Login),
    Logout(Logout),
    Register(Register),
    Unregister(Unregister),
    Run(Run),
    Send(Send),
    Condition(Condition),
    Toasts(Toasts),
    Tap(Tap),
    Dismiss(Dismiss),
    Clear(Clear),
    Badge(BadgeWish),
    Tasks(Tasks),
    Status(Status),
    Doctor(Doctor),
    Manifest(Manifest),
    BackendProfile(BackendProfile),
    Completions(Completions),
}
