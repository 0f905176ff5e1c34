//! Messages between the database and the socket.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU8, Ordering};

use bytes::Bytes;
use rusqlite::{Connection, OptionalExtension as _};
use uuid::Uuid;

use crate::emulator::trace::{TraceLog, TraceStep};
use crate::model::Platform;
use crate::wire::push_socket::NotificationHeaders;

/// A message that waits for its device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::emulator::push) struct Stored {
    /// Its place in the order of acceptance.
    pub(in crate::emulator::push) seq: i64,
    pub(in crate::emulator::push) channel_id: Uuid,
    pub(in crate::emulator::push) platform: Platform,
    pub(in crate::emulator::push) version: String,
    pub(in crate::emulator::push) body: Bytes,
    pub(in crate::emulator::push) headers: NotificationHeaders,
}

/// Which messages to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::emulator::push) struct Batch {
    pub(in crate::emulator::push) part: Part,
    /// Only those behind this place.
    pub(in crate::emulator::push) after: i64,
}

/// The parts in which a device gets its messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::emulator::push) enum Part {
    /// Those with a topic, up to this place: they come first.
    Topics(i64),
    /// The others that were stored before the hello, up to this place.
    Backlog(i64),
    /// What came since.
    Live,
}

/// A message that the device has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::emulator::push) struct Acked {
    /// Its place, where it was sent on this connection.
    pub(in crate::emulator::push) seq: Option<i64>,
    pub(in crate::emulator::push) version: String,
    pub(in crate::emulator::push) code: u16,
}

/// A message that goes to the socket while its row is being written.
#[derive(Debug)]
pub(in crate::emulator::push) struct Fresh {
    pub(in crate::emulator::push) message: Stored,
    pub(in crate::emulator::push) delivery: Delivery,
}

/// How far a fresh message has come, so that the log has its steps in their order although it may
/// be written to the socket before it is durable. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(in crate::emulator::push) struct Delivery(Arc<AtomicU8>);

const RECEIVED: u8 = 1;
const DELIVERED: u8 = 2;

impl PartialEq for Delivery {
    fn eq(&self, other: &Self) -> bool {
        self.0.load(Ordering::Relaxed) == other.0.load(Ordering::Relaxed)
    }
}

impl Delivery {
    /// Of a message that was read from the database.
    pub(in crate::emulator::push) fn of_stored() -> Self {
        Self(Arc::new(AtomicU8::new(RECEIVED)))
    }

    /// Its row is durable.
    pub(super) fn received(&self, trace: &TraceLog, version: &str, platform: Platform) {
        trace.write(version, platform, TraceStep::Received);
        if self.0.fetch_or(RECEIVED, Ordering::AcqRel) & DELIVERED != 0 {
            trace.write(version, platform, TraceStep::Delivered);
        }
    }

    /// It was written to the socket.
    pub(in crate::emulator::push) fn delivered(
        &self,
        trace: &TraceLog,
        version: &str,
        platform: Platform,
    ) {
        if self.0.fetch_or(DELIVERED, Ordering::AcqRel) & RECEIVED != 0 {
            trace.write(version, platform, TraceStep::Delivered);
        }
    }
}

/// Gives messages their places. It goes on from the last place ever given, which is read from the
/// database on the first occasion. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(super) struct Sequence(Arc<Places>);

#[derive(Debug, Default)]
struct Places {
    /// The next one; 0 while it is not known.
    next: AtomicI64,
    /// So much is stored that each message has to be looked at before it is taken.
    crowded: AtomicBool,
}

impl Sequence {
    /// The next place, inside a job.
    pub(super) fn next(&self, c: &Connection) -> rusqlite::Result<i64> {
        self.learn(c)?;
        Ok(self.0.next.fetch_add(1, Ordering::Relaxed))
    }

    /// The next place, outside of any job; none before the first one, and none in a crowd.
    pub(super) fn next_known(&self) -> Option<i64> {
        let known = self.0.next.load(Ordering::Relaxed) != 0;
        let crowded = self.0.crowded.load(Ordering::Relaxed);
        (known && !crowded).then(|| self.0.next.fetch_add(1, Ordering::Relaxed))
    }

    /// Says whether so much is stored that places are given inside jobs alone.
    pub(super) fn set_crowded(&self, crowded: bool) {
        self.0.crowded.store(crowded, Ordering::Relaxed);
    }

    /// Reads the last place that was given. Only jobs do, one after another.
    pub(super) fn learn(&self, c: &Connection) -> rusqlite::Result<()> {
        if self.0.next.load(Ordering::Relaxed) == 0 {
            let last: Option<i64> = c
                .prepare_cached("SELECT seq FROM sqlite_sequence WHERE name = 'message'")?
                .query_row([], |row| row.get(0))
                .optional()?;
            let next = last.unwrap_or(0) + 1;
            self.0.next.store(next, Ordering::Relaxed);
        }
        Ok(())
    }
}

#[cfg(test)]
impl Fresh {
    pub(super) fn for_tests() -> Self {
        Self {
            message: Stored {
                seq: 1,
                channel_id: Uuid::nil(),
                platform: Platform::Wns,
                version: "v".to_owned(),
                body: Bytes::new(),
                headers: NotificationHeaders::default(),
            },
            delivery: Delivery::default(),
        }
    }
}
