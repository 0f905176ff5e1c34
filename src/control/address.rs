//! How a running phone is found: a small private file in its folder.

use std::fs;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::Path;

use serde::{Deserialize, Serialize};

/// The largest address file that is read, in bytes.
const MAX_FILE: u64 = 4096;

/// Where a running phone's control API is, and the token it wants.
#[derive(Clone, Serialize, Deserialize)]
pub struct ControlAddress {
    /// The loopback address it listens on.
    pub address: SocketAddr,
    /// The token for its `Authorization` header.
    pub token: String,
    /// The process.
    pub pid: u32,
}

impl std::fmt::Debug for ControlAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ControlAddress({}, pid {}, …)", self.address, self.pid)
    }
}

impl ControlAddress {
    /// Writes the file, for its owner alone, whole or not at all.
    pub(super) fn write(&self, path: &Path) -> std::io::Result<()> {
        let folder = path.parent().unwrap_or_else(|| Path::new("."));
        let beside = folder.join(format!(".control.{}", self.pid));
        fs::remove_file(&beside).ok();
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let json = serde_json::to_vec(self)?;
        options.open(&beside)?.write_all(&json)?;
        fs::rename(&beside, path)
    }

    /// Reads the file; none where there is no running phone, or none that this program knows.
    pub(super) fn read(path: &Path) -> Option<Self> {
        let size = fs::metadata(path).ok()?.len();
        if size > MAX_FILE {
            return None;
        }
        let read: Self = serde_json::from_slice(&fs::read(path).ok()?).ok()?;
        // The token must not be sent anywhere but here.
        read.address.ip().is_loopback().then_some(read)
    }
}
