//! The file `config.toml`: what somebody does not want to say each time.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::SettingsError;
use crate::device::VaultChoice;
use crate::model::{BackendOrigin, DeviceName, DisplayText, UserName};

/// The largest file that is read, in bytes.
const MAX_FILE: u64 = 64 * 1024;

/// Where toasts are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ToastChoice {
    /// On the desktop, by its notification daemon.
    Desktop,
    /// In the terminal.
    Terminal,
    /// As a line of JSON.
    Json,
    /// Nowhere: they stand in the action centre alone.
    None,
}

/// What the file may say.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConfigFile {
    /// Which device is meant.
    pub device: Option<DeviceName>,
    /// Where to sign in.
    pub backend: Option<BackendOrigin>,
    /// How that backend is spoken to: a built-in profile's name, or a file.
    pub backend_profile: Option<PathBuf>,
    /// Who signs in.
    pub user: Option<UserName>,
    /// Where the channel is opened.
    pub push: Option<String>,
    /// Where tokens live.
    pub vault: Option<VaultChoice>,
    /// Where toasts are drawn.
    pub toast: Option<ToastChoice>,
    /// The app's manifest.
    pub manifest: Option<PathBuf>,
}

impl ConfigFile {
    /// Reads the file; one that is not there says nothing.
    pub(super) fn read(path: &Path) -> Result<Self, SettingsError> {
        let bad = |cause: String| SettingsError::File {
            path: path.display().to_string(),
            cause,
        };
        let size = match std::fs::metadata(path) {
            Ok(found) => found.len(),
            Err(error) if is_absent(&error) => return Ok(Self::default()),
            Err(error) => return Err(bad(error.to_string())),
        };
        if size > MAX_FILE {
            return Err(bad(format!(
                "it has {size} bytes, at most {MAX_FILE} are read"
            )));
        }
        let text = std::fs::read_to_string(path).map_err(|error| bad(error.to_string()))?;
        toml::from_str(&text).map_err(|error| bad(in_one_line(&text, &error)))
    }
}

/// Where the mistake is, and what it is, without the drawing that the parser makes of it.
fn in_one_line(text: &str, error: &toml::de::Error) -> String {
    let message = DisplayText::new(error.message());
    let message = message.as_str().replace('\n', ", ");
    let before = error.span().and_then(|span| text.get(..span.start));
    match before {
        Some(before) => format!("line {}: {message}", before.matches('\n').count() + 1),
        None => message,
    }
}

/// A junk home is reported by whoever wants to keep something there.
fn is_absent(error: &std::io::Error) -> bool {
    matches!(
        error.kind(),
        std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory
    )
}
