//! Browsers.
//!
//! - On a low battery only urgency `high` is let through; `very-low` asks for power and a network
//!   that is not metered (RFC 8030 §5.3). That a phone without the battery saver is on power
//!   enough for `low` is an assumption.
//! - Without the user's permission the subscription is void (Push API, W3C, "Permission"): dropped.
//! - A browser that is closed receives nothing until it runs again; the push waits, which on a
//!   desktop is what its push service does (an assumption for phones).
//! - A message that has not been delivered is replaced by a later one of the same topic (RFC 8030
//!   §5.4).
//!
//! A service worker shows what a push says, so all of this holds for visible pushes alike.

use super::{Candidate, Scene, Verdict, give_up, hold, same_collapse_key};
use crate::model::{AppState, Network, Priority, RawNotification};

pub(super) fn admit(candidate: &Candidate<'_>, scene: &Scene<'_>) -> Verdict {
    let conditions = scene.conditions;
    let urgency = candidate.raw.priority;
    if !conditions.background_access.is_allowed() {
        return give_up("permission_denied");
    }
    if conditions.app == AppState::ForceQuit {
        return hold("browser_closed");
    }
    if conditions.battery_saver && urgency < Priority::High {
        return hold("low_battery");
    }
    if conditions.network == Network::Metered && urgency == Priority::VeryLow {
        return hold("metered");
    }
    Verdict::Run
}

pub(super) fn replaces(newer: &RawNotification, older: &RawNotification) -> bool {
    same_collapse_key(newer, older)
}
