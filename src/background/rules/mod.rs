//! What each platform does with a push under the phone's conditions: pure decisions, one file each.
//!
//! A rule looks at one part of a push: what the platform shows by itself ([`Part::Visible`]), or
//! the task it wakes ([`Part::Task`]). What is shown is shown whatever the conditions are, but
//! where its platform forbids it. A push that the user signed in for is fetched by the app itself,
//! so no rule about waking applies to it; what its task waits for still does.
//!
//! | | WNS | APNs | FCM | Web Push |
//! |---|---|---|---|---|
//! | battery saver | held `energy_saver`¹ | held `low_power_mode` | not high: held `battery_saver`² | not high: held `low_battery`³ |
//! | quiet hours | held `quiet_hours` | – | – | – |
//! | doze | – | – | not high: held `doze`³ | – |
//! | metered | – | – | – | very low: held `metered`³ |
//! | too many wakes | – | held `throttled` | high counts as normal | – |
//! | access refused | dropped `background_access_denied` | dropped `background_refresh_off` | dropped `background_restricted`³ | dropped `permission_denied`³ |
//! | force-quit | runs | dropped `force_quit` | dropped `force_stopped`³ | held `browser_closed`³ |
//! | foreground | as else | runs | no `battery_saver`, no `background_restricted` | as else |
//! | newer replaces held | never | always | same collapse key | same topic |
//!
//! ¹ unless background access is `AlwaysAllowed` · ² unless in the foreground · ³ visible ones, too

mod apns;
mod fcm;
mod ledger;
mod webpush;
mod wns;

pub use ledger::{Ledger, Wake};

use jiff::Timestamp;

use super::{Part, Reason};
use crate::model::{Conditions, Network, Platform, RawNotification, SystemCondition};

/// The numbers of the rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleOptions {
    /// How many pushes without UI wake the app in an hour before the next is held (Apple advises
    /// senders no more than two or three an hour; that the phone enforces just that is an
    /// assumption).
    pub silent_wakes_an_hour: usize,
    /// How many high-priority messages of the last seven days must have led to nothing the user
    /// sees before the next count as normal (Firebase speaks of a pattern over seven days and
    /// gives no number: an assumption). They must also be more than those the user saw.
    pub high_without_ui: usize,
}

impl Default for RuleOptions {
    fn default() -> Self {
        Self {
            silent_wakes_an_hour: 3,
            high_without_ui: 10,
        }
    }
}

/// What a platform does with one part of a push now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It goes ahead.
    Run,
    /// It waits for a condition; where time alone may change that, until then.
    Hold(Reason, Option<Timestamp>),
    /// It is given up.
    Drop(Reason),
}

/// What is asked about.
#[derive(Debug, Clone, Copy)]
pub struct Candidate<'a> {
    /// The push.
    pub raw: &'a RawNotification,
    /// Which part of it.
    pub part: Part,
    /// The platform let it through before: it is not counted a second time.
    pub woken: bool,
    /// The user signed in for it, and the app fetches it itself.
    pub by_app: bool,
    /// The conditions its task latches.
    pub needs: &'a [SystemCondition],
}

/// What a decision rests on.
#[derive(Debug, Clone, Copy)]
pub struct Scene<'a> {
    /// The phone's conditions.
    pub conditions: &'a Conditions,
    /// What the platform let through before.
    pub ledger: &'a Ledger,
    /// The numbers.
    pub options: &'a RuleOptions,
    /// The time.
    pub now: Timestamp,
}

/// What becomes of `candidate` now.
#[must_use]
pub fn admit(candidate: &Candidate<'_>, scene: &Scene<'_>) -> Verdict {
    if !candidate.by_app {
        let verdict = match candidate.raw.platform {
            Platform::Wns => wns::admit(candidate, scene),
            Platform::Apns => apns::admit(candidate, scene),
            Platform::Fcm => fcm::admit(candidate, scene),
            Platform::WebPush => webpush::admit(candidate, scene),
        };
        if verdict != Verdict::Run {
            return verdict;
        }
    }
    match candidate.part {
        Part::Visible => Verdict::Run,
        Part::Task => latched(candidate.needs, scene.conditions),
    }
}

/// Whether `newer` takes the place of `older` where both are held. Both are of one owner, and
/// `newer` came later.
#[must_use]
pub fn replaces(newer: &RawNotification, older: &RawNotification) -> bool {
    newer.platform == older.platform
        && match newer.platform {
            Platform::Wns => false,
            Platform::Apns => apns::replaces(newer, older),
            Platform::Fcm => fcm::replaces(newer, older),
            Platform::WebPush => webpush::replaces(newer, older),
        }
}

/// False for a push that takes the place of none, whatever is held.
#[must_use]
pub fn may_replace(newer: &RawNotification) -> bool {
    match newer.platform {
        Platform::Wns => false,
        Platform::Apns => newer.kind.wakes(),
        Platform::Fcm | Platform::WebPush => newer.collapse.is_some(),
    }
}

/// Whether the platform counts that it wakes the task for `raw` now.
#[must_use]
pub fn counts(raw: &RawNotification, conditions: &Conditions) -> bool {
    match raw.platform {
        Platform::Wns | Platform::WebPush => false,
        Platform::Apns => apns::counts(conditions),
        Platform::Fcm => fcm::counts(raw),
    }
}

/// A task waits until every condition it latches is met (WinRT `BackgroundTaskBuilder.AddCondition`).
fn latched(needs: &[SystemCondition], conditions: &Conditions) -> Verdict {
    let Some(unmet) = needs.iter().find(|need| !conditions.meet(**need)) else {
        return Verdict::Run;
    };
    let offline = conditions.network == Network::Offline;
    if *unmet == SystemCondition::InternetAvailable && offline {
        return hold("offline");
    }
    Verdict::Hold(Reason::because("condition_not_met", unmet.as_str()), None)
}

fn hold(code: &'static str) -> Verdict {
    Verdict::Hold(Reason::new(code), None)
}

fn give_up(code: &'static str) -> Verdict {
    Verdict::Drop(Reason::new(code))
}

fn same_collapse_key(newer: &RawNotification, older: &RawNotification) -> bool {
    newer.collapse.is_some() && newer.collapse == older.collapse
}

#[cfg(test)]
mod tests;
