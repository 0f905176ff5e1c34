//! Whether a toast is drawn: what the app may, and what the phone lets through.

use crate::background::Reason;
use crate::model::{Conditions, Manifest, Screen, ToastContent};

/// What becomes of a toast.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Showing {
    /// It is drawn, and stands in the action centre.
    Drawn,
    /// It stands in the action centre alone, for this reason.
    ActionCentreOnly(&'static str),
    /// Nobody sees it.
    Dropped(Reason),
}

/// Decides on a toast. An app that may not show toasts has none; `X-WNS-SuppressPopup`, do not
/// disturb, quiet hours, and a lock screen that does not show the app's toasts keep one from being
/// drawn.
pub(super) fn showing(
    conditions: &Conditions,
    manifest: &Manifest,
    content: &ToastContent,
) -> Showing {
    if let Err(lacking) = manifest.check_toasts() {
        return Showing::Dropped(Reason::because("not_toast_capable", lacking));
    }
    if content.suppress_popup {
        return Showing::ActionCentreOnly("suppress_popup");
    }
    if conditions.dnd {
        return Showing::ActionCentreOnly("do_not_disturb");
    }
    if conditions.quiet_hours {
        return Showing::ActionCentreOnly("quiet_hours");
    }
    let locked = conditions.screen == Screen::Locked;
    if locked && manifest.check_lock_screen().is_err() {
        return Showing::ActionCentreOnly("not_on_lock_screen");
    }
    Showing::Drawn
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{MessageId, ToastKey, ToastTemplate};

    const APP: &str = "[app]\nid = \"a\"\nname = \"A\"\n";

    fn decide(states: &[&str], lines: &str, suppress_popup: bool) -> Showing {
        let mut conditions = Conditions::default();
        for state in states {
            conditions.apply(state.parse().unwrap());
        }
        let manifest = Manifest::parse("m.toml", &format!("{APP}{lines}")).unwrap();
        let key = ToastKey::of_message(&MessageId::parse("m").unwrap());
        let content = ToastContent {
            suppress_popup,
            ..ToastContent::new(key, "t", "b", ToastTemplate::ToastText01)
        };
        showing(&conditions, &manifest, &content)
    }

    #[test]
    fn conditions_and_manifest_decide_together() {
        let capable = "toast_capable = true\n";
        let on_lock = "toast_capable = true\nlock_screen = \"badge_and_toast\"\n";
        for (states, lines, suppress, expected) in [
            (&[][..], capable, false, Showing::Drawn),
            (&["screen=locked"], on_lock, false, Showing::Drawn),
            (
                &["app=foreground", "battery_saver=on"],
                capable,
                false,
                Showing::Drawn,
            ),
            (
                &["screen=locked"],
                capable,
                false,
                Showing::ActionCentreOnly("not_on_lock_screen"),
            ),
            (
                &["dnd=on"],
                on_lock,
                false,
                Showing::ActionCentreOnly("do_not_disturb"),
            ),
            (
                &["quiet_hours=on"],
                on_lock,
                false,
                Showing::ActionCentreOnly("quiet_hours"),
            ),
            (
                &["dnd=on"],
                on_lock,
                true,
                Showing::ActionCentreOnly("suppress_popup"),
            ),
        ] {
            assert_eq!(
                decide(states, lines, suppress),
                expected,
                "{states:?} {lines}"
            );
        }
    }

    #[test]
    fn an_app_that_may_not_show_toasts_is_told_which_line_it_lacks() {
        let Showing::Dropped(reason) = decide(&["dnd=on"], "", true) else {
            panic!("the app has no toasts");
        };
        assert_eq!(reason.code, "not_toast_capable");
        let detail = reason.detail.unwrap();
        assert!(detail.contains("toast_capable = true"), "{detail}");
    }
}
