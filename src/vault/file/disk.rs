//! Reading and replacing a file that must stay its owner's secret.

use std::ffi::OsString;
use std::fs::{self, File, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use crate::lifecycle::timeouts;
use crate::vault::{VaultError, make_private_folder, private_file_options};

/// The largest file that is read, in bytes: room for some hundreds of tokens.
const MOST_BYTES: u64 = 1 << 20;

/// How long to wait between two tries for the lock.
const LOCK_PAUSE: Duration = Duration::from_millis(10);

/// The content of the file at `path`, or none when there is no file.
pub(super) fn read(path: &Path) -> Result<Option<Zeroizing<Vec<u8>>>, VaultError> {
    let failed = |source| file_error(path, "read", source);
    let file = match private_file_options().read(true).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) if is_link(path) => {
            tracing::debug!(%error, "the vault file is a link");
            return Err(VaultError::FileIrregular {
                path: path.to_owned(),
            });
        }
        Err(error) => return Err(failed(error)),
    };
    let size = checked_size(path, &file)?;
    // The whole size at once: a buffer that grows leaves copies of secrets behind.
    let room = usize::try_from(size).unwrap_or_default() + 1;
    let mut bytes = Zeroizing::new(Vec::with_capacity(room));
    file.take(size).read_to_end(&mut bytes).map_err(failed)?;
    Ok(Some(bytes))
}

/// Replaces the file at `path`. The caller holds [`lock`].
pub(super) fn replace(path: &Path, bytes: &[u8]) -> Result<(), VaultError> {
    let failed = |source| file_error(path, "written", source);
    if bytes.len() as u64 > MOST_BYTES {
        return Err(failed(io::ErrorKind::FileTooLarge.into()));
    }
    let new = beside(path, ".new");
    // What a killed process left behind is of no use to anybody.
    match fs::remove_file(&new) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(failed(error)),
    }
    let written = write_new(&new, bytes).and_then(|()| fs::rename(&new, path));
    if let Err(error) = written {
        fs::remove_file(&new).ok();
        return Err(failed(error));
    }
    sync_folder(path).map_err(failed)
}

/// Takes the lock that keeps other processes from writing; it ends when it is dropped.
pub(super) fn lock(path: &Path) -> Result<File, VaultError> {
    let failed = |source| file_error(path, "locked", source);
    if let Some(folder) = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
    {
        make_private_folder(folder).map_err(failed)?;
    }
    let mut options = private_file_options();
    let file = options
        .write(true)
        .create(true)
        .open(beside(path, ".lock"))
        .map_err(failed)?;
    let started = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::Error(error)) => return Err(failed(error)),
            Err(TryLockError::WouldBlock) if started.elapsed() > timeouts::VAULT_FILE / 5 => {
                let problem = "another handset process holds its lock and does not let go";
                return Err(failed(io::Error::new(io::ErrorKind::TimedOut, problem)));
            }
            Err(TryLockError::WouldBlock) => std::thread::sleep(LOCK_PAUSE),
        }
    }
}

fn write_new(new: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = private_file_options()
        .write(true)
        .create_new(true)
        .open(new)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Checks that the open file is its owner's alone, and tells its size.
fn checked_size(path: &Path, file: &File) -> Result<u64, VaultError> {
    let facts = file
        .metadata()
        .map_err(|source| file_error(path, "read", source))?;
    if !facts.is_file() {
        return Err(VaultError::FileIrregular {
            path: path.to_owned(),
        });
    }
    check_owner(path, &facts)?;
    if facts.len() > MOST_BYTES {
        return Err(VaultError::FileGarbage {
            path: path.to_owned(),
            problem: format!("it is larger than {MOST_BYTES} bytes"),
        });
    }
    Ok(facts.len())
}

#[cfg(unix)]
fn check_owner(path: &Path, facts: &fs::Metadata) -> Result<(), VaultError> {
    use std::os::unix::fs::MetadataExt as _;
    let mode = facts.mode() & 0o777;
    if facts.uid() != rustix::process::geteuid().as_raw() {
        return Err(VaultError::FileForeign {
            path: path.to_owned(),
        });
    }
    if mode & 0o077 != 0 {
        return Err(VaultError::FileExposed {
            path: path.to_owned(),
            mode,
        });
    }
    Ok(())
}

/// Windows: a file in a user's profile is that user's by inheritance, and has no mode.
#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "the check fails on Unix")]
fn check_owner(_path: &Path, _facts: &fs::Metadata) -> Result<(), VaultError> {
    Ok(())
}

/// Makes the new name durable; not every platform can sync a folder.
fn sync_folder(path: &Path) -> io::Result<()> {
    if cfg!(not(unix)) {
        return Ok(());
    }
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => File::open(folder)?.sync_all(),
        _ => File::open(".")?.sync_all(),
    }
}

fn is_link(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|facts| facts.is_symlink())
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name: OsString = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

fn file_error(path: &Path, action: &'static str, source: io::Error) -> VaultError {
    VaultError::File {
        path: path.to_owned(),
        action,
        source,
    }
}
