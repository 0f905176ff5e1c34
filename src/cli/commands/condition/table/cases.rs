//! What is tried.

use crate::wire::app_backend::SendPriority;

/// What is sent to a phone under a condition.
pub(super) struct Case {
    /// The conditions, none for a phone as it usually is.
    pub(super) conditions: &'static [&'static str],
    /// The pushes, in order.
    pub(super) pushes: &'static [SendPriority],
}

const NORMAL: SendPriority = SendPriority::Normal;
const HIGH: SendPriority = SendPriority::High;

impl Case {
    /// The conditions in words.
    pub(super) fn name(&self) -> String {
        match self.conditions {
            [] => "as usual".to_owned(),
            conditions => conditions.join(" "),
        }
    }
}

const fn under(conditions: &'static [&'static str]) -> Case {
    Case {
        conditions,
        pushes: &[NORMAL, NORMAL, HIGH],
    }
}

/// Every case, the phone as it usually is first.
pub(super) const CASES: [Case; 15] = [
    under(&[]),
    under(&["network=offline"]),
    under(&["network=metered"]),
    under(&["screen=locked"]),
    under(&["battery_saver=on"]),
    under(&["battery_saver=on", "background_access=always_allowed"]),
    under(&["doze=on"]),
    under(&["dnd=on"]),
    under(&["quiet_hours=on"]),
    under(&["app=foreground"]),
    under(&["app=not_running"]),
    under(&["app=force_quit"]),
    under(&["background_access=denied_by_user"]),
    Case {
        conditions: &["throttle=on"],
        pushes: &[NORMAL; 5],
    },
    Case {
        conditions: &["throttle=off"],
        pushes: &[NORMAL; 5],
    },
];
