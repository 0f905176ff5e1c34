//! What a task may ask of the phone before it runs.

use serde::{Deserialize, Serialize};

/// A condition that latches a task's trigger until it is met, with WinRT's names
/// (`SystemConditionType`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum SystemCondition {
    /// The user is there: the screen is unlocked.
    UserPresent,
    /// The screen is locked.
    UserNotPresent,
    /// There is a network.
    InternetAvailable,
    /// There is none.
    InternetNotAvailable,
    /// The user's session is connected: the screen is unlocked.
    SessionConnected,
    /// It is not.
    SessionDisconnected,
    /// The network costs nothing.
    FreeNetwork,
    /// Work in the background is cheap: no battery saver, no metered network.
    BackgroundWorkCostNotHigh,
}

impl SystemCondition {
    /// Every condition, in WinRT's order.
    pub const ALL: [Self; 8] = [
        Self::UserPresent,
        Self::UserNotPresent,
        Self::InternetAvailable,
        Self::InternetNotAvailable,
        Self::SessionConnected,
        Self::SessionDisconnected,
        Self::FreeNetwork,
        Self::BackgroundWorkCostNotHigh,
    ];

    /// Reads WinRT's name, in any case.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|condition| condition.as_str().eq_ignore_ascii_case(name))
    }

    /// WinRT's name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::UserPresent => "UserPresent",
            Self::UserNotPresent => "UserNotPresent",
            Self::InternetAvailable => "InternetAvailable",
            Self::InternetNotAvailable => "InternetNotAvailable",
            Self::SessionConnected => "SessionConnected",
            Self::SessionDisconnected => "SessionDisconnected",
            Self::FreeNetwork => "FreeNetwork",
            Self::BackgroundWorkCostNotHigh => "BackgroundWorkCostNotHigh",
        }
    }
}
