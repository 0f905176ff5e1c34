//! How the admin door of a running `serve` is found: a small private file in the home.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use url::Url;

/// The largest file that is read, in bytes.
const MAX_FILE: u64 = 16 * 1024;

/// Where the admin door is, and the token it wants. `Debug` does not show that.
#[derive(Debug, Clone, Deserialize)]
pub struct AdminKey {
    /// The process that serves.
    pub pid: u32,
    /// The base URL of its HTTP.
    pub http: Url,
    /// The token for the `Authorization` header.
    pub token: SecretString,
    /// Its data folder; none where it keeps everything in memory.
    #[serde(default)]
    pub data: Option<PathBuf>,
}

/// A key on its way to its file.
#[derive(Serialize)]
struct Shown<'a> {
    pid: u32,
    http: &'a Url,
    token: &'a str,
    data: Option<&'a Path>,
}

impl AdminKey {
    /// Writes the file, for its owner alone, whole or not at all; it goes when the answer is
    /// dropped.
    ///
    /// # Errors
    /// What the system says.
    pub fn write(&self, path: PathBuf) -> io::Result<WrittenKey> {
        let shown = Shown {
            pid: self.pid,
            http: &self.http,
            token: self.token.expose_secret(),
            data: self.data.as_deref(),
        };
        let folder = path.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder)?;
        // A temporary file is its owner's alone from the start.
        let mut new = tempfile::Builder::new()
            .prefix(".admin-")
            .tempfile_in(folder)?;
        new.write_all(&serde_json::to_vec(&shown)?)?;
        new.persist(&path).map_err(|error| error.error)?;
        let pid = self.pid;
        Ok(WrittenKey { path, pid })
    }

    /// Reads the file; none where there is no such file, or none that this program knows. It may be
    /// left from a process that was killed.
    #[must_use]
    pub fn read(path: &Path) -> Option<Self> {
        let facts = fs::metadata(path).ok()?;
        if !facts.is_file() || facts.len() > MAX_FILE {
            return None;
        }
        serde_json::from_slice(&fs::read(path).ok()?).ok()
    }
}

/// The file while it stands.
#[derive(Debug)]
pub struct WrittenKey {
    path: PathBuf,
    pid: u32,
}

impl Drop for WrittenKey {
    fn drop(&mut self) {
        // A second `serve` may have written its own since.
        if AdminKey::read(&self.path).is_some_and(|key| key.pid == self.pid) {
            fs::remove_file(&self.path).ok();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_private_and_goes() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("new").join("admin.json");
        let key = AdminKey {
            pid: 7,
            http: Url::parse("http://127.0.0.1:8480/").unwrap(),
            token: "s3cret".into(),
            data: None,
        };
        assert!(!format!("{key:?}").contains("s3cret"));
        let written = key.write(path.clone()).unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        let read = AdminKey::read(&path).unwrap();
        assert_eq!(read.token.expose_secret(), "s3cret");
        assert_eq!((read.pid, read.http, read.data), (7, key.http, None));
        drop(written);
        assert!(AdminKey::read(&path).is_none() && !path.exists());
        fs::write(&path, "junk").unwrap();
        assert!(AdminKey::read(&path).is_none());
        assert!(AdminKey::read(home.path()).is_none());
    }
}
