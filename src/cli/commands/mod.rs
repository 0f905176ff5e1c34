//! One file per command.

mod backend_profile;
mod badge;
mod clear;
pub(super) mod completions;
mod condition;
mod demo;
mod dismiss;
mod doctor;
mod env;
mod errors;
mod login;
mod logout;
mod manifest;
mod partner;
mod push_config;
mod register;
mod run;
mod send;
mod serve;
mod status;
mod tap;
mod tasks;
mod test;
mod toasts;
mod unregister;

use super::arguments::Command;
use super::exit::{Exit, Failure};
use super::output::Output;
use crate::settings::Settings;

/// Carries out a command.
pub(super) async fn carry_out(
    command: Command,
    settings: Settings,
    output: Output,
) -> Result<Exit, Failure> {
    match command {
        Command::Demo(wish) => demo::run(wish, &output).await,
        Command::Serve(wish) => serve::run(wish, &settings, &output).await,
        Command::Env(wish) => env::run(&wish, &settings, &output).await,
        Command::Errors(wish) => errors::run(&wish, &settings, &output).await,
        Command::PushConfig(wish) => push_config::run(wish, &settings, &output).await,
        Command::Partner(wish) => partner::run(wish, &settings, &output).await,
        Command::Test(wish) => test::run(wish, &settings, &output).await,
        Command::Login(wish) => login::run(wish, &settings, &output).await,
        Command::Logout(_) => logout::run(&settings, &output).await,
        Command::Register(wish) => register::run(wish, &settings, &output).await,
        Command::Unregister(_) => unregister::run(&settings, &output).await,
        Command::Run(wish) => run::run(wish, settings, &output).await,
        Command::Send(wish) => send::run(wish, &settings, &output).await,
        Command::Condition(wish) => condition::run(wish, &settings, &output).await,
        Command::Toasts(_) => toasts::run(&settings, &output).await,
        Command::Tap(wish) => tap::run(wish, &settings, &output).await,
        Command::Dismiss(wish) => dismiss::run(&wish, &settings, &output).await,
        Command::Clear(_) => clear::run(&settings, &output).await,
        Command::Badge(wish) => badge::run(&wish, &settings, &output).await,
        Command::Tasks(wish) => tasks::run(wish, &settings, &output).await,
        Command::Status(_) => status::run(&settings, &output).await,
        Command::Doctor(wish) => doctor::run(wish, &settings, &output).await,
        Command::Manifest(_) => manifest::print(&output),
        Command::BackendProfile(wish) => backend_profile::print(&wish, &output),
        Command::Completions(wish) => completions::print(&wish, &output),
    }
}
