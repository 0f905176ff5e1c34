//! `handset completions`

use clap::CommandFactory as _;

use crate::cli::arguments::{Arguments, Completions};
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Output;

pub(in crate::cli) fn print(wish: &Completions, output: &Output) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(
        wish.shell,
        &mut Arguments::command(),
        "handset",
        &mut script,
    );
    let script = String::from_utf8(script).map_err(|_| {
        Failure::failed("the completions are not text, which is a fault of handset")
    })?;
    output.line(script.trim_end().to_owned());
    Ok(Exit::Done)
}
