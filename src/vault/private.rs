//! Files and folders that are their owner's alone from the start.

use std::fs::{DirBuilder, OpenOptions};
use std::io;
use std::path::Path;

/// Opens no link and waits for no pipe; what it creates has mode 0600. Elsewhere than on Unix a
/// file in a user's profile is that user's by inheritance.
#[must_use]
pub fn private_file_options() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
        options.mode(0o600).custom_flags(flags.bits().cast_signed());
    }
    options
}

/// Makes the folder, and those above it that are missing, with mode 0700; one that is there already
/// stays as it is.
///
/// # Errors
/// What the system says: no right to, or no folder above it can be made.
pub fn make_private_folder(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs;
    use std::io::Write as _;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn nobody_else_may_look_in_and_no_link_is_followed() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("a").join("b");
        make_private_folder(&folder).unwrap();
        make_private_folder(&folder).unwrap();
        let file = folder.join("secret");
        let mut options = private_file_options();
        let mut open = options.write(true).create(true).open(&file).unwrap();
        open.write_all(b"x").unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&folder), mode(&file)), (0o700, 0o600));
        let link = folder.join("link");
        std::os::unix::fs::symlink(&file, &link).unwrap();
        assert!(private_file_options().read(true).open(&link).is_err());
    }
}
