use bytes::Bytes;

use super::*;
use crate::model::{AppState, BackgroundAccess, Condition, MessageId, Priority, PushKind};

const RAW: (PushKind, Priority) = (PushKind::Raw, Priority::Normal);
const HIGH: (PushKind, Priority) = (PushKind::Raw, Priority::High);
const TOAST: (PushKind, Priority) = (PushKind::Toast, Priority::Normal);
const HIGH_TOAST: (PushKind, Priority) = (PushKind::Toast, Priority::High);
const LEAST: (PushKind, Priority) = (PushKind::Raw, Priority::VeryLow);
const MISSED: (PushKind, Priority) = (PushKind::DeletedMessages, Priority::Normal);

fn push(platform: Platform, (kind, priority): (PushKind, Priority)) -> RawNotification {
    let message = MessageId::parse("m").unwrap();
    RawNotification {
        kind,
        priority,
        ..RawNotification::new(message, platform, Bytes::from_static(b"1"))
    }
}

fn candidate(raw: &RawNotification) -> Candidate<'_> {
    Candidate {
        raw,
        part: Part::first_of(raw.kind),
        woken: false,
        by_app: false,
        needs: &[],
    }
}

fn under(conditions: &str) -> Conditions {
    let mut all = Conditions::default();
    for condition in conditions.split_whitespace() {
        all.apply(condition.parse::<Condition>().unwrap());
    }
    all
}

fn wakes(seconds: &[i64]) -> Ledger {
    let wake = |&second: &i64| Wake {
        entry: second,
        at: Timestamp::from_second(second).unwrap(),
        shown: false,
    };
    Ledger::new(seconds.iter().map(wake).collect())
}

fn verdict(candidate: &Candidate<'_>, conditions: &Conditions, ledger: &Ledger) -> Verdict {
    let scene = Scene {
        conditions,
        ledger,
        options: &RuleOptions::default(),
        now: Timestamp::from_second(1000).unwrap(),
    };
    admit(candidate, &scene)
}

/// The verdict in a word or two.
fn shown(platform: Platform, what: (PushKind, Priority), conditions: &str) -> String {
    let raw = push(platform, what);
    match verdict(&candidate(&raw), &under(conditions), &Ledger::default()) {
        Verdict::Run => "run".to_owned(),
        Verdict::Hold(reason, _) => format!("hold {}", reason.code),
        Verdict::Drop(reason) => format!("drop {}", reason.code),
    }
}

fn holds_the_table(platform: Platform, table: &[((PushKind, Priority), &str, &str)]) {
    for (what, conditions, expected) in table {
        let got = shown(platform, *what, conditions);
        assert_eq!(got, *expected, "{platform} {what:?} under {conditions:?}");
    }
}

#[test]
fn wns() {
    holds_the_table(
        Platform::Wns,
        &[
            (RAW, "", "run"),
            (RAW, "battery_saver=on", "hold energy_saver"),
            (HIGH, "battery_saver=on", "hold energy_saver"),
            (
                RAW,
                "battery_saver=on background_access=always_allowed",
                "run",
            ),
            (
                RAW,
                "quiet_hours=on background_access=always_allowed",
                "hold quiet_hours",
            ),
            (
                RAW,
                "background_access=denied_by_user",
                "drop background_access_denied",
            ),
            (
                RAW,
                "background_access=unspecified",
                "drop background_access_denied",
            ),
            (RAW, "app=force_quit", "run"),
            (RAW, "app=not_running doze=on", "run"),
            (
                TOAST,
                "battery_saver=on quiet_hours=on background_access=denied",
                "run",
            ),
        ],
    );
}

#[test]
fn apns() {
    holds_the_table(
        Platform::Apns,
        &[
            (RAW, "", "run"),
            (RAW, "app=force_quit", "drop force_quit"),
            (
                RAW,
                "background_access=denied_by_user",
                "drop background_refresh_off",
            ),
            (
                RAW,
                "background_access=denied_by_user app=foreground",
                "run",
            ),
            (RAW, "battery_saver=on", "hold low_power_mode"),
            (RAW, "battery_saver=on app=foreground", "run"),
            (TOAST, "app=force_quit battery_saver=on", "run"),
            (RAW, "quiet_hours=on doze=on", "run"),
        ],
    );
}

#[test]
fn fcm() {
    holds_the_table(
        Platform::Fcm,
        &[
            (RAW, "doze=on", "hold doze"),
            (LEAST, "doze=on", "hold doze"),
            (HIGH, "doze=on battery_saver=on", "run"),
            (TOAST, "doze=on", "hold doze"),
            (HIGH_TOAST, "doze=on", "run"),
            (RAW, "battery_saver=on", "hold battery_saver"),
            (RAW, "battery_saver=on app=foreground", "run"),
            (TOAST, "battery_saver=on", "run"),
            (HIGH, "app=force_quit", "drop force_stopped"),
            (HIGH_TOAST, "app=force_quit", "drop force_stopped"),
            (
                HIGH,
                "background_access=denied_by_user",
                "drop background_restricted",
            ),
            (
                RAW,
                "background_access=denied_by_user app=foreground",
                "run",
            ),
            (MISSED, "doze=on battery_saver=on", "run"),
            (MISSED, "app=force_quit", "hold force_stopped"),
            (RAW, "app=not_running", "run"),
        ],
    );
}

#[test]
fn web_push() {
    holds_the_table(
        Platform::WebPush,
        &[
            (RAW, "battery_saver=on", "hold low_battery"),
            (HIGH, "battery_saver=on", "run"),
            (LEAST, "network=metered", "hold metered"),
            (RAW, "network=metered", "run"),
            (LEAST, "", "run"),
            (
                HIGH,
                "background_access=denied_by_user",
                "drop permission_denied",
            ),
            (HIGH, "app=force_quit", "hold browser_closed"),
            (TOAST, "app=force_quit", "hold browser_closed"),
        ],
    );
}

#[test]
fn a_fourth_silent_push_within_an_hour_waits_until_the_window_frees() {
    let (raw, ledger) = (push(Platform::Apns, RAW), wakes(&[100, 200, 300]));
    let silent = candidate(&raw);
    let held = verdict(&silent, &under(""), &ledger);
    let Verdict::Hold(reason, Some(until)) = held else {
        panic!("{held:?}");
    };
    assert_eq!(
        (reason.code.as_ref(), until.as_second()),
        ("throttled", 3700)
    );
    for (silent, conditions) in [
        (silent, "throttle=off"),
        (silent, "app=foreground"),
        (
            Candidate {
                woken: true,
                ..silent
            },
            "",
        ),
        (
            Candidate {
                by_app: true,
                ..silent
            },
            "",
        ),
    ] {
        assert_eq!(verdict(&silent, &under(conditions), &ledger), Verdict::Run);
    }
    assert!(counts(&raw, &under("")));
    assert!(!counts(&raw, &under("app=foreground")));
    assert!(!counts(&raw, &under("throttle=off")));
}

#[test]
fn high_priority_that_shows_nothing_counts_as_normal() {
    let (raw, dozing) = (push(Platform::Fcm, HIGH), under("doze=on"));
    let many: Vec<i64> = (0..10).collect();
    let mut ledger = wakes(&many[1..]);
    assert_eq!(verdict(&candidate(&raw), &dozing, &ledger), Verdict::Run);
    ledger = wakes(&many);
    assert_ne!(verdict(&candidate(&raw), &dozing, &ledger), Verdict::Run);
    for entry in 0..5 {
        ledger.shown(entry);
    }
    assert_eq!(verdict(&candidate(&raw), &dozing, &ledger), Verdict::Run);
}

#[test]
fn a_task_waits_for_what_it_latches_even_after_a_sign_in() {
    let raw = push(Platform::Wns, RAW);
    let latched = |needs, conditions| {
        let signed_in = Candidate {
            by_app: true,
            needs,
            ..candidate(&raw)
        };
        match verdict(&signed_in, &under(conditions), &Ledger::default()) {
            Verdict::Hold(reason, None) => reason.to_string(),
            other @ (Verdict::Run | Verdict::Hold(..) | Verdict::Drop(_)) => format!("{other:?}"),
        }
    };
    let online = &[SystemCondition::InternetAvailable];
    assert_eq!(latched(online, "network=offline"), "offline");
    assert_eq!(latched(online, "battery_saver=on"), "Run");
    let present = &[SystemCondition::UserPresent, SystemCondition::FreeNetwork];
    assert_eq!(
        latched(present, "screen=locked"),
        "condition_not_met: UserPresent"
    );
    assert_eq!(
        latched(present, "network=metered"),
        "condition_not_met: FreeNetwork"
    );
    assert_eq!(latched(&[], "network=offline"), "Run");
}

#[test]
fn who_takes_whose_place() {
    let with = |platform, what, collapse: Option<&str>| RawNotification {
        collapse: collapse.map(str::to_owned),
        ..push(platform, what)
    };
    let (key, other) = (Some("news"), Some("sports"));
    for (platform, newer, older, replaced) in [
        (Platform::Wns, key, key, false),
        (Platform::Apns, None, None, true),
        (Platform::Apns, key, other, true),
        (Platform::Fcm, key, key, true),
        (Platform::Fcm, key, other, false),
        (Platform::Fcm, None, None, false),
        (Platform::WebPush, key, key, true),
        (Platform::WebPush, None, None, false),
    ] {
        let (newer, older) = (with(platform, RAW, newer), with(platform, RAW, older));
        assert_eq!(replaces(&newer, &older), replaced, "{newer:?} {older:?}");
    }
    let missed = with(Platform::Fcm, MISSED, key);
    assert!(!replaces(&with(Platform::Fcm, RAW, key), &missed));
    assert!(!replaces(
        &with(Platform::Apns, RAW, key),
        &with(Platform::Fcm, RAW, key)
    ));
}

#[test]
fn without_a_condition_everything_runs() {
    for platform in Platform::ALL {
        for kind in PushKind::ALL {
            assert_eq!(shown(platform, (kind, Priority::VeryLow), ""), "run");
        }
    }
    assert_eq!(
        under("").background_access,
        BackgroundAccess::AllowedSubjectToSystemPolicy
    );
    assert_eq!(under("").app, AppState::Background);
}
