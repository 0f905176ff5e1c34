//! A machine under test, with its time.

use serde_json::json;

use super::*;
use crate::model::Platform;

pub(super) const UAID: &str = "09344c9e5dc042bfb6a0025c2de02cb0";

/// A machine, its time, and what it last put out.
pub(super) struct Bench {
    pub(super) machine: Machine,
    pub(super) now: Instant,
    pub(super) out: Vec<Output>,
}

pub(super) fn url(port: u16) -> PushUrl {
    PushUrl::parse(&format!("ws://127.0.0.1:{port}"), &[]).unwrap()
}

pub(super) fn options(candidates: u16) -> ChannelOptions {
    let urls = (1..=candidates).map(url).collect();
    ChannelOptions::new(Platform::Wns, urls)
}

impl Bench {
    pub(super) fn new(options: ChannelOptions, identity: Identity) -> Self {
        let now = Instant::now();
        let machine = Machine::new(options, identity, now).unwrap();
        Self {
            machine,
            now,
            out: Vec::new(),
        }
    }

    /// A channel that is open at a service with handset's extension.
    pub(super) fn open() -> Self {
        let mut bench = Self::new(options(1), Identity::fresh());
        bench.connect();
        bench.hello(UAID);
        bench.register(&json!({"handle": "https://wns/1", "platform": "wns"}));
        bench
    }

    pub(super) fn step(&mut self, input: Input<'_>) {
        self.out.clear();
        self.machine.step(self.now, input, &mut self.out);
    }

    pub(super) fn frame(&mut self, text: &str) {
        self.step(Input::Frame(text));
    }

    pub(super) fn pass(&mut self, time: Duration) {
        self.now += time;
        self.step(Input::Tick { reading: true });
    }

    /// Lets the time pass until the next deadline.
    pub(super) fn wait(&mut self) {
        self.now = self.machine.deadline().unwrap();
        self.step(Input::Tick { reading: true });
    }

    pub(super) fn connect(&mut self) {
        self.wait();
        assert!(
            matches!(self.out[..], [Output::Connect(_)]),
            "{:?}",
            self.out
        );
        self.step(Input::Connected);
    }

    pub(super) fn hello(&mut self, uaid: &str) {
        let text = json!({"messageType": "hello", "uaid": uaid, "status": 200});
        self.frame(&text.to_string());
    }

    pub(super) fn register(&mut self, fields: &serde_json::Value) {
        let mut answer = json!({
            "messageType": "register", "channelID": self.machine.channel_id, "status": 200,
        });
        let more = fields.as_object().unwrap().clone();
        answer.as_object_mut().unwrap().extend(more);
        self.frame(&answer.to_string());
    }

    pub(super) fn notify(&mut self, version: &str, data: &str) {
        let text = json!({
            "messageType": "notification", "channelID": self.machine.channel_id,
            "version": version, "data": data, "headers": {"platform": "wns"},
        });
        self.frame(&text.to_string());
    }

    pub(super) fn lose(&mut self) {
        let (url, cause) = (self.machine.url(), "reset".to_owned());
        self.step(Input::Lost(ChannelError::Lost { url, cause }));
    }

    pub(super) fn sent(&self) -> Vec<String> {
        let mut sent = Vec::new();
        for output in &self.out {
            if let Output::Send(frame) = output {
                sent.push(frame.to_text());
            }
        }
        sent
    }

    pub(super) fn events(&self) -> Vec<&ChannelEvent> {
        let mut events = Vec::new();
        for output in &self.out {
            if let Output::Event(event) = output {
                events.push(event);
            }
        }
        events
    }

    pub(super) fn retry_in(&self) -> Duration {
        match self.events()[..] {
            [ChannelEvent::Closed { retry_in, .. }] => retry_in.unwrap(),
            ref other => panic!("{other:?}"),
        }
    }

    pub(super) fn closed_for(&self) -> &'static str {
        match self.events().last() {
            Some(ChannelEvent::Closed { reason, .. }) => reason.reason(),
            other => panic!("{other:?}"),
        }
    }

    pub(super) fn delivered(&self) -> Ack {
        match &self.out[..] {
            [Output::Deliver(_, ack)] => ack.clone(),
            other => panic!("{other:?}"),
        }
    }

    pub(super) fn dropped(&self) -> &'static str {
        match self.events()[..] {
            [ChannelEvent::Dropped { reason, .. }] => reason,
            ref other => panic!("{other:?}"),
        }
    }
}
