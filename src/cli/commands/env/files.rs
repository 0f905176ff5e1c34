//! The files that `env` names: for every program of the user, and never half written.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

use crate::cli::exit::Failure;

/// Writes the file, unless it says this already. Others may read it, as there is no secret in it.
pub(super) fn replace(path: &Path, content: &[u8]) -> Result<(), Failure> {
    if fs::read(path).is_ok_and(|present| present == content) {
        return Ok(());
    }
    write(path, content).map_err(|error| {
        Failure::failed(format!(
            "{} cannot be written: {error}; choose another folder with --home",
            path.display()
        ))
    })
}

fn write(path: &Path, content: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644));
    let mut new = builder.prefix(".new-").tempfile_in(folder)?;
    new.write_all(content)?;
    new.as_file().sync_all()?;
    new.persist(path).map_err(|error| error.error)?;
    Ok(())
}
