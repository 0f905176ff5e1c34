//! `handset manifest`

use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Output;

/// The manifest that is built in, as a file.
const MANIFEST: &str = include_str!("../../../assets/manifest.toml");

pub(super) fn print(output: &Output) -> Result<Exit, Failure> {
    output.line(MANIFEST.trim_end().to_owned());
    Ok(Exit::Done)
}
