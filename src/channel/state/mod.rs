//! The protocol of the device's end, as a pure machine: what happens goes in with its time, what
//! is to be done comes out. No I/O and no clock here.
//!
//! `closed → connecting → greeting → registering → open → closed`, for ever, until the device
//! closes the channel or gives its handle back.

mod acknowledged;
#[cfg(test)]
mod bench;
mod deadlines;
mod failure;
mod frames;
#[cfg(test)]
mod open_tests;
#[cfg(test)]
mod opening_tests;
#[cfg(test)]
mod property_tests;

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use uuid::Uuid;

use self::acknowledged::Acknowledged;
use super::event::Ack;
use super::options::{ChannelOptions, Identity};
use super::{ChannelError, ChannelEvent, PushUrl};
use crate::lifecycle::Backoff;
use crate::model::{Handle, RawNotification};
use crate::wire::push_socket::{ACK_DELIVERED, AckUpdate, ClientFrame};
use crate::wire::webpush::DeviceKeys;

/// The shortest wait of any kind, so that no option makes the machine spin.
const SHORTEST: Duration = Duration::from_millis(1);

/// What happened.
#[derive(Debug)]
pub(super) enum Input<'a> {
    /// The connection that was asked for is there.
    Connected,
    /// A text frame.
    Frame(&'a str),
    /// A binary frame of so many bytes, which the protocol does not have.
    Binary(usize),
    /// A control frame: the peer lives.
    Heard,
    /// Pushes are durable.
    Acks(Vec<Ack>),
    /// A deadline passed. `reading` is false while the caller is too slow for more: what is not
    /// read cannot count as silence.
    Tick { reading: bool },
    /// The connection failed, or could not be made.
    Lost(ChannelError),
    /// The device gives its handle back.
    Unregister,
    /// The device closes the channel for good.
    Close,
    /// The network may be back, or gone.
    Nudge,
}

/// What is to be done, in this order.
#[derive(Debug)]
pub(super) enum Output {
    /// Connect.
    Connect(PushUrl),
    /// Send a frame.
    Send(ClientFrame),
    /// Send a WebSocket ping.
    Ping,
    /// Give the connection up, with a close code where the peer may still hear it.
    HangUp(Option<u16>),
    /// Tell the device.
    Event(ChannelEvent),
    /// Hand a push to the device.
    Deliver(RawNotification, Ack),
    /// Answer [`Input::Unregister`].
    Unregistered(Result<(), ChannelError>),
}

#[derive(Debug)]
enum State {
    Closed { until: Instant },
    Connecting { until: Instant },
    Greeting { until: Instant },
    Registering { until: Instant },
    Open(Open),
    Gone,
}

#[derive(Debug)]
struct Open {
    since: Instant,
    ping_at: Instant,
    pong_by: Option<Instant>,
    unregister_by: Option<Instant>,
    renew_at: Option<Instant>,
    renew_by: Option<Instant>,
}

/// The device's end of the protocol.
#[derive(Debug)]
pub(super) struct Machine {
    options: ChannelOptions,
    uaid: Option<String>,
    channel_id: Uuid,
    keys: Arc<DeviceKeys>,
    handle: Option<Handle>,
    /// The endpoint a plain autopush server gave in this run: each of its answers reads
    /// differently, and all of them stay valid.
    endpoint: Option<Handle>,
    candidate: usize,
    settled: bool,
    failures: Vec<ChannelError>,
    backoff: Backoff,
    connection: u64,
    /// A push that was not acknowledged before was, in this connection.
    acked: bool,
    acknowledged: Acknowledged,
    garbage: u64,
    state: State,
}

impl Machine {
    /// A closed channel that is to be opened at once.
    ///
    /// # Errors
    /// [`ChannelError::NoCandidates`].
    pub(super) fn new(
        options: ChannelOptions,
        identity: Identity,
        now: Instant,
    ) -> Result<Self, ChannelError> {
        if options.candidates.is_empty() {
            return Err(ChannelError::NoCandidates);
        }
        Ok(Self {
            backoff: Backoff::new(options.backoff_first, options.backoff_longest),
            options,
            uaid: identity.uaid,
            channel_id: identity.channel_id,
            keys: identity.keys,
            handle: identity.handle,
            endpoint: None,
            candidate: 0,
            settled: false,
            failures: Vec::new(),
            connection: 0,
            acked: false,
            acknowledged: Acknowledged::default(),
            garbage: 0,
            state: State::Closed { until: now },
        })
    }

    /// When [`Input::Tick`] is due; none only when the channel is gone for good.
    pub(super) fn deadline(&self) -> Option<Instant> {
        match &self.state {
            State::Closed { until }
            | State::Connecting { until }
            | State::Greeting { until }
            | State::Registering { until } => Some(*until),
            State::Open(open) => Some(open.deadline()),
            State::Gone => None,
        }
    }

    /// True while it waits to connect again.
    pub(super) fn is_closed(&self) -> bool {
        matches!(self.state, State::Closed { .. })
    }

    /// True once it will never connect again.
    pub(super) fn is_gone(&self) -> bool {
        matches!(self.state, State::Gone)
    }

    /// The push service of the present attempt.
    pub(super) fn url(&self) -> PushUrl {
        // There is at least one, and the number never leaves the list.
        self.options.candidates[self.candidate].clone()
    }

    /// Takes in what happened at `now`, and adds what is to be done to `out`.
    pub(super) fn step(&mut self, now: Instant, input: Input<'_>, out: &mut Vec<Output>) {
        match input {
            Input::Connected => self.connected(now, out),
            Input::Frame(text) => {
                self.heard(now);
                self.frame(now, text, out);
            }
            Input::Binary(length) => {
                self.heard(now);
                self.garbage("binary_frame", &format!("{length} bytes"), out);
            }
            Input::Heard => self.heard(now),
            Input::Acks(acks) => self.acknowledge(acks, out),
            Input::Tick { reading } => self.tick(now, reading, out),
            Input::Lost(error) => self.lost(now, error, out),
            Input::Unregister => self.unregister(now, out),
            Input::Close => self.end(ChannelError::ClosedByDevice, out),
            Input::Nudge => self.nudge(now, out),
        }
    }

    fn connect(&mut self, now: Instant, out: &mut Vec<Output>) {
        self.acked = false;
        self.state = State::Connecting {
            until: now + self.options.connect_within.max(SHORTEST),
        };
        out.push(Output::Connect(self.url()));
    }

    fn connected(&mut self, now: Instant, out: &mut Vec<Output>) {
        if !matches!(self.state, State::Connecting { .. }) {
            return;
        }
        self.connection += 1;
        self.garbage = 0;
        self.state = State::Greeting {
            until: self.answer_by(now),
        };
        out.push(Output::Send(ClientFrame::Hello {
            channel_ids: self.uaid.is_some().then(|| vec![self.channel_id]),
            uaid: self.uaid.clone(),
            use_webpush: Some(true),
            broadcasts: None,
        }));
    }

    fn answer_by(&self, now: Instant) -> Instant {
        now + self.options.answer_within.max(SHORTEST)
    }

    fn pong_by(&self, now: Instant) -> Instant {
        now + self.options.pong_within.max(SHORTEST)
    }

    fn ping_at(&self, now: Instant) -> Instant {
        now + self.options.ping_every.max(SHORTEST)
    }

    fn heard(&mut self, now: Instant) {
        let ping_at = self.ping_at(now);
        if let State::Open(open) = &mut self.state {
            open.ping_at = ping_at;
            open.pong_by = None;
        }
    }

    /// Acknowledgements of earlier connections are of no use: those pushes come again.
    fn acknowledge(&mut self, mut acks: Vec<Ack>, out: &mut Vec<Output>) {
        acks.retain(|ack| ack.connection == self.connection);
        if acks.is_empty() || !self.takes_notifications() {
            return;
        }
        for ack in &acks {
            self.acked |= self.acknowledged.is_new(&ack.version);
        }
        let updates = acks.into_iter().map(|ack| AckUpdate {
            channel_id: self.channel_id,
            version: ack.version.into(),
            code: Some(ACK_DELIVERED),
        });
        out.push(Output::Send(ClientFrame::Ack {
            updates: updates.collect(),
        }));
    }

    fn takes_notifications(&self) -> bool {
        matches!(self.state, State::Registering { .. } | State::Open(_))
    }

    fn register_frame(&self) -> ClientFrame {
        ClientFrame::Register {
            channel_id: self.channel_id,
            key: self.options.vapid_key.clone(),
            platform: Some(self.options.platform),
        }
    }

    fn unregister(&mut self, now: Instant, out: &mut Vec<Output>) {
        let unregister_by = Some(self.answer_by(now));
        let State::Open(open) = &mut self.state else {
            out.push(Output::Unregistered(Err(ChannelError::NotOpen)));
            return;
        };
        if open.unregister_by.is_some() {
            return;
        }
        open.unregister_by = unregister_by;
        out.push(Output::Send(ClientFrame::Unregister {
            channel_id: self.channel_id,
            code: Some(200),
        }));
    }

    /// While closed, connects at once; while open, asks the peer whether it lives.
    fn nudge(&mut self, now: Instant, out: &mut Vec<Output>) {
        let pong_by = self.pong_by(now);
        match &mut self.state {
            State::Closed { .. } => self.connect(now, out),
            State::Open(open) if open.pong_by.is_none() => {
                open.pong_by = Some(pong_by);
                out.push(Output::Ping);
            }
            State::Open(_)
            | State::Connecting { .. }
            | State::Greeting { .. }
            | State::Registering { .. }
            | State::Gone => {}
        }
    }
}
