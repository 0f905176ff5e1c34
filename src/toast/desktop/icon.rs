//! The app's icon, as a file that a daemon can read.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The icon, 128 × 128 pixels; its source is `assets/icon.svg`.
const PNG: &[u8] = include_bytes!("../../../assets/icon.png");

/// Writes the icon into `folder`, unless it is there, and tells its absolute path.
pub(super) fn write_into(folder: &Path) -> io::Result<PathBuf> {
    let folder = std::path::absolute(folder)?;
    fs::create_dir_all(&folder)?;
    let path = folder.join("handset.png");
    if fs::read(&path).is_ok_and(|found| found == PNG) {
        return Ok(path);
    }
    // Under its name it is always whole: a daemon may read it at any moment.
    let new = folder.join(format!("handset.png.{}", std::process::id()));
    let written = fs::write(&new, PNG).and_then(|()| fs::rename(&new, &path));
    if let Err(error) = written {
        fs::remove_file(&new).ok();
        return Err(error);
    }
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_icon_is_written_once_and_mended() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("cache");
        let path = write_into(&folder).unwrap();
        assert!(path.is_absolute());
        fs::write(&path, "damaged").unwrap();
        assert_eq!(write_into(&folder).unwrap(), path);
        assert_eq!(fs::read(&path).unwrap(), PNG);
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
    }

    #[test]
    fn the_icon_is_a_png_of_128_pixels() {
        assert_eq!(&PNG[..8], b"\x89PNG\r\n\x1a\n");
        assert_eq!(&PNG[16..24], &[0, 0, 0, 128, 0, 0, 0, 128]);
    }
}
