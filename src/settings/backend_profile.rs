//! Which backend profile is meant: a built-in one, or a file.

use std::path::{Path, PathBuf};

use super::manifest::read_bounded;
use super::{Settings, SettingsError};
use crate::backend::BackendProfile;

impl Settings {
    /// The backend profile to sign in with, where somebody names one: the flag, then
    /// `HANDSET_BACKEND_PROFILE`, then the file.
    ///
    /// # Errors
    /// [`SettingsError`], which names the file and the line at fault.
    pub fn backend_profile(
        &self,
        flag: Option<&Path>,
    ) -> Result<Option<BackendProfile>, SettingsError> {
        let variable = self.environment.value("HANDSET_BACKEND_PROFILE");
        let named = flag
            .map(Path::to_owned)
            .or_else(|| variable.map(PathBuf::from))
            .or_else(|| self.file.backend_profile.clone());
        named.as_deref().map(read).transpose()
    }
}

/// The built-in profile of this name, or the file. What was read is what counts from here on: the
/// file may change or go away.
fn read(given: &Path) -> Result<BackendProfile, SettingsError> {
    if let Some(built_in) = given.to_str().and_then(BackendProfile::built_in) {
        return Ok(built_in);
    }
    let text = read_bounded(given, BackendProfile::MAX_BYTES).map_err(|error| {
        let names: Vec<&str> = BackendProfile::built_in_names().collect();
        SettingsError::NoBackendProfile {
            given: given.display().to_string(),
            built_in: names.join(", "),
            cause: error.to_string(),
        }
    })?;
    let path = std::path::absolute(given).unwrap_or_else(|_| given.to_owned());
    Ok(BackendProfile::parse(&path.display().to_string(), &text)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{Environment, Flags};

    #[test]
    fn the_flag_wins_over_the_variable_and_that_over_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().to_str().unwrap();
        let config = |text: &str| std::fs::write(folder.path().join("config.toml"), text).unwrap();
        let name = |flag: Option<&str>, variables: &[(&str, &str)]| {
            let mut all = vec![("HANDSET_HOME", home)];
            all.extend(variables);
            let settings = Settings::gather(Flags::default(), &Environment::of(&all)).unwrap();
            let profile = settings.backend_profile(flag.map(Path::new)).unwrap();
            profile.map(|profile| profile.name())
        };
        assert_eq!(name(None, &[]), None);
        config("backend_profile = \"tutorial\"\n");
        assert_eq!(name(None, &[]).as_deref(), Some("tutorial"));
        let variable = [("HANDSET_BACKEND_PROFILE", "aspnetcore")];
        assert_eq!(name(None, &variable).as_deref(), Some("aspnetcore"));
        assert_eq!(
            name(Some("embedded"), &variable).as_deref(),
            Some("embedded")
        );
    }

    #[test]
    fn a_file_is_read_at_once_and_what_is_no_profile_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mine.toml");
        let absent = read(&path).unwrap_err().to_string();
        assert!(
            absent.contains("mine.toml") && absent.contains("tutorial"),
            "{absent}"
        );
        let folder_itself = read(folder.path()).unwrap_err().to_string();
        assert!(
            folder_itself.contains("not a regular file"),
            "{folder_itself}"
        );
        std::fs::write(&path, "[put]\nrequest = 1\n").unwrap();
        let bad = read(&path).unwrap_err().to_string();
        assert!(bad.contains("mine.toml") && bad.contains("line 2"), "{bad}");
        std::fs::write(&path, BackendProfile::built_in_text("tutorial").unwrap()).unwrap();
        let profile = read(&path).unwrap();
        assert_eq!(profile.file().map(|(name, _)| name), path.to_str());
        std::fs::write(&path, "#".repeat(100_000)).unwrap();
        assert!(read(&path).unwrap_err().to_string().contains("16384"));
    }
}
