//! The pushes that devices do not have yet, for every platform.
//!
//! What is answered *received* stands in the database until the device acknowledges it, across
//! reconnects and restarts. What comes while no socket is open is kept or dropped by the rule that
//! the platform's service gives with it.

mod away;
mod lines;
mod message;
mod rows;
mod sweep;
#[cfg(test)]
mod tests;

use std::time::Duration;

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::oneshot;
use uuid::Uuid;

use crate::emulator::trace::{DropRule, TraceLog, TraceStep};
use crate::lifecycle::{Clock, Spawner};
use crate::store::{Staging, Store, StoreError};
use crate::wire::push_socket::NotificationHeaders;

use super::handles::{Channel, Recent};
use lines::{Storing, Way};
use message::Sequence;

pub(super) use away::AwayRule;
pub(super) use lines::{Line, Lines};
pub(super) use message::{Acked, Batch, Delivery, Fresh, Part, Stored};

/// The most messages kept for one device: more are refused to the sender rather than lost.
pub(super) const MOST_KEPT: i64 = 1000;

/// The most messages kept for all devices together: more are refused to the sender.
pub(super) const MOST_IN_ALL: i64 = 500_000;

/// The most bytes of bodies and headers kept for all devices together.
pub(super) const MOST_BYTES: i64 = 512 * 1024 * 1024;

/// How many messages may be stored for a device that is away before it has to begin anew
/// (autopush: 150).
pub(super) const STORED_LIMIT: i64 = 150;

/// A push as its service hands it over.
#[derive(Debug, Clone)]
pub(super) struct Incoming {
    /// The id on the socket and in the log.
    pub(super) version: String,
    pub(super) body: Bytes,
    pub(super) headers: NotificationHeaders,
    /// Takes the place of stored messages with the same topic while the device is away.
    pub(super) topic: Option<String>,
    pub(super) lifetime: Option<Duration>,
    pub(super) away: AwayRule,
}

/// What became of a push.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Received,
    Dropped(DropRule),
    /// Too much waits for this device already, or for all of them together.
    Full,
    /// The channel was given back a moment ago.
    Gone,
}

/// Keeps the messages and knows which devices are connected. Cheap to clone.
#[derive(Debug, Clone)]
pub(in crate::emulator) struct Queue {
    store: Store,
    clock: Clock,
    trace: TraceLog,
    lines: Lines,
    recent: Recent,
    sequence: Sequence,
    spawner: Spawner,
}

/// What the queue knows of a device that says hello.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Greeting {
    /// The agent id to answer with.
    pub(super) uaid: Uuid,
    /// Its number, once it registered something.
    pub(super) agent: Option<i64>,
    /// The newest message stored for it.
    pub(super) newest: i64,
}

impl Queue {
    pub(in crate::emulator) fn new(
        store: Store,
        clock: Clock,
        trace: TraceLog,
        recent: Recent,
        spawner: Spawner,
    ) -> Self {
        Self {
            store,
            clock,
            trace,
            lines: Lines::default(),
            recent,
            sequence: Sequence::default(),
            spawner,
        }
    }

    /// True while the device has a socket open.
    pub(super) fn is_connected(&self, uaid: Uuid) -> bool {
        self.lines.is_open(uaid)
    }

    /// How many devices have a socket open.
    pub(in crate::emulator) fn connected(&self) -> usize {
        self.lines.count()
    }

    /// Where the device's socket is entered and woken.
    pub(super) fn lines(&self) -> &Lines {
        &self.lines
    }

    /// The log.
    pub(super) fn trace(&self) -> &TraceLog {
        &self.trace
    }

    /// Takes a push, and answers once its fate is durable. It runs to its end even if the sender
    /// goes away, so that what is stored is always announced to the device.
    ///
    /// Where the device's socket has everything before it, the frame leaves at once. If its row then
    /// cannot be written, the sender is told that it failed although the device may have the push;
    /// one that is sent again is another push to the device.
    pub(super) async fn accept(
        &self,
        channel: &Channel,
        incoming: Incoming,
    ) -> Result<Verdict, StoreError> {
        let begin = || self.begin_direct(channel, &incoming);
        let storing = match self.lines.find_way(channel.uaid, begin) {
            Way::Direct(staging) => {
                // The socket first: so the frame leaves before the store's thread takes its time.
                tokio::task::yield_now().await;
                return staging.done().await;
            }
            Way::Store(storing) => storing,
        };
        let (answer, wait) = oneshot::channel();
        let (queue, channel) = (self.clone(), channel.clone());
        self.spawner.spawn_to_end("accept push", async move {
            let verdict = queue.store_first(&channel, incoming, storing).await;
            answer.send(verdict).ok();
        });
        wait.await.unwrap_or(Err(StoreError::Closed))
    }

    fn begin_direct(
        &self,
        channel: &Channel,
        incoming: &Incoming,
    ) -> Option<(Staging<Verdict>, Fresh)> {
        let seq = self.sequence.next_known()?;
        let now = self.clock.now();
        let row = rows::NewRow::of(channel, incoming.clone(), true, self.sequence.clone(), now);
        let row = row.at(seq);
        let delivery = Delivery::default();
        let fresh = Fresh {
            message: Stored {
                seq,
                channel_id: channel.channel_id,
                platform: channel.platform,
                version: incoming.version.clone(),
                body: incoming.body.clone(),
                headers: incoming.headers.clone(),
            },
            delivery: delivery.clone(),
        };
        let (trace, platform) = (self.trace.clone(), channel.platform);
        let version = incoming.version.clone();
        let staging = self.store.stage(
            move |c| rows::insert_direct(c, &row),
            move |outcome| {
                if *outcome == Ok(Verdict::Received) {
                    delivery.received(&trace, &version, platform);
                }
            },
        )?;
        Some((staging, fresh))
    }

    async fn store_first(
        &self,
        channel: &Channel,
        incoming: Incoming,
        storing: Storing,
    ) -> Result<Verdict, StoreError> {
        let connected = storing.connected;
        let version = incoming.version.clone();
        let platform = channel.platform;
        if !connected && incoming.away == AwayRule::Drop {
            let step = TraceStep::Dropped(DropRule::Offline);
            self.trace.write(&version, platform, step);
            return Ok(Verdict::Dropped(DropRule::Offline));
        }
        let sequence = self.sequence.clone();
        let row = rows::NewRow::of(channel, incoming, connected, sequence, self.clock.now());
        let inserted = self.store.write(move |c| rows::insert(c, &row)).await?;
        for (old, rule) in &inserted.lost {
            self.write_dropped(old, *rule);
        }
        for marker in &inserted.markers {
            self.trace.write(marker, platform, TraceStep::Received);
        }
        match inserted.verdict {
            Verdict::Received => self.trace.write(&version, platform, TraceStep::Received),
            Verdict::Dropped(rule) => {
                self.trace
                    .write(&version, platform, TraceStep::Dropped(rule));
            }
            // The front door writes what it refuses, whatever the reason.
            Verdict::Full | Verdict::Gone => {}
        }
        drop(storing);
        Ok(inserted.verdict)
    }

    /// Who says hello: a known device keeps its agent id unless too much is stored for it; any
    /// other gets a new one.
    pub(super) async fn greet(&self, uaid: Option<Uuid>) -> Result<Greeting, StoreError> {
        let fresh = Greeting {
            uaid: Uuid::new_v4(),
            agent: None,
            newest: 0,
        };
        let Some(uaid) = uaid else {
            return Ok(fresh);
        };
        let now = self.clock.now().as_millisecond();
        let found = self.store.write(move |c| rows::greet(c, uaid, now)).await?;
        if let rows::Known::Reset { agent, .. } = found {
            self.recent.forget(agent);
        }
        match found {
            rows::Known::Yes { agent, newest } => Ok(Greeting {
                uaid,
                agent: Some(agent),
                newest,
            }),
            rows::Known::No => Ok(fresh),
            rows::Known::Reset { lost, .. } => {
                for old in &lost {
                    self.write_dropped(old, DropRule::StoredLimit);
                }
                Ok(fresh)
            }
        }
    }

    /// The next messages of a device, oldest first.
    pub(super) async fn load(&self, agent: i64, batch: Batch) -> Result<Vec<Stored>, StoreError> {
        let now = self.clock.now().as_millisecond();
        let sequence = self.sequence.clone();
        self.store
            .read(move |c| {
                sequence.learn(c)?;
                rows::load(c, agent, batch, now)
            })
            .await
    }

    /// The device has these; they are forgotten. Unknown ones are ignored. Those that cannot be
    /// forgotten come again on the device's next connection.
    pub(super) async fn acknowledge(
        &self,
        agent: i64,
        acked: Vec<Acked>,
    ) -> Result<(), StoreError> {
        let trace = self.trace.clone();
        let forgotten = self.store.begin_then(
            move |c| rows::acknowledge(c, agent, &acked),
            move |outcome| match outcome {
                Ok(done) => {
                    for (message, code) in done {
                        let step = TraceStep::Acknowledged(*code);
                        trace.write(&message.version, message.platform, step);
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "what a device acknowledged comes once more");
                }
            },
        );
        // Nothing that is read or written after it finds them.
        drop(forgotten.await?);
        Ok(())
    }

    /// The device gives a channel back: its handles are gone, and what waited for it as well.
    pub(super) async fn give_back(&self, agent: i64, channel_id: Uuid) -> Result<(), StoreError> {
        let now = self.clock.now().as_millisecond();
        // Before the job: who finds the handle from now on finds it as gone.
        self.recent.forget(agent);
        let lost = self
            .store
            .write(move |c| rows::give_back(c, agent, channel_id, now))
            .await?;
        // Once more: a sender may have asked the database right before the job.
        self.recent.forget(agent);
        for old in &lost {
            self.write_dropped(old, DropRule::Unregistered);
        }
        Ok(())
    }

    /// The sender deletes a message that the device does not have yet (RFC 8030 §6.2). `agent` is
    /// the device's number, which stands in the version.
    pub(super) async fn delete(&self, agent: i64, version: &str) -> Result<(), StoreError> {
        let version = version.to_owned();
        let lost = self
            .store
            .write(move |c| rows::delete(c, agent, &version))
            .await?;
        for old in &lost {
            self.write_dropped(old, DropRule::Deleted);
        }
        Ok(())
    }

    fn write_dropped(&self, message: &rows::Named, rule: DropRule) {
        let step = TraceStep::Dropped(rule);
        self.trace.write(&message.version, message.platform, step);
    }
}

fn expiry(now: Timestamp, lifetime: Duration) -> i64 {
    let lifetime = SignedDuration::try_from(lifetime).unwrap_or(SignedDuration::MAX);
    now.saturating_add(lifetime)
        .unwrap_or(Timestamp::MAX)
        .as_millisecond()
}
