//! What is said after the `hello`: a pure state machine. Frames, messages and the time go in,
//! steps come out; the driver carries them out.

use std::collections::{HashMap, VecDeque};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tokio::time::Instant;
use uuid::Uuid;

use crate::emulator::options::SocketTimings;
use crate::emulator::push::queue::{Acked, Batch, Delivery, Fresh, Part, Stored};
use crate::model::Platform;
use crate::wire::push_socket::{
    ACK_DELIVERED, AckUpdate, ClientFrame, MAX_VERSION, NotificationHeaders, ServerFrame,
};

use super::close::Close;
use super::greeting::{read_frame, unknown_broadcasts};

/// How many messages may be on their way to a device that has not acknowledged them.
const WINDOW: usize = 100;

/// What the driver is to do.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Step {
    Send(ServerFrame),
    /// Writes a message; the log is told.
    Deliver {
        frame: ServerFrame,
        version: String,
        platform: Platform,
        delivery: Delivery,
    },
    /// Nothing stored is left to send: so many messages may be handed over directly.
    CaughtUp {
        room: usize,
    },
    /// Sends a WebSocket ping.
    Ping,
    Register {
        channel_id: Uuid,
        key: Option<String>,
        platform: Option<Platform>,
    },
    Unregister {
        channel_id: Uuid,
    },
    Acknowledge(Vec<Acked>),
    /// Reads messages and hands them to [`Conversation::loaded`].
    Load(Batch),
    Close(Close),
}

/// The state of a greeted connection.
#[derive(Debug)]
pub(super) struct Conversation {
    timings: SocketTimings,
    part: Part,
    newest: i64,
    after: i64,
    in_flight: HashMap<String, i64>,
    /// How many the device did not want: they stay stored.
    nacked: usize,
    /// There may be messages that were not read yet.
    waiting: bool,
    last_json_ping: Option<Instant>,
    next_ping: Instant,
    pong_due: Option<Instant>,
}

impl Conversation {
    /// Begins behind the `hello`; `newest` is the last message stored before it.
    pub(super) fn new(newest: i64, timings: SocketTimings, now: Instant) -> Self {
        Self {
            timings,
            part: Part::Topics(newest),
            newest,
            after: 0,
            in_flight: HashMap::new(),
            nacked: 0,
            waiting: true,
            last_json_ping: None,
            next_ping: now + timings.ping,
            pong_due: None,
        }
    }

    /// The first thing to do.
    pub(super) fn begin(&mut self) -> VecDeque<Step> {
        self.load_next()
    }

    /// The device said something.
    pub(super) fn received(&mut self, text: &str, now: Instant) -> VecDeque<Step> {
        let frame = match read_frame(text) {
            Ok(frame) => frame,
            Err(close) => return one(Step::Close(close)),
        };
        match frame {
            ClientFrame::Hello { .. } => one(Step::Close(Close::OutOfPlace)),
            ClientFrame::Register {
                channel_id,
                key,
                platform,
            } => one(Step::Register {
                channel_id,
                key,
                platform,
            }),
            ClientFrame::Unregister { channel_id, .. } => one(Step::Unregister { channel_id }),
            ClientFrame::Ack { updates } => self.acknowledged(updates),
            // It stays stored and comes again on the next connection.
            ClientFrame::Nack { version, .. } => {
                self.nacked += usize::from(self.in_flight.remove(&version).is_some());
                self.load_next()
            }
            ClientFrame::BroadcastSubscribe { broadcasts } => {
                let broadcasts = unknown_broadcasts(&broadcasts);
                if broadcasts.is_empty() {
                    return VecDeque::new();
                }
                one(Step::Send(ServerFrame::Broadcast { broadcasts }))
            }
            ClientFrame::Ping => self.json_ping(now),
        }
    }

    fn acknowledged(&mut self, updates: Vec<AckUpdate>) -> VecDeque<Step> {
        let acked: Vec<Acked> = updates
            .into_iter()
            .filter(|update| update.version.len() <= MAX_VERSION)
            .map(|update| Acked {
                seq: self.in_flight.remove(&update.version),
                version: update.version,
                code: update.code.unwrap_or(ACK_DELIVERED),
            })
            .collect();
        let mut steps = VecDeque::new();
        if !acked.is_empty() {
            steps.push_back(Step::Acknowledge(acked));
        }
        steps.extend(self.load_next());
        steps
    }

    fn json_ping(&mut self, now: Instant) -> VecDeque<Step> {
        let flood = self
            .last_json_ping
            .is_some_and(|last| now.duration_since(last) < self.timings.ping_flood);
        if flood {
            return one(Step::Close(Close::OutOfPlace));
        }
        self.last_json_ping = Some(now);
        one(Step::Send(ServerFrame::Ping))
    }

    /// There is a new message.
    pub(super) fn woken(&mut self) -> VecDeque<Step> {
        self.waiting = true;
        self.load_next()
    }

    /// Messages that were handed over directly, after [`Step::CaughtUp`].
    pub(super) fn handed(&mut self, fresh: Vec<Fresh>) -> VecDeque<Step> {
        let deliver = |fresh: Fresh| self.deliver(fresh.message, fresh.delivery);
        fresh.into_iter().map(deliver).collect()
    }

    fn deliver(&mut self, message: Stored, delivery: Delivery) -> Step {
        self.after = message.seq;
        self.in_flight.insert(message.version.clone(), message.seq);
        deliver(message, delivery)
    }

    /// The messages that [`Step::Load`] found.
    pub(super) fn loaded(&mut self, messages: Vec<Stored>) -> VecDeque<Step> {
        if messages.is_empty() {
            return self.next_part();
        }
        let mut steps = VecDeque::new();
        for message in messages {
            steps.push_back(self.deliver(message, Delivery::of_stored()));
        }
        if self.part == Part::Live {
            steps.extend(self.load_next());
        }
        steps
    }

    fn next_part(&mut self) -> VecDeque<Step> {
        match self.part {
            Part::Topics(upto) => {
                self.part = Part::Backlog(upto);
                self.after = 0;
                self.load_next()
            }
            Part::Backlog(_) => {
                self.part = Part::Live;
                self.after = self.newest;
                self.waiting = true;
                self.load_next()
            }
            Part::Live => {
                self.waiting = false;
                let out = self.in_flight.len() + self.nacked;
                let room = WINDOW.saturating_sub(out);
                one(Step::CaughtUp { room })
            }
        }
    }

    /// Stored messages come a batch at a time, the next one once all of the last are acknowledged;
    /// later ones as they come, while not too many are on their way.
    fn load_next(&self) -> VecDeque<Step> {
        let ready = match self.part {
            Part::Topics(_) | Part::Backlog(_) => self.in_flight.is_empty(),
            Part::Live => self.waiting && self.in_flight.len() < WINDOW,
        };
        if ready {
            one(Step::Load(Batch {
                part: self.part,
                after: self.after,
            }))
        } else {
            VecDeque::new()
        }
    }

    /// The device answered a WebSocket ping.
    pub(super) fn ponged(&mut self) {
        self.pong_due = None;
    }

    /// When [`Self::time_passed`] is to be called.
    pub(super) fn deadline(&self) -> Instant {
        self.pong_due
            .map_or(self.next_ping, |due| due.min(self.next_ping))
    }

    /// The deadline has come.
    pub(super) fn time_passed(&mut self, now: Instant) -> VecDeque<Step> {
        if self.pong_due.is_some_and(|due| due <= now) {
            return one(Step::Close(Close::NoPong));
        }
        if self.next_ping <= now {
            self.next_ping = now + self.timings.ping;
            self.pong_due = Some(self.pong_due.unwrap_or(now + self.timings.pong));
            return one(Step::Ping);
        }
        VecDeque::new()
    }
}

fn one(step: Step) -> VecDeque<Step> {
    VecDeque::from([step])
}

fn deliver(message: Stored, delivery: Delivery) -> Step {
    let empty = message.headers == NotificationHeaders::default();
    Step::Deliver {
        frame: ServerFrame::Notification {
            channel_id: message.channel_id,
            version: message.version.clone(),
            data: (!message.body.is_empty()).then(|| URL_SAFE_NO_PAD.encode(&message.body)),
            headers: (!empty).then_some(message.headers),
        },
        version: message.version,
        platform: message.platform,
        delivery,
    }
}

#[cfg(test)]
mod tests;
