//! The app's manifest as a file.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::SettingsError;
use crate::model::Manifest;

/// A manifest, and the folder that the app's pictures are in.
#[derive(Debug, Clone)]
pub struct AppPackage {
    /// The manifest.
    pub manifest: Manifest,
    /// The folder, where the manifest is a file.
    pub folder: Option<PathBuf>,
}

impl AppPackage {
    /// Reads the manifest at `path`; the built-in one without.
    ///
    /// # Errors
    /// [`SettingsError`], which names the file and the line at fault.
    pub fn read(path: Option<&Path>) -> Result<Self, SettingsError> {
        let Some(path) = path else {
            return Ok(Self {
                manifest: Manifest::built_in(),
                folder: None,
            });
        };
        let name = path.display().to_string();
        let bad = |cause: String| SettingsError::File {
            path: name.clone(),
            cause,
        };
        let text = read_bounded(path, Manifest::MAX_BYTES);
        let text = text.map_err(|error| bad(error.to_string()))?;
        let manifest = Manifest::parse(&name, &text)?;
        let folder = path.parent().map(|folder| match folder.as_os_str() {
            empty if empty.is_empty() => PathBuf::from("."),
            _ => folder.to_owned(),
        });
        Ok(Self { manifest, folder })
    }
}

/// Reads a file of at most `most` bytes. One byte more is enough to see that it is too large.
pub(super) fn read_bounded(path: &Path, most: usize) -> std::io::Result<String> {
    // A pipe would be waited for, for ever.
    if !std::fs::metadata(path)?.is_file() {
        let kind = std::io::ErrorKind::InvalidInput;
        return Err(std::io::Error::new(kind, "it is not a regular file"));
    }
    let limit = u64::try_from(most + 1).unwrap_or(u64::MAX);
    let mut text = String::new();
    std::fs::File::open(path)?
        .take(limit)
        .read_to_string(&mut text)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_and_its_folder_known() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("manifest.toml");
        let file = "[app]\nid = \"mine\"\nname = \"Mine\"\n";
        std::fs::write(&path, file).unwrap();
        let package = AppPackage::read(Some(&path)).unwrap();
        assert_eq!(package.manifest.id(), "mine");
        assert_eq!(package.folder.as_deref(), Some(folder.path()));
        assert!(AppPackage::read(None).unwrap().folder.is_none());
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let absent = folder.path().join("absent.toml");
        let error = AppPackage::read(Some(&absent)).unwrap_err().to_string();
        assert!(error.contains("absent.toml"), "{error}");
        let large = folder.path().join("large.toml");
        std::fs::write(&large, "#".repeat(Manifest::MAX_BYTES + 10)).unwrap();
        let error = AppPackage::read(Some(&large)).unwrap_err().to_string();
        assert!(error.contains("large.toml"), "{error}");
        std::fs::write(&large, "[app]\nid = 1\n").unwrap();
        let error = AppPackage::read(Some(&large)).unwrap_err().to_string();
        assert!(error.contains("line 2"), "{error}");
    }
}
