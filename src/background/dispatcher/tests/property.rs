//! Whatever arrives under whatever conditions: each push comes to one end, and no more.

use proptest::prelude::*;

use super::scene::{Bench, of_kind};
use super::*;
use crate::background::rules;
use crate::model::{Platform, Priority};

/// What may happen while a phone is on.
#[derive(Debug, Clone)]
enum Step {
    Receive(PushKind, Platform, Priority, Option<u8>),
    Set(String),
    Pass(i8),
    /// The lanes get their turn.
    Turn(u8),
}

fn step() -> impl Strategy<Value = Step> {
    let kind = proptest::sample::select(PushKind::ALL.to_vec());
    let platform = proptest::sample::select(Platform::ALL.to_vec());
    let priority = proptest::sample::select(Priority::ALL.to_vec());
    let condition = proptest::sample::select(Conditions::STATES.to_vec())
        .prop_flat_map(|(name, states)| (Just(name), proptest::sample::select(states.to_vec())));
    prop_oneof![
        4 => (kind, platform, priority, proptest::option::of(0_u8..3))
            .prop_map(|(kind, platform, priority, key)| Step::Receive(kind, platform, priority, key)),
        3 => condition.prop_map(|(name, state)| Step::Set(format!("{name}={state}"))),
        1 => (-30_i8..60).prop_map(Step::Pass),
        2 => (0_u8..40).prop_map(Step::Turn),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn each_push_comes_to_one_end(
        sessions in proptest::collection::vec(proptest::collection::vec(step(), 0..25), 1..4)
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(play(sessions));
    }
}

async fn play(sessions: Vec<Vec<Step>>) {
    let bench = Bench::new().await;
    let mut sent: Vec<RawNotification> = Vec::new();
    for steps in sessions {
        bench
            .on(async |phone| {
                for step in steps {
                    match step {
                        Step::Receive(kind, platform, priority, key) => {
                            let raw = RawNotification {
                                priority,
                                collapse: key.map(|key| key.to_string()),
                                ..of_kind(kind, &format!("m{}.", sent.len()), platform)
                            };
                            phone.receives(raw.clone()).await;
                            sent.push(raw);
                        }
                        Step::Set(condition) => bench.set(&condition),
                        Step::Pass(hours) => bench.pass(hours.into()),
                        Step::Turn(times) => {
                            for _ in 0..times {
                                tokio::task::yield_now().await;
                            }
                        }
                    }
                }
            })
            .await;
    }
    let usual = Conditions {
        throttle: crate::model::Throttle::Off,
        ..Conditions::default()
    };
    bench.conditions.send_replace(usual);
    bench
        .on(async |phone| {
            let mut changes = phone.inbox.changes();
            while phone.inbox.counts().waiting > 0 {
                changes.changed().await.unwrap();
            }
        })
        .await;
    let done = bench.done.lock().unwrap();
    for raw in &sent {
        check(raw, &done, &sent);
    }
}

fn check(raw: &RawNotification, done: &[String], sent: &[RawNotification]) {
    let of = |what: &str| {
        let begins = format!("{what} {}", raw.message);
        let lines = done.iter().filter(|line| line.starts_with(&begins));
        lines.collect::<Vec<_>>()
    };
    let (shown, ran, superseded) = (of("shown"), of("ran"), of("push.superseded"));
    let (whole, of_task): (Vec<_>, Vec<_>) = of("push.dropped")
        .into_iter()
        .partition(|line| !line.ends_with(" task"));
    let one_end = ran.len() + of_task.len() + superseded.len();
    match raw.kind {
        PushKind::Raw | PushKind::DeletedMessages => {
            assert_eq!(
                (shown.len(), one_end + whole.len()),
                (0, 1),
                "{raw:?} {done:?}"
            );
        }
        PushKind::Toast | PushKind::Badge | PushKind::ToastRemoval => {
            let ends = shown.len() + whole.len() + superseded.len();
            assert_eq!((ran.len(), ends), (0, 1), "{raw:?} {done:?}");
        }
        PushKind::ToastAndRaw => {
            assert!(shown.len() <= 1, "{raw:?} {done:?}");
            assert_eq!(one_end + whole.len(), 1, "{raw:?} {done:?}");
        }
    }
    for line in superseded {
        let by = line.split(' ').nth(2).unwrap();
        let place = sent.iter().position(|other| other.message.as_str() == by);
        let own = sent.iter().position(|other| other.message == raw.message);
        assert!(place > own, "{line}");
        assert!(rules::replaces(&sent[place.unwrap()], raw), "{line}");
    }
    let (held, released) = (of("push.held").len(), of("push.released").len());
    assert!(released <= held, "{raw:?} {done:?}");
}
