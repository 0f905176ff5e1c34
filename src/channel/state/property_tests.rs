//! No sequence of happenings breaks the machine's promises.

use std::collections::HashSet;

use proptest::prelude::*;
use proptest::sample::Index;

use super::bench::{UAID, options};
use super::*;
use crate::wire::push_socket::ClientFrame;

/// Something that may happen, in whatever order.
#[derive(Debug, Clone)]
enum Step {
    Connected,
    Frame(String),
    Binary,
    Heard,
    Wait,
    Pass(u64, bool),
    Ack(Index),
    Lose(bool),
    Unregister,
    Nudge,
    Close,
}

const CHANNEL: Uuid = Uuid::from_u128(0x54bf_e361_6de9_4649_aeb6_70d9_5018_4d8e);

fn frame() -> impl Strategy<Value = String> {
    let version = prop_oneof!["[a-c]", ".{0,4}"];
    prop_oneof![
        3 => (200_u16..=201, prop_oneof![Just(UAID.to_owned()), ".{0,3}"]).prop_map(|(status, uaid)| {
            serde_json::json!({"messageType": "hello", "uaid": uaid, "status": status}).to_string()
        }),
        3 => (200_u16..=201, any::<Option<u32>>(), any::<bool>()).prop_map(|(status, life, plain)| {
            let name = if plain { "pushEndpoint" } else { "handle" };
            serde_json::json!({"messageType": "register", "channelID": CHANNEL, "status": status,
                name: "https://push/1", "expires_in": life}).to_string()
        }),
        6 => (version, any::<bool>(), prop_oneof![3 => Just("YQ".to_owned()), 1 => ".{0,4}"]).prop_map(|(version, ours, data)| {
            let channel = if ours { CHANNEL } else { Uuid::nil() };
            serde_json::json!({"messageType": "notification", "channelID": channel,
                "version": version, "data": data, "headers": {"platform": "wns"}}).to_string()
        }),
        1 => Just(serde_json::json!({"messageType": "unregister", "channelID": CHANNEL,
            "status": 200}).to_string()),
        1 => Just("{}".to_owned()),
        1 => ".{0,12}",
        1 => Just("[".repeat(5000)),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => Just(Step::Connected),
        12 => frame().prop_map(Step::Frame),
        1 => Just(Step::Binary),
        1 => Just(Step::Heard),
        3 => Just(Step::Wait),
        2 => (0..90_000_u64, any::<bool>()).prop_map(|(time, reading)| Step::Pass(time, reading)),
        4 => any::<Index>().prop_map(Step::Ack),
        2 => any::<bool>().prop_map(Step::Lose),
        1 => Just(Step::Unregister),
        1 => Just(Step::Nudge),
        1 => prop::bool::weighted(0.1).prop_map(|end| if end { Step::Close } else { Step::Heard }),
    ]
}

/// One step, or all of those that lead to an open channel.
fn stretch() -> impl Strategy<Value = Vec<Step>> {
    let hello = serde_json::json!({"messageType": "hello", "uaid": UAID, "status": 200});
    let register = serde_json::json!({"messageType": "register", "channelID": CHANNEL,
        "status": 200, "handle": "h"});
    let opening = vec![
        Step::Nudge,
        Step::Connected,
        Step::Frame(hello.to_string()),
        Step::Frame(register.to_string()),
    ];
    prop_oneof![1 => Just(opening), 6 => step().prop_map(|step| vec![step])]
}

/// What an onlooker knows of the machine.
#[derive(Default)]
struct Onlooker {
    delivered: Vec<Ack>,
    stale: Vec<Ack>,
    acked: HashSet<String>,
    up: bool,
    dialing: bool,
}

impl Onlooker {
    fn watch(&mut self, outputs: Vec<Output>) {
        for output in outputs {
            match output {
                Output::Connect(_) => {
                    assert!(!self.up && !self.dialing, "a second connection");
                    self.dialing = true;
                }
                Output::HangUp(_) => (self.up, self.dialing) = (false, false),
                Output::Send(frame) => {
                    assert!(self.up, "{frame:?} without a connection");
                    self.check_acks(&frame);
                }
                Output::Ping => assert!(self.up, "a ping without a connection"),
                Output::Deliver(_, ack) => self.delivered.push(ack),
                Output::Event(_) | Output::Unregistered(_) => {}
            }
        }
        if !self.up {
            self.acked.clear();
            self.stale.append(&mut self.delivered);
        }
    }

    /// The caller acknowledges a push of this connection or of an earlier one.
    fn ack(&mut self, index: Index) -> Vec<Ack> {
        let all: Vec<&Ack> = self.delivered.iter().chain(&self.stale).collect();
        if all.is_empty() {
            return Vec::new();
        }
        let place = index.index(all.len());
        let ack = all[place].clone();
        if place < self.delivered.len() {
            self.acked.insert(ack.version.to_string());
        }
        vec![ack]
    }

    fn check_acks(&self, frame: &ClientFrame) {
        let ClientFrame::Ack { updates } = frame else {
            return;
        };
        for update in updates.iter().filter(|update| update.code == Some(100)) {
            assert!(
                self.acked.contains(&update.version),
                "{update:?} was not acked"
            );
        }
    }
}

fn play(machine: &mut Machine, onlooker: &mut Onlooker, now: &mut Instant, step: Step) {
    let input = match &step {
        Step::Connected if onlooker.dialing => {
            (onlooker.dialing, onlooker.up) = (false, true);
            Input::Connected
        }
        Step::Connected => Input::Heard,
        Step::Frame(text) => Input::Frame(text),
        Step::Binary => Input::Binary(3),
        Step::Heard => Input::Heard,
        Step::Wait => {
            *now = machine
                .deadline()
                .map_or(*now, |deadline| deadline.max(*now));
            Input::Tick { reading: true }
        }
        Step::Pass(time, reading) => {
            *now += Duration::from_millis(*time);
            Input::Tick { reading: *reading }
        }
        Step::Ack(index) => Input::Acks(onlooker.ack(*index)),
        Step::Lose(large) => {
            let url = machine.url();
            Input::Lost(if *large {
                ChannelError::FrameTooLarge { url, limit: 1 }
            } else {
                ChannelError::Refused { url }
            })
        }
        Step::Unregister => Input::Unregister,
        Step::Nudge => Input::Nudge,
        Step::Close => Input::Close,
    };
    let ticked = matches!(input, Input::Tick { .. });
    let mut outputs = Vec::new();
    machine.step(*now, input, &mut outputs);
    onlooker.watch(outputs);
    assert_eq!(
        machine.deadline().is_none(),
        machine.is_gone(),
        "a wait without an end"
    );
    if ticked && let Some(deadline) = machine.deadline() {
        assert!(deadline > *now, "the machine spins");
    }
}

proptest! {
    #[test]
    fn no_sequence_breaks_a_promise(
        candidates in 1..4_u16,
        stretches in prop::collection::vec(stretch(), 0..60),
    ) {
        let mut now = Instant::now();
        let identity = Identity { channel_id: CHANNEL, ..Identity::fresh() };
        let mut machine = Machine::new(options(candidates), identity, now).unwrap();
        let mut onlooker = Onlooker::default();
        for step in stretches.into_iter().flatten() {
            play(&mut machine, &mut onlooker, &mut now, step);
        }
    }
}
