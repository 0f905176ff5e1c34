//! What the phone's conditions and its user do to pushes, tasks and toasts, in words.

use crate::background::CancellationReason;
use crate::cli::output::Output;
use crate::model::{SystemCondition, ToastKey};
use crate::telemetry::{Event, EventName};

/// What people are told of `event`, if it is one that they want to know.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the caller names every event and leaves these to this function"
)]
pub(super) fn words(event: &Event, output: &Output) -> Option<String> {
    let text = |name: &str| event.text(name).unwrap_or("-");
    let words = match event.event {
        EventName::PushHeld => held(text("reason"), event.text("detail"), output),
        EventName::PushReleased => "a push that waited is taken up".to_owned(),
        EventName::PushSuperseded => format!(
            "a newer push took the place of one that waited {}",
            output.dim(&format!("(message {})", text("message")))
        ),
        EventName::TaskCanceled => format!(
            "{}: {}",
            output.bad("a background task was ended"),
            cancellation(text("reason"))
        ),
        EventName::ConditionChanged => {
            format!("{} is {}", text("condition"), output.bold(text("state")))
        }
        EventName::ToastShown | EventName::ToastUpdated => format!(
            "a toast went to the action centre alone: {}",
            kept_back(event.text("reason")?)
        ),
        EventName::ToastTapped => tapped(event),
        EventName::ToastDismissed => "a toast was swept away".to_owned(),
        EventName::BadgeChanged => format!("the badge is {}", output.bold(text("badge"))),
        _ => return None,
    };
    Some(words)
}

/// Why a push waits, and what lets it go.
fn held(reason: &str, detail: Option<&str>, output: &Output) -> String {
    let cause = match (reason, detail) {
        ("offline", _) => "the phone is offline",
        ("low_power_mode" | "battery_saver" | "energy_saver" | "low_battery", _) => {
            "battery saver is on"
        }
        ("doze", _) => "the phone dozes",
        ("quiet_hours", _) => "quiet hours are on",
        ("metered", _) => "the network is metered",
        ("force_stopped", _) => "the user ended the app",
        ("browser_closed", _) => "the user closed the browser",
        ("background_restricted", _) => "the user does not let the app run in the background",
        (_, Some(detail)) => detail,
        (code, None) => code,
    };
    let mark = output.bold("a push waits");
    match remedy(reason, detail.unwrap_or_default()) {
        Some(set) => format!("{mark}: {cause}; `handset condition set {set}` lets it go"),
        None => format!("{mark}: {cause}"),
    }
}

/// The condition to set so that a push goes on which waits for `reason`.
fn remedy(reason: &str, detail: &str) -> Option<&'static str> {
    let set = match reason {
        "offline" | "metered" => "network=online",
        "low_power_mode" | "battery_saver" | "energy_saver" | "low_battery" => "battery_saver=off",
        "doze" => "doze=off",
        "quiet_hours" => "quiet_hours=off",
        "throttled" => "throttle=off",
        "force_stopped" | "browser_closed" => "app=background",
        "background_restricted" => "background_access=allowed_subject_to_system_policy",
        "condition_not_met" => {
            let mut all = SystemCondition::ALL.into_iter();
            match all.find(|condition| detail.contains(condition.as_str()))? {
                SystemCondition::UserPresent | SystemCondition::SessionConnected => {
                    "screen=unlocked"
                }
                SystemCondition::UserNotPresent | SystemCondition::SessionDisconnected => {
                    "screen=locked"
                }
                SystemCondition::InternetAvailable | SystemCondition::FreeNetwork => {
                    "network=online"
                }
                SystemCondition::InternetNotAvailable => "network=offline",
                SystemCondition::BackgroundWorkCostNotHigh => "battery_saver=off network=online",
            }
        }
        _ => return None,
    };
    Some(set)
}

/// WinRT's reason in words, with its name.
fn cancellation(reason: &str) -> String {
    use CancellationReason as Reason;
    let Some(known) = Reason::from_name(reason) else {
        return match reason {
            "task_failed" => "its code panicked (task_failed)".to_owned(),
            other => other.to_owned(),
        };
    };
    let words = match known {
        Reason::Abort => "the app ended it",
        Reason::Terminating => "the phone was switched off or the user ended the app",
        Reason::LoggingOff => "the user signed out",
        Reason::ServicingUpdate => "the app is being updated",
        Reason::IdleTask => "its host was idle",
        Reason::Uninstall => "the app is being removed",
        Reason::ConditionLoss => "a condition that it needs is not met any more",
        Reason::SystemPolicy => "the system does not let the app run in the background any more",
        Reason::QuietHoursEntered => "quiet hours were turned on",
        Reason::ExecutionTimeExceeded => "its time was used up",
        Reason::ResourceRevocation => {
            "the user does not let the app run in the background any more"
        }
        Reason::EnergySaver => "battery saver was turned on",
    };
    format!("{words} ({known})")
}

/// Why a toast was not drawn.
fn kept_back(reason: &str) -> &str {
    match reason {
        "do_not_disturb" => "do not disturb is on",
        "quiet_hours" => "quiet hours are on",
        "suppress_popup" => "its sender wanted it so",
        "not_on_lock_screen" => {
            "the screen is locked, and the manifest lets no toast of the app appear there"
        }
        other => other,
    }
}

/// A tapped toast; the one that asks to sign in names the command, and no more than the user's
/// name: whoever may push may call a toast what he likes.
fn tapped(event: &Event) -> String {
    let sign_in = (event.text("launch") == Some("sign-in"))
        .then_some(event.toast.as_ref())
        .flatten()
        .and_then(|toast| ToastKey::stored(toast.tag.clone()).sign_in_account());
    match sign_in {
        Some(account) => format!(
            "the toast that asks to sign in was tapped: `handset login --user {}` signs in",
            account.user
        ),
        None => "a toast was tapped".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Environment;
    use crate::telemetry::ToastFields;

    fn said(event: Event) -> Option<String> {
        words(&event, &Output::new(false, &Environment::default()))
    }

    fn event(name: EventName) -> Event {
        Event::new(jiff::Timestamp::UNIX_EPOCH, name)
    }

    #[test]
    fn whatever_a_push_waits_for_has_a_remedy_that_is_taken() {
        let codes = [
            "offline",
            "low_power_mode",
            "doze",
            "battery_saver",
            "quiet_hours",
            "energy_saver",
            "browser_closed",
            "low_battery",
            "metered",
            "throttled",
            "force_stopped",
            "background_restricted",
        ];
        let details = SystemCondition::ALL.map(SystemCondition::as_str);
        let waits = codes.map(|code| (code, "")).into_iter();
        for (reason, detail) in waits.chain(details.map(|name| ("condition_not_met", name))) {
            let set = remedy(reason, detail).unwrap_or_else(|| panic!("{reason} {detail}"));
            for state in set.split(' ') {
                state.parse::<crate::model::Condition>().unwrap();
            }
            let held = event(EventName::PushHeld)
                .with("reason", reason)
                .with("detail", detail);
            assert!(said(held).unwrap().contains(set), "{reason} {detail}");
        }
        for name in details {
            let met = remedy("condition_not_met", name).unwrap();
            let mut conditions = crate::model::Conditions::default();
            for state in met.split(' ') {
                conditions.apply(state.parse().unwrap());
            }
            let condition = SystemCondition::from_name(name).unwrap();
            assert!(conditions.meet(condition), "{name}");
        }
        let other = event(EventName::PushHeld).with("reason", "new_rule");
        assert_eq!(said(other).unwrap(), "a push waits: new_rule");
    }

    #[test]
    fn a_canceled_task_and_a_toast_that_is_not_drawn_have_their_reasons() {
        for reason in CancellationReason::ALL {
            let canceled = event(EventName::TaskCanceled).with("reason", reason.as_str());
            let said = said(canceled).unwrap();
            assert!(said.contains(&format!("({reason})")), "{said}");
        }
        let shown = event(EventName::ToastShown);
        assert_eq!(said(shown.clone()), None);
        let kept = said(shown.with("reason", "do_not_disturb")).unwrap();
        assert!(kept.contains("do not disturb is on"), "{kept}");
    }

    #[test]
    fn only_the_toast_that_asks_to_sign_in_names_the_command() {
        let tapped = |launch: &str, tag: &str| {
            let toast = ToastFields {
                id: 1,
                title: String::new(),
                body: String::new(),
                tag: tag.to_owned(),
                group: None,
                template: "ToastText01".to_owned(),
                renderer: "desktop".to_owned(),
            };
            let event = event(EventName::ToastTapped).with("launch", launch);
            said(event.with_toast(toast)).unwrap()
        };
        let ours = tapped("sign-in", "sign-in:alice@http://127.0.0.1:8480");
        assert!(ours.contains("`handset login --user alice`"), "{ours}");
        for (launch, tag) in [
            ("sign-in", "lunch"),
            ("sign-in", "sign-in:a b`rm`@http://evil.example"),
            ("open", "sign-in:alice@http://127.0.0.1:8480"),
        ] {
            assert_eq!(tapped(launch, tag), "a toast was tapped");
        }
    }
}
