//! The app's manifest: what the app is, and which background tasks it declares.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use toml::Spanned;

use super::{DisplayText, Invalid};

/// The manifest of an app. What it does not say is not allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    origin: String,
    id: String,
    name: DisplayText,
    icon: Option<String>,
    toast_capable: bool,
    lock_screen: LockScreen,
    tasks: Vec<DeclaredTask>,
}

/// What a background task is started by, as a manifest declares it (`Task Type`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskType {
    /// A raw push.
    PushNotification,
    /// A timer.
    Timer,
    /// A change of the phone, such as of its network.
    SystemEvent,
}

impl TaskType {
    /// The name in the manifest.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PushNotification => "push_notification",
            Self::Timer => "timer",
            Self::SystemEvent => "system_event",
        }
    }
}

/// What the lock screen shows of an app.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LockScreen {
    /// Nothing.
    #[default]
    None,
    /// Its badge.
    Badge,
    /// Its badge and its toasts.
    BadgeAndToast,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct DeclaredTask {
    entry_point: String,
    types: Vec<TaskType>,
    /// Where `types` stands in the file, from 1.
    line: usize,
}

/// A manifest that is no manifest, or lacks a line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    /// It could not be read.
    #[error("{origin} is no manifest: {problem}")]
    Unreadable {
        /// The file.
        origin: String,
        /// What is wrong, and where.
        problem: String,
    },
    /// The app may not show toasts.
    #[error("{origin} lacks the line `toast_capable = true` under [app]")]
    NotToastCapable {
        /// The file.
        origin: String,
    },
    /// The lock screen does not show the app's toasts.
    #[error("{origin} lacks the line `lock_screen = \"badge_and_toast\"` under [app]")]
    NotOnLockScreen {
        /// The file.
        origin: String,
    },
    /// The entry point is not declared at all.
    #[error(
        "{origin} lacks a [[background_task]] with the lines `entry_point = \"{entry_point}\"` and `types = [\"{}\"]`",
        task_type.as_str()
    )]
    NoSuchTask {
        /// The file.
        origin: String,
        /// The entry point.
        entry_point: String,
        /// The type that is wanted.
        task_type: TaskType,
    },
    /// The entry point is declared for other triggers.
    #[error(
        "{origin} lacks \"{}\" in the `types` of {entry_point}, line {line}",
        task_type.as_str()
    )]
    TypeNotDeclared {
        /// The file.
        origin: String,
        /// The entry point.
        entry_point: String,
        /// The type that is wanted.
        task_type: TaskType,
        /// The line of `types`.
        line: usize,
    },
}

impl Manifest {
    /// The largest manifest that is read, in bytes.
    pub const MAX_BYTES: usize = 64 * 1024;

    /// The manifest of handset's own app: the tutorials' push background task.
    #[must_use]
    pub fn built_in() -> Self {
        Self {
            origin: "the built-in manifest".to_owned(),
            id: "handset.app".to_owned(),
            name: DisplayText::new("handset"),
            icon: None,
            toast_capable: true,
            lock_screen: LockScreen::BadgeAndToast,
            tasks: vec![DeclaredTask {
                entry_point: "PushBackgroundComponent.PushBackgroundTask".to_owned(),
                types: vec![TaskType::PushNotification, TaskType::SystemEvent],
                line: 0,
            }],
        }
    }

    /// Reads a manifest; `origin` is the file's name, for errors.
    ///
    /// # Errors
    /// [`ManifestError::Unreadable`] with the line.
    pub fn parse(origin: &str, text: &str) -> Result<Self, ManifestError> {
        let bad = |problem: String| ManifestError::Unreadable {
            origin: origin.to_owned(),
            problem,
        };
        if text.len() > Self::MAX_BYTES {
            return Err(bad(format!(
                "it has {} bytes, at most {} are read",
                text.len(),
                Self::MAX_BYTES
            )));
        }
        let file: File = toml::from_str(text).map_err(|error| {
            let line = error.span().map_or(1, |span| line_of(text, span.start));
            bad(format!("line {line}: {}", error.message()))
        })?;
        let id = AppId::from_str(&file.app.id).map_err(|invalid| bad(invalid.to_string()))?;
        let name = DisplayText::new(&file.app.name);
        if name.is_empty() {
            return Err(bad("app.name is empty".to_owned()));
        }
        if let Some(icon) = file.app.icon.as_deref()
            && !is_plain_path(icon)
        {
            return Err(bad(format!(
                "app.icon {icon:.80?} is not a path within the manifest's folder"
            )));
        }
        let declared = |task: FileTask| DeclaredTask {
            entry_point: task.entry_point,
            line: line_of(text, task.types.span().start),
            types: task.types.into_inner(),
        };
        Ok(Self {
            origin: origin.to_owned(),
            id: id.0,
            name,
            icon: file.app.icon,
            toast_capable: file.app.toast_capable,
            lock_screen: file.app.lock_screen,
            tasks: file.background_task.into_iter().map(declared).collect(),
        })
    }

    /// The app's id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The app's name, the heading of toasts that have none of their own.
    #[must_use]
    pub fn name(&self) -> &DisplayText {
        &self.name
    }

    /// The app's icon, a path within the manifest's folder.
    #[must_use]
    pub fn icon(&self) -> Option<&str> {
        self.icon.as_deref()
    }

    /// Whether the lock screen shows the app's badge.
    #[must_use]
    pub fn badge_on_lock_screen(&self) -> bool {
        self.lock_screen >= LockScreen::Badge
    }

    /// Checks that the app may show toasts.
    ///
    /// # Errors
    /// [`ManifestError::NotToastCapable`]
    pub fn check_toasts(&self) -> Result<(), ManifestError> {
        if self.toast_capable {
            return Ok(());
        }
        Err(ManifestError::NotToastCapable {
            origin: self.origin.clone(),
        })
    }

    /// Checks that the lock screen shows the app's toasts.
    ///
    /// # Errors
    /// [`ManifestError::NotOnLockScreen`]
    pub fn check_lock_screen(&self) -> Result<(), ManifestError> {
        if self.lock_screen == LockScreen::BadgeAndToast {
            return Ok(());
        }
        Err(ManifestError::NotOnLockScreen {
            origin: self.origin.clone(),
        })
    }

    /// Checks that a task with this entry point may have a trigger of this type.
    ///
    /// # Errors
    /// [`ManifestError::NoSuchTask`] and [`ManifestError::TypeNotDeclared`]
    pub fn check_task(&self, entry_point: &str, task_type: TaskType) -> Result<(), ManifestError> {
        let declared = || {
            self.tasks
                .iter()
                .filter(|task| task.entry_point == entry_point)
        };
        if declared().any(|task| task.types.contains(&task_type)) {
            return Ok(());
        }
        let (origin, entry_point) = (self.origin.clone(), entry_point.to_owned());
        Err(match declared().next() {
            Some(task) => ManifestError::TypeNotDeclared {
                origin,
                entry_point,
                task_type,
                line: task.line,
            },
            None => ManifestError::NoSuchTask {
                origin,
                entry_point,
                task_type,
            },
        })
    }
}

impl fmt::Display for Manifest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.id, self.origin)
    }
}

/// `[A-Za-z0-9.-]{1,128}`, as an APNs topic or a package name is.
struct AppId(String);

impl FromStr for AppId {
    type Err = Invalid;
    fn from_str(value: &str) -> Result<Self, Invalid> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        super::check_chars("app.id", value, 128, "letters, digits and .-_", allowed)?;
        Ok(Self(value.to_owned()))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    app: FileApp,
    #[serde(default)]
    background_task: Vec<FileTask>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileApp {
    id: String,
    name: String,
    icon: Option<String>,
    #[serde(default)]
    toast_capable: bool,
    #[serde(default)]
    lock_screen: LockScreen,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileTask {
    entry_point: String,
    types: Spanned<Vec<TaskType>>,
}

fn line_of(text: &str, place: usize) -> usize {
    let before = text.as_bytes().iter().take(place);
    before.filter(|byte| **byte == b'\n').count() + 1
}

fn is_plain_path(path: &str) -> bool {
    !path.contains(['\\', ':'])
        && path
            .split('/')
            .all(|part| !part.is_empty() && part != "." && part != "..")
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = include_str!("../../assets/manifest.toml");
    const PUSH: &str = "PushBackgroundComponent.PushBackgroundTask";

    #[test]
    fn the_file_that_is_handed_out_says_what_is_built_in() {
        let read = Manifest::parse("manifest.toml", FILE).unwrap();
        let built_in = Manifest::built_in();
        assert_eq!((read.id(), read.name()), (built_in.id(), built_in.name()));
        for manifest in [read, built_in] {
            assert_eq!(manifest.check_toasts(), Ok(()));
            assert_eq!(manifest.check_lock_screen(), Ok(()));
            assert_eq!(
                manifest.check_task(PUSH, TaskType::PushNotification),
                Ok(())
            );
            assert!(manifest.check_task(PUSH, TaskType::Timer).is_err());
        }
    }

    #[test]
    fn a_missing_line_is_named() {
        let text = "[app]\nid = \"a\"\nname = \"A\"\n[[background_task]]\nentry_point = \"Push\"\ntypes = [\"timer\"]\n";
        let manifest = Manifest::parse("m.toml", text).unwrap();
        let texts = [
            manifest.check_toasts().unwrap_err().to_string(),
            manifest
                .check_task("Push", TaskType::PushNotification)
                .unwrap_err()
                .to_string(),
            manifest
                .check_task("Other", TaskType::Timer)
                .unwrap_err()
                .to_string(),
        ];
        assert_eq!(
            texts,
            [
                "m.toml lacks the line `toast_capable = true` under [app]",
                "m.toml lacks \"push_notification\" in the `types` of Push, line 6",
                "m.toml lacks a [[background_task]] with the lines `entry_point = \"Other\"` and `types = [\"timer\"]`",
            ]
        );
    }

    #[test]
    fn what_is_no_manifest_is_refused_with_its_line() {
        let app = "[app]\nid = \"a\"\nname = \"A\"\n";
        for (text, hint) in [
            (String::new(), "app"),
            (format!("{app}colour = 1\n"), "line 4"),
            (format!("{app}icon = \"../x.png\"\n"), "icon"),
            (
                format!("{app}[[background_task]]\nentry_point = \"x\"\ntypes = [\"push\"]\n"),
                "line 6",
            ),
            ("[app]\nid = \"a b\"\nname = \"A\"\n".to_owned(), "app.id"),
            ("[app]\nid = \"a\"\nname = \"\"\n".to_owned(), "app.name"),
            ("#".repeat(70_000), "65536"),
        ] {
            let error = Manifest::parse("m.toml", &text).unwrap_err().to_string();
            assert!(error.contains(hint), "{hint}: {error}");
        }
    }
}
