//! The folder a device keeps everything in, and the lock that gives it one owner.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use crate::model::DeviceName;

/// A device's folder: `devices/NAME` below the home.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceFolder(PathBuf);

/// A device's folder could not be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FolderError {
    /// It could not be made or entered.
    #[error(
        "{path} cannot be used as a folder for handset's state: {cause}; choose another with --home or mend its permissions"
    )]
    Unusable {
        /// The folder.
        path: String,
        /// What the system said.
        cause: String,
    },
    /// Another process is this device.
    #[error("the device {device} is already on{}: stop that one, or take another name with --device", by(.owner))]
    Taken {
        /// The device.
        device: String,
        /// The process that is it, where it said so.
        owner: Option<u32>,
    },
}

impl FolderError {
    /// The process that is the device already, where it said so.
    #[must_use]
    pub fn owner(&self) -> Option<u32> {
        match self {
            Self::Taken { owner, .. } => *owner,
            Self::Unusable { .. } => None,
        }
    }
}

fn by(owner: &Option<u32>) -> String {
    owner.map_or_else(String::new, |pid| format!(" in process {pid}"))
}

impl DeviceFolder {
    /// The folder of `device` below `home`. Nothing is created yet.
    #[must_use]
    pub fn new(home: &Path, device: &DeviceName) -> Self {
        Self(home.join("devices").join(device.as_str()))
    }

    /// The folder itself.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The database: profile, inbox, action centre, registrations.
    #[must_use]
    pub fn database(&self) -> PathBuf {
        self.0.join("handset.db")
    }

    /// Where a running phone says how its control API is reached.
    #[must_use]
    pub fn control(&self) -> PathBuf {
        self.0.join("control.json")
    }

    /// The file vault, where it was asked for.
    #[must_use]
    pub fn vault(&self) -> PathBuf {
        self.0.join("vault.json")
    }

    /// Makes the folder, for its owner alone, and locks it.
    ///
    /// # Errors
    /// [`FolderError`]
    pub fn lock(&self) -> Result<DeviceLock, FolderError> {
        make_private(&self.0).map_err(|error| self.unusable(&error))?;
        let mut options = OpenOptions::new();
        options.create(true).truncate(false).read(true).write(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt as _;
            // A link in this place would have its target overwritten.
            let no_follow = rustix::fs::OFlags::NOFOLLOW.bits();
            options.mode(0o600).custom_flags(no_follow.cast_signed());
        }
        let mut file = options
            .open(self.0.join("lock"))
            .map_err(|error| self.unusable(&error))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(self.taken(&mut file)),
            Err(TryLockError::Error(error)) => return Err(self.unusable(&error)),
        }
        let pid = std::process::id();
        file.set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| write!(file, "{pid}"))
            .map_err(|error| self.unusable(&error))?;
        Ok(DeviceLock { _file: file })
    }

    fn taken(&self, file: &mut File) -> FolderError {
        let mut text = String::new();
        let read = file.take(32).read_to_string(&mut text);
        FolderError::Taken {
            device: self
                .0
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned(),
            owner: read.ok().and_then(|_| text.trim().parse().ok()),
        }
    }

    fn unusable(&self, error: &std::io::Error) -> FolderError {
        FolderError::Unusable {
            path: self.0.display().to_string(),
            cause: error.to_string(),
        }
    }
}

/// Holds a device's folder; the lock goes with the process, however it ends.
#[derive(Debug)]
pub struct DeviceLock {
    _file: File,
}

/// Makes a folder and its parents; the folder itself is for its owner alone.
fn make_private(path: &Path) -> std::io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    match builder.create(path) {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
        done => done,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_has_one_owner_and_the_second_learns_who() {
        let home = tempfile::tempdir().unwrap();
        let folder = DeviceFolder::new(home.path(), &DeviceName::default());
        let lock = folder.lock().unwrap();
        let second = folder.lock().unwrap_err();
        assert_eq!(
            second,
            FolderError::Taken {
                device: "phone".to_owned(),
                owner: Some(std::process::id())
            }
        );
        drop(lock);
        folder.lock().unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn a_link_in_the_place_of_the_lock_is_not_followed() {
        let home = tempfile::tempdir().unwrap();
        let folder = DeviceFolder::new(home.path(), &DeviceName::default());
        fs::create_dir_all(folder.path()).unwrap();
        let precious = home.path().join("precious");
        fs::write(&precious, "do not touch").unwrap();
        std::os::unix::fs::symlink(&precious, folder.path().join("lock")).unwrap();
        assert!(matches!(folder.lock(), Err(FolderError::Unusable { .. })));
        assert_eq!(fs::read_to_string(&precious).unwrap(), "do not touch");
    }

    #[test]
    fn a_junk_home_is_named() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("file");
        fs::write(&file, "junk").unwrap();
        let error = DeviceFolder::new(&file, &DeviceName::default())
            .lock()
            .unwrap_err();
        assert!(error.to_string().contains("--home"), "{error}");
    }
}
