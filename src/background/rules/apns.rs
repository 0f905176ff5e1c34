//! iOS.
//!
//! - Alerts are shown by the system, whatever becomes of the app ("Local and Remote Notification
//!   Programming Guide").
//! - A push that wakes the app: not when the user ended it (force-quit discards it), and only the
//!   newest that is held is kept ("Pushing background updates to your app", Apple; these two by a
//!   file that quotes it).
//! - Apple advises no more than two or three an hour and may throttle more; that the phone counts
//!   over a sliding hour is an assumption. An app in the foreground is handed its pushes at once,
//!   uncounted; nothing is counted while a debugger is attached (inferred).
//! - Without Background App Refresh the app is not woken. Low Power Mode switches it off for a
//!   while (Apple support, "Use Low Power Mode"); that pushes are then held rather than discarded
//!   is an assumption.

use std::time::Duration;

use super::{Candidate, Part, Reason, Scene, Verdict, give_up, hold};
use crate::model::{AppState, Conditions, RawNotification, Throttle};

/// Over which time wakes are counted.
const WINDOW: Duration = Duration::from_secs(3600);

pub(super) fn admit(candidate: &Candidate<'_>, scene: &Scene<'_>) -> Verdict {
    let conditions = scene.conditions;
    if candidate.part == Part::Visible || conditions.app == AppState::Foreground {
        return Verdict::Run;
    }
    if conditions.app == AppState::ForceQuit {
        return give_up("force_quit");
    }
    if !conditions.background_access.is_allowed() {
        return give_up("background_refresh_off");
    }
    if conditions.battery_saver {
        return hold("low_power_mode");
    }
    if candidate.woken || conditions.throttle == Throttle::Off {
        return Verdict::Run;
    }
    let most = scene.options.silent_wakes_an_hour;
    match scene.ledger.free_at(scene.now, WINDOW, most) {
        None => Verdict::Run,
        Some(free) => Verdict::Hold(
            Reason::because(
                "throttled",
                format!(
                    "the app was woken {most} times within an hour: `handset condition set throttle=off` stops counting"
                ),
            ),
            Some(free),
        ),
    }
}

pub(super) fn counts(conditions: &Conditions) -> bool {
    conditions.app != AppState::Foreground && conditions.throttle == Throttle::On
}

pub(super) fn replaces(newer: &RawNotification, older: &RawNotification) -> bool {
    newer.kind.wakes() && older.kind.wakes()
}
