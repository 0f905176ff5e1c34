//! The thin binary: the command line lives in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    handset::cli::main()
}
