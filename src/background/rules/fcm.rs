//! Android.
//!
//! - Doze delays normal-priority messages until it ends; high-priority ones wake the phone. Those
//!   that lead to nothing the user sees, as a pattern over seven days, count as normal ("Set and
//!   manage message priority", Firebase). Both hold for notification messages, too.
//! - Battery Saver limits what apps do in the background; that normal-priority messages wait for
//!   its end is an assumption.
//! - A force-stopped app receives nothing, and its notification messages are shown by its own
//!   process (Android "Stopped state"). What is lost meanwhile stays lost.
//! - An app that the user restricted in the background is sent nothing, and later messages come as
//!   before once that is undone (Firebase, "Background restricted apps"; secondary): dropped, not
//!   held. In the foreground it is not restricted.
//! - `onDeletedMessages` makes the app fetch all it missed, so it is let through at any priority;
//!   while the app is force-stopped or restricted it waits, as nothing else makes up for it (an
//!   assumption).
//! - A message that has not been delivered is replaced by a later one with the same collapse key
//!   ("Non-collapsible and collapsible messages", Firebase).

use super::{Candidate, Part, Scene, Verdict, give_up, hold, same_collapse_key};
use crate::model::{AppState, Priority, PushKind, RawNotification};

pub(super) fn admit(candidate: &Candidate<'_>, scene: &Scene<'_>) -> Verdict {
    let conditions = scene.conditions;
    let foreground = conditions.app == AppState::Foreground;
    let missed = candidate.raw.kind == PushKind::DeletedMessages;
    let refused = if conditions.app == AppState::ForceQuit {
        Some("force_stopped")
    } else if !foreground && !conditions.background_access.is_allowed() {
        Some("background_restricted")
    } else {
        None
    };
    match refused {
        Some(code) if missed => return hold(code),
        Some(code) => return give_up(code),
        None => {}
    }
    if missed || priority(candidate.raw, scene) == Priority::High {
        return Verdict::Run;
    }
    if conditions.doze {
        return hold("doze");
    }
    if conditions.battery_saver && !foreground && candidate.part == Part::Task {
        return hold("battery_saver");
    }
    Verdict::Run
}

pub(super) fn counts(raw: &RawNotification) -> bool {
    raw.priority == Priority::High
}

pub(super) fn replaces(newer: &RawNotification, older: &RawNotification) -> bool {
    older.kind != PushKind::DeletedMessages && same_collapse_key(newer, older)
}

/// The priority that counts.
fn priority(raw: &RawNotification, scene: &Scene<'_>) -> Priority {
    let least = scene.options.high_without_ui;
    if raw.priority == Priority::High && scene.ledger.is_unseen_pattern(scene.now, least) {
        return Priority::Normal;
    }
    raw.priority
}
