//! `handset test`: the way to a partner, or of a push, tried.

mod partner;
mod place;
mod push;
mod report;
mod trouble;

use crate::cli::arguments::{Test, TestWish};
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Output;
use crate::settings::Settings;

pub(super) async fn run(wish: Test, settings: &Settings, output: &Output) -> Result<Exit, Failure> {
    match wish.wish {
        TestWish::Partner(wish) => partner::run(&wish, settings, output).await,
        TestWish::Push(wish) => push::run(wish, settings, output).await,
    }
}
