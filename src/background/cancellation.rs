//! Why an instance is told to end, and which changes of the phone do that.

use std::fmt;

use super::TaskRegistration;
use crate::model::{AppState, BackgroundAccess, Conditions, Platform};

/// Why an instance was told to end, with WinRT's names (`BackgroundTaskCancellationReason`). The
/// phone itself raises those that say so; the others are for who plays the system
/// ([`super::TaskRegistry::cancel_running`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CancellationReason {
    /// The app ended it: its task was unregistered with `cancel`, or it gave background access
    /// back.
    Abort,
    /// The phone is being switched off, or the user ended the app (`app=force_quit`; not on WNS,
    /// where background tasks have a host of their own).
    Terminating,
    /// The user signed out.
    LoggingOff,
    /// The app is being updated.
    ServicingUpdate,
    /// The host has been idle.
    IdleTask,
    /// The app is being removed.
    Uninstall,
    /// A condition of the task is not met any more, and it asked to be told
    /// (`CancelOnConditionLoss`).
    ConditionLoss,
    /// The system does not allow it any more: `background_access` became one that is not allowed,
    /// but for `denied_by_user`.
    SystemPolicy,
    /// `quiet_hours` were turned on (WNS, Windows 8.1).
    QuietHoursEntered,
    /// The budget is used up.
    ExecutionTimeExceeded,
    /// What it needs was taken from it: `background_access=denied_by_user` (assumption: WinRT names
    /// no reason for a user who changes his mind).
    ResourceRevocation,
    /// `battery_saver` was turned on (WNS, unless `background_access=always_allowed`).
    EnergySaver,
}

impl CancellationReason {
    /// Every reason, in WinRT's order.
    pub const ALL: [Self; 12] = [
        Self::Abort,
        Self::Terminating,
        Self::LoggingOff,
        Self::ServicingUpdate,
        Self::IdleTask,
        Self::Uninstall,
        Self::ConditionLoss,
        Self::SystemPolicy,
        Self::QuietHoursEntered,
        Self::ExecutionTimeExceeded,
        Self::ResourceRevocation,
        Self::EnergySaver,
    ];

    /// The reason as it stands in events.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Abort => "Abort",
            Self::Terminating => "Terminating",
            Self::LoggingOff => "LoggingOff",
            Self::ServicingUpdate => "ServicingUpdate",
            Self::IdleTask => "IdleTask",
            Self::Uninstall => "Uninstall",
            Self::ConditionLoss => "ConditionLoss",
            Self::SystemPolicy => "SystemPolicy",
            Self::QuietHoursEntered => "QuietHoursEntered",
            Self::ExecutionTimeExceeded => "ExecutionTimeExceeded",
            Self::ResourceRevocation => "ResourceRevocation",
            Self::EnergySaver => "EnergySaver",
        }
    }

    /// Reads WinRT's name, in any case.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|reason| reason.as_str().eq_ignore_ascii_case(name))
    }
}

impl fmt::Display for CancellationReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A reason to end an instance, and whether it is left any time to do so by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cause {
    pub(super) reason: CancellationReason,
    pub(super) at_once: bool,
}

impl From<CancellationReason> for Cause {
    fn from(reason: CancellationReason) -> Self {
        Self {
            reason,
            at_once: false,
        }
    }
}

/// What a change of the phone does to a running instance. Only what became so counts: a task that
/// was let through although, say, quiet hours were on already is left to run.
pub(super) fn cause_of(
    before: &Conditions,
    now: &Conditions,
    platform: Platform,
    task: &TaskRegistration,
) -> Option<Cause> {
    let began = |holds: fn(&Conditions) -> bool| holds(now) && !holds(before);
    if began(|phone| phone.app == AppState::ForceQuit) && platform != Platform::Wns {
        return Some(Cause {
            reason: CancellationReason::Terminating,
            // A forced stop kills the process without a word.
            at_once: platform == Platform::Fcm,
        });
    }
    if began(|phone| !phone.background_access.is_allowed()) {
        let by_user = now.background_access == BackgroundAccess::DeniedByUser;
        return Some(match by_user {
            true => CancellationReason::ResourceRevocation.into(),
            false => CancellationReason::SystemPolicy.into(),
        });
    }
    if platform == Platform::Wns && began(|phone| phone.quiet_hours) {
        return Some(CancellationReason::QuietHoursEntered.into());
    }
    if platform == Platform::Wns && began(saves_energy) {
        return Some(CancellationReason::EnergySaver.into());
    }
    let lost = task.cancel_on_condition_loss && task.unmet(now).is_some();
    lost.then(|| CancellationReason::ConditionLoss.into())
}

/// True while Windows keeps background tasks from running to save energy.
pub(super) fn saves_energy(phone: &Conditions) -> bool {
    phone.battery_saver && phone.background_access != BackgroundAccess::AlwaysAllowed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::background::Trigger;
    use crate::model::{Condition, SystemCondition};

    fn cause(platform: Platform, changes: &[&str]) -> Option<Cause> {
        let mut task = TaskRegistration::new("t", "T", Trigger::RawPush);
        task.conditions = vec![SystemCondition::InternetAvailable];
        task.cancel_on_condition_loss = true;
        let (mut before, mut now) = (Conditions::default(), Conditions::default());
        for change in changes {
            before = now;
            now.apply(change.parse::<Condition>().unwrap());
        }
        cause_of(&before, &now, platform, &task)
    }

    #[test]
    fn each_change_of_the_phone_ends_an_instance_as_on_its_platform() {
        use CancellationReason as R;
        for (platform, changes, expected) in [
            (
                Platform::Wns,
                &["network=offline"][..],
                Some(R::ConditionLoss),
            ),
            (Platform::Wns, &["network=metered"], None),
            (
                Platform::Wns,
                &["quiet_hours=on"],
                Some(R::QuietHoursEntered),
            ),
            (Platform::Wns, &["quiet_hours=on", "dnd=on"], None),
            (Platform::Apns, &["quiet_hours=on"], None),
            (Platform::Wns, &["battery_saver=on"], Some(R::EnergySaver)),
            (
                Platform::Wns,
                &["background_access=always_allowed", "battery_saver=on"],
                None,
            ),
            (Platform::Fcm, &["battery_saver=on"], None),
            (
                Platform::Wns,
                &["background_access=denied_by_system_policy"],
                Some(R::SystemPolicy),
            ),
            (
                Platform::Apns,
                &["background_access=denied_by_user"],
                Some(R::ResourceRevocation),
            ),
            (Platform::Wns, &["app=force_quit"], None),
            (Platform::Apns, &["app=force_quit"], Some(R::Terminating)),
            (Platform::Wns, &["screen=locked"], None),
        ] {
            let found = cause(platform, changes).map(|cause| cause.reason);
            assert_eq!(found, expected, "{platform} {changes:?}");
        }
        assert!(cause(Platform::Fcm, &["app=force_quit"]).unwrap().at_once);
    }

    #[test]
    fn every_reason_has_its_own_name() {
        for reason in CancellationReason::ALL {
            assert_eq!(CancellationReason::from_name(reason.as_str()), Some(reason));
        }
        assert_eq!(CancellationReason::from_name("Bored"), None);
    }
}
