//! The file a running `serve` writes, so that other commands find it.
//!
//! One `serve` at a time owns what is written for senders in a home: a second one would lead the
//! first one's senders to itself, and leave them with an authority that nobody serves any more.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::exit::Failure;

/// The largest file that is read, in bytes.
const MAX_FILE: u64 = 16 * 1024;

/// How a running `serve` is reached.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct ServeFile {
    pub(super) pid: u32,
    pub(super) http: String,
    /// The app backend, where it is served.
    #[serde(default)]
    pub(super) backend: Option<String>,
    /// The name that other machines know it by.
    #[serde(default)]
    pub(super) public_host: Option<String>,
    /// The device socket, where the push services are served.
    #[serde(default)]
    pub(super) push: Option<String>,
    #[serde(default)]
    pub(super) wns_token: Option<String>,
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

/// How often, and how far apart, a lock is tried: a command that only looks whether somebody serves
/// holds it for a moment.
const TRIES: usize = 5;
const BETWEEN: Duration = Duration::from_millis(20);

impl HomeLock {
    /// Takes the lock in the file at `path`, which stays when the lock goes.
    pub(super) async fn take(path: &Path) -> Result<Self, Failure> {
        let file = open_lock(path).map_err(|error| {
            Failure::failed(format!(
                "{} cannot be made or opened: {error}; choose another folder with --home",
                path.display()
            ))
        })?;
        let mut locked = file.try_lock();
        for _ in 1..TRIES {
            if !matches!(locked, Err(TryLockError::WouldBlock)) {
                break;
            }
            tokio::time::sleep(BETWEEN).await;
            locked = file.try_lock();
        }
        match locked {
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

    /// Whether a `serve` holds the lock in the file at `path`; none where that cannot be told.
    pub(super) fn is_taken(path: &Path) -> Option<bool> {
        let file = match lock_options().read(true).open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Some(false),
            Err(_) => return None,
        };
        match file.try_lock_shared() {
            Ok(()) => Some(false),
            Err(TryLockError::WouldBlock) => Some(true),
            Err(TryLockError::Error(_)) => None,
        }
    }
}

/// The file, which is made where it is missing. It is held open for reading alone, so that it does
/// not keep its file system from becoming read-only.
fn open_lock(path: &Path) -> io::Result<File> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut making = lock_options();
    drop(making.create(true).truncate(false).write(true).open(path)?);
    lock_options().read(true).open(path)
}

fn lock_options() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        // A pipe in this place would be waited on for ever.
        let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
        options.mode(0o600).custom_flags(flags.bits().cast_signed());
    }
    options
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
