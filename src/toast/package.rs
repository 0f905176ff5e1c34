//! The app's own files: the one place that images of toasts are read from.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use crate::model::ToastImage;

/// The largest image that a daemon is told of, in bytes: WinRT's limit is 3 MB on an unmetered
/// connection.
const LARGEST: u64 = 3 * 1024 * 1024;

/// How the formats begin that every desktop draws, and that cannot refer to anything outside.
const FORMATS: [&[u8]; 3] = [b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF8"];

/// The folder of the app's manifest. Nothing outside of it is ever looked at.
#[derive(Debug, Clone)]
pub struct Package {
    folder: PathBuf,
}

impl Package {
    /// The package in `folder`.
    #[must_use]
    pub fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// The file of an image that the app brought (`ms-appx:///`); none for any other, and for one
    /// that is not there, too large, no PNG, JPEG or GIF, or outside the folder once links are
    /// followed. Reads the disk.
    #[must_use]
    pub fn image(&self, image: &ToastImage) -> Option<PathBuf> {
        self.file(image.package_path()?)
    }

    /// The file at `path` within the folder, under the same conditions. Reads the disk.
    #[must_use]
    pub fn file(&self, path: &str) -> Option<PathBuf> {
        let folder = self.folder.canonicalize().ok()?;
        let file = folder.join(path).canonicalize().ok()?;
        let inside = file.starts_with(&folder);
        (inside && is_image(&file)).then_some(file)
    }
}

/// Looks before it opens: to open a pipe would wait for its writer.
fn is_image(path: &Path) -> bool {
    let plain = fs::metadata(path).is_ok_and(|about| about.is_file() && about.len() <= LARGEST);
    let mut start = [0; 8];
    plain
        && File::open(path).is_ok_and(|mut file| file.read_exact(&mut start).is_ok())
        && FORMATS.iter().any(|format| start.starts_with(format))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PNG: &[u8] = include_bytes!("../../assets/icon.png");

    fn image(source: &str) -> ToastImage {
        ToastImage::parse(source, "").unwrap()
    }

    #[test]
    fn only_images_within_the_folder_are_found() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("app");
        fs::create_dir_all(folder.join("Assets")).unwrap();
        fs::write(folder.join("Assets/a.png"), PNG).unwrap();
        fs::write(folder.join("a.svg"), "<svg xmlns='x'/>").unwrap();
        fs::write(folder.join("empty.png"), "").unwrap();
        fs::write(home.path().join("secret.png"), PNG).unwrap();
        let package = Package::new(folder.clone());
        let found = package.image(&image("ms-appx:///Assets/a.png")).unwrap();
        assert!(found.ends_with("app/Assets/a.png") && found.is_absolute());
        for source in [
            "ms-appx:///a.svg",
            "ms-appx:///empty.png",
            "ms-appx:///missing.png",
            "ms-appx:///Assets",
            "ms-appx:///../secret.png",
            "file:///etc/passwd",
            "https://example.org/a.png",
        ] {
            assert_eq!(package.image(&image(source)), None, "{source}");
        }
        assert_eq!(package.file("../secret.png"), None);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_does_not_lead_out_and_a_pipe_is_not_opened() {
        use std::os::unix::fs::symlink;
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("app");
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("a.png"), PNG).unwrap();
        fs::write(home.path().join("secret.png"), PNG).unwrap();
        symlink("a.png", folder.join("inside.png")).unwrap();
        symlink("../secret.png", folder.join("outside.png")).unwrap();
        symlink(home.path(), folder.join("up")).unwrap();
        let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
        rustix::fs::mknodat(
            rustix::fs::CWD,
            folder.join("pipe.png"),
            rustix::fs::FileType::Fifo,
            mode,
            0,
        )
        .unwrap();
        let package = Package::new(folder);
        assert!(package.file("inside.png").is_some());
        for path in ["outside.png", "up/secret.png", "pipe.png"] {
            assert_eq!(package.file(path), None, "{path}");
        }
    }
}
