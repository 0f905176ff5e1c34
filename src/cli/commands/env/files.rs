//! The files that `env` names: for every program of the user, and never half written.

use std::fs;
use std::path::Path;

use crate::cli::exit::Failure;
use crate::cli::serve_file;

/// Writes the file, unless it says this already. Others may read it, as there is no secret in it.
pub(super) fn replace(path: &Path, content: &[u8]) -> Result<(), Failure> {
    if says(path, content) {
        return Ok(());
    }
    serve_file::replace(path, content)
}

fn says(path: &Path, content: &[u8]) -> bool {
    // What is no plain file might never end.
    let facts = fs::metadata(path);
    facts.is_ok_and(|facts| facts.is_file() && facts.len() == content.len() as u64)
        && fs::read(path).is_ok_and(|present| present == content)
}
