//! The command line: the tree of arguments, one file per command. The only room that owns stdout
//! and stderr, and the only one that knows exit codes.

mod administer;
mod arguments;
mod columns;
mod commands;
mod exit;
mod file_handles;
mod narrator;
mod output;
mod reach;
mod secrets;
mod serve_file;
mod signals;
mod toasters;

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser as _;

use crate::settings::{Environment, Flags, Settings};
use crate::telemetry::{LogOptions, init_logging};
use arguments::{Arguments, Command};
use exit::{Exit, Failure};
use output::Output;
use signals::Signals;

/// How long threads that hang in a system call may hold up the end of the program, and a reader
/// that stopped the end of one that was told to end.
const LAST_WAIT: Duration = Duration::from_millis(500);

/// Runs the command line of this process.
#[must_use]
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let environment = Environment::of_process();
    init_logging(LogOptions {
        verbosity: arguments.global.verbose,
        plain: environment.no_color(),
    });
    let output = Output::new(arguments.global.json, &environment);
    let exit = match carry_out(arguments, &environment, &output) {
        Ok(exit) => exit,
        Err(failure) => {
            output.failure(&failure);
            failure.exit
        }
    };
    output.finish(LAST_WAIT);
    exit.into()
}

fn carry_out(
    arguments: Arguments,
    environment: &Environment,
    output: &Output,
) -> Result<Exit, Failure> {
    if let Command::Completions(wish) = &arguments.command {
        return commands::completions::print(wish, output);
    }
    let flags = Flags {
        home: arguments.global.home,
        device: arguments.global.device,
    };
    let settings = Settings::gather(flags, environment)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::failed(format!("no threads could be started: {error}")))?;
    let done = runtime.block_on(async {
        Signals::outlive_file_limits();
        commands::carry_out(arguments.command, settings, output.clone()).await
    });
    // A keyring or a name server that hangs does not hold up the end.
    runtime.shutdown_timeout(LAST_WAIT);
    done
}
