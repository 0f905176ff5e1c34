//! The file a running `serve` writes, so that other commands find it.
//!
//! One `serve` at a time owns what is written for senders in a home: a second one would lead the
//! first one's senders to itself, and leave them with an authority that nobody serves any more.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::exit::Failure;

/// The largest file that is read, in bytes.
const MAX_FILE: u64 = 16 * 1024;

/// How a running `serve` is reached.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct ServeFile {
    pub(super) pid: u32,
    pub(super) http: String,
    pub(super) push: String,
    pub(super) wns_token: String,
    /// The hub's URL: the base that connection strings have, and its name.
    #[serde(default)]
    pub(super) hub: Option<String>,
    /// The base of HTTPS, where it is served.
    #[serde(default)]
    pub(super) https: Option<String>,
    /// The CONNECT proxy's URL, where there is one.
    #[serde(default)]
    pub(super) proxy: Option<String>,
    /// The file with the local authority's certificate.
    #[serde(default)]
    pub(super) ca: Option<PathBuf>,
    /// The folder with the generated sender credentials.
    #[serde(default)]
    pub(super) credentials: Option<PathBuf>,
}

impl ServeFile {
    /// Writes the file; it goes when the answer is dropped.
    pub(super) fn write(&self, path: PathBuf) -> Result<Written, Failure> {
        let text = serde_json::to_vec_pretty(self).unwrap_or_default();
        replace(&path, &text)?;
        Ok(Written {
            path,
            pid: self.pid,
        })
    }

    /// The file of a `serve` that seems to run.
    pub(super) fn read(path: &Path) -> Option<Self> {
        let facts = fs::metadata(path).ok()?;
        if !facts.is_file() || facts.len() > MAX_FILE {
            return None;
        }
        serde_json::from_slice(&fs::read(path).ok()?).ok()
    }
}

/// Writes the file at `path` whole or not at all, whoever else writes it; others may read it, as
/// there is no secret in it.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    write_whole(path, bytes).map_err(|error| {
        Failure::failed(format!(
            "{} cannot be written: {error}; choose another folder with --home",
            path.display()
        ))
    })
}

fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644));
    let mut new = builder.prefix(".new-").tempfile_in(folder)?;
    new.write_all(bytes)?;
    new.as_file().sync_all()?;
    new.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// Keeps every other `serve` from this home until it is dropped.
#[derive(Debug)]
pub(super) struct HomeLock(#[expect(dead_code, reason = "the lock goes with the file")] File);

impl HomeLock {
    /// Takes the lock in the file at `path`, which stays when the lock goes.
    pub(super) fn take(path: &Path) -> Result<Self, Failure> {
        let file = open_lock(path).map_err(|error| {
            Failure::failed(format!(
                "{} cannot be made or opened: {error}; choose another folder with --home",
                path.display()
            ))
        })?;
        match file.try_lock() {
            Ok(()) => {}
            // Where files cannot be locked, nobody is kept out, and nobody from serving either.
            Err(TryLockError::Error(error)) => {
                tracing::warn!(%error, path = %path.display(), "this home cannot be locked: start no second serve with it");
            }
            Err(TryLockError::WouldBlock) => {
                return Err(Failure::failed(format!(
                    "another `handset serve` runs with the home {}, where senders find one alone: stop that one, \
                     or choose another home with --home",
                    path.parent().unwrap_or(path).display()
                )));
            }
        }
        Ok(Self(file))
    }
}

/// The file, which is made where it is missing. It is held open for reading alone, so that it does
/// not keep its file system from becoming read-only.
fn open_lock(path: &Path) -> io::Result<File> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        // A pipe in this place would be waited on for ever.
        let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
        options.mode(0o600).custom_flags(flags.bits().cast_signed());
    }
    let mut making = options.clone();
    drop(making.create(true).truncate(false).write(true).open(path)?);
    options.read(true).open(path)
}

/// The file while it stands.
pub(super) struct Written {
    path: PathBuf,
    pid: u32,
}

impl Drop for Written {
    fn drop(&mut self) {
        // A second `serve` may have written its own since.
        if ServeFile::read(&self.path).is_some_and(|file| file.pid == self.pid) {
            fs::remove_file(&self.path).ok();
        }
    }
}
