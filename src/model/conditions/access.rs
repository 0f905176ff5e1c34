//! What an app may do in the background.

use serde::{Deserialize, Serialize};

/// The answer to a request for background access, with WinRT's names
/// (`BackgroundAccessStatus`); values 1 to 3 are those before Windows 10 1607.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BackgroundAccess {
    /// The user was not asked, or did not answer.
    Unspecified,
    /// Allowed, with a place on the lock screen.
    AllowedWithAlwaysOn,
    /// Allowed while the device is in use.
    AllowedMayUseActive,
    /// Refused: by the user, or because too many apps have it.
    Denied,
    /// Allowed without any saving of energy.
    AlwaysAllowed,
    /// Allowed, within what the system's policy permits: the usual answer.
    #[default]
    AllowedSubjectToSystemPolicy,
    /// Refused by the system's policy, such as the energy saver's.
    DeniedBySystemPolicy,
    /// Refused by the user.
    DeniedByUser,
}

impl BackgroundAccess {
    const ALL: [Self; 8] = [
        Self::Unspecified,
        Self::AllowedWithAlwaysOn,
        Self::AllowedMayUseActive,
        Self::Denied,
        Self::AlwaysAllowed,
        Self::AllowedSubjectToSystemPolicy,
        Self::DeniedBySystemPolicy,
        Self::DeniedByUser,
    ];

    pub(super) const NAMES: &'static [&'static str] = &[
        "unspecified",
        "allowed_with_always_on",
        "allowed_may_use_active",
        "denied",
        "always_allowed",
        "allowed_subject_to_system_policy",
        "denied_by_system_policy",
        "denied_by_user",
    ];

    /// The name on the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unspecified => "unspecified",
            Self::AllowedWithAlwaysOn => "allowed_with_always_on",
            Self::AllowedMayUseActive => "allowed_may_use_active",
            Self::Denied => "denied",
            Self::AlwaysAllowed => "always_allowed",
            Self::AllowedSubjectToSystemPolicy => "allowed_subject_to_system_policy",
            Self::DeniedBySystemPolicy => "denied_by_system_policy",
            Self::DeniedByUser => "denied_by_user",
        }
    }

    /// Reads the name on the command line or WinRT's own, in any case.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        let bare = |text: &str| text.replace('_', "").to_ascii_lowercase();
        Self::ALL
            .into_iter()
            .find(|access| bare(access.as_str()) == bare(name))
    }

    /// True where background tasks may be registered and run.
    #[must_use]
    pub fn is_allowed(self) -> bool {
        match self {
            Self::AllowedWithAlwaysOn
            | Self::AllowedMayUseActive
            | Self::AlwaysAllowed
            | Self::AllowedSubjectToSystemPolicy => true,
            Self::Unspecified | Self::Denied | Self::DeniedBySystemPolicy | Self::DeniedByUser => {
                false
            }
        }
    }
}

impl std::fmt::Display for BackgroundAccess {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_are_read() {
        for (access, name) in BackgroundAccess::ALL
            .into_iter()
            .zip(BackgroundAccess::NAMES)
        {
            assert_eq!(access.as_str(), *name);
            assert_eq!(BackgroundAccess::from_name(name), Some(access));
        }
        assert_eq!(
            BackgroundAccess::from_name("DeniedByUser"),
            Some(BackgroundAccess::DeniedByUser)
        );
        assert_eq!(BackgroundAccess::from_name("maybe"), None);
    }
}
