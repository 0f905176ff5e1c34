//! Messages between the database and the socket.

use uuid::Uuid;

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
    pub(in crate::emulator::push) body: Vec<u8>,
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
