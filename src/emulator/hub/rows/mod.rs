//! What the hub keeps, in the services' database: every statement about it.
//!
//! Whatever a send can reach is a target, in one table: a registration is one, and so is each part
//! of an installation. Times are milliseconds since 1970.

mod codes;
pub(super) mod devices;
mod document;
pub(super) mod installations;
mod labels;
pub(super) mod messages;
pub(super) mod parts;
pub(super) mod progress;
pub(super) mod registrations;
pub(super) mod schedules;
mod stored;
pub(super) mod sweep;
pub(super) mod targets;
#[cfg(test)]
mod tests;

use jiff::Timestamp;
use rusqlite::types::Type;

pub(super) use codes::format_code;
pub(super) use targets::TargetRow;

/// The most targets in all: registrations, and parts of installations. More are refused.
pub(super) const MOST_TARGETS: i64 = 1_000_000;

/// The most installations in all. More are refused.
pub(super) const MOST_INSTALLATIONS: i64 = 1_000_000;

/// The most parts of one installation: templates, and those of its tiles.
pub(super) const MOST_PARTS: usize = 128;

/// The most messages in all, those that are sent and kept for telemetry included. These are
/// forgotten early, the oldest first; where all others wait, more are refused.
pub(super) const MOST_MESSAGES: i64 = 10_000;

/// The most messages that wait for their time.
pub(super) const MOST_SCHEDULED: i64 = 5_000;

/// The most bytes of all messages together.
pub(super) const MOST_MESSAGE_BYTES: i64 = 256 * 1024 * 1024;

/// What a row says cannot be read.
fn unreadable(
    column: usize,
    error: impl std::error::Error + Send + Sync + 'static,
) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error))
}

fn timestamp(millis: i64) -> Timestamp {
    Timestamp::from_millisecond(millis).unwrap_or(if millis < 0 {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    })
}
