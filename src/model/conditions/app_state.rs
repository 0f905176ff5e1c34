//! Where the app is.

use serde::{Deserialize, Serialize};

/// Where the app is on a phone that is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AppState {
    /// The user looks at it: a push goes to it first.
    Foreground,
    /// It was left, and may be woken.
    #[default]
    Background,
    /// It was never started, or the system ended it; it may be woken.
    NotRunning,
    /// The user ended it (iOS: swiped away; Android: force-stopped): it is not woken.
    ForceQuit,
}

impl AppState {
    /// The name on the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Foreground => "foreground",
            Self::Background => "background",
            Self::NotRunning => "not_running",
            Self::ForceQuit => "force_quit",
        }
    }

    pub(super) fn from_name(name: &str) -> Option<Self> {
        [
            Self::Foreground,
            Self::Background,
            Self::NotRunning,
            Self::ForceQuit,
        ]
        .into_iter()
        .find(|state| state.as_str() == name)
    }
}
