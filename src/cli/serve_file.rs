//! The file a running `serve` writes, so that other commands find it.

use std::fs;
use std::io::Write as _;
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
        if fs::metadata(path).ok()?.len() > MAX_FILE {
            return None;
        }
        serde_json::from_slice(&fs::read(path).ok()?).ok()
    }
}

/// Writes the file at `path` whole or not at all, whoever else writes it.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let failed = |error: std::io::Error| {
        Failure::failed(format!(
            "{} cannot be written: {error}; choose another folder with --home",
            path.display()
        ))
    };
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    let mut beside = path.as_os_str().to_owned();
    beside.push(format!(".{}", std::process::id()));
    let beside = PathBuf::from(beside);
    fs::File::create(&beside)
        .and_then(|mut file| file.write_all(bytes))
        .and_then(|()| fs::rename(&beside, path))
        .map_err(|error| {
            fs::remove_file(&beside).ok();
            failed(error)
        })
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
