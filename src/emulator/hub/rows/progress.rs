//! How far messages are.

use std::collections::BTreeSet;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use crate::emulator::hub::outcome::Counts;
use crate::emulator::hub::send::Send;
use crate::model::Handle;
use crate::wire::notification_hub::{Format, MessageState};

use super::codes::state_code;
use super::{messages, targets, unreadable};

/// A message that is being sent.
#[derive(Debug)]
pub(in crate::emulator::hub) struct Work {
    pub(in crate::emulator::hub) send: Send,
    pub(in crate::emulator::hub) progress: Progress,
}

/// How far it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::emulator::hub) struct Progress {
    /// Up to which target, or to how many handles, it was sent.
    pub(in crate::emulator::hub) cursor: i64,
    /// Those among them whose outcome is not known: they may not have it.
    pub(in crate::emulator::hub) unanswered: BTreeSet<i64>,
    /// What became of all others.
    pub(in crate::emulator::hub) counts: Counts,
}

/// Messages that are neither ended nor wait for their time, the oldest first.
pub(in crate::emulator::hub) fn open(c: &Connection) -> rusqlite::Result<Vec<(i64, Format)>> {
    c.prepare_cached(
        "SELECT seq, format FROM hub_message JOIN hub_content ON hub_content.message = seq
         WHERE ended_at IS NULL AND due_at IS NULL ORDER BY seq",
    )?
    .query_map([], |row| Ok((row.get(0)?, messages::format(row, 1)?)))?
    .collect()
}

/// The number of the last message that was taken; 0 where there is none.
pub(in crate::emulator::hub) fn last(c: &Connection) -> rusqlite::Result<i64> {
    c.prepare_cached("SELECT coalesce(max(seq), 0) FROM hub_message")?
        .query_row([], |row| row.get(0))
}

/// Begins a message, or goes on with it; none where it has ended.
pub(in crate::emulator::hub) fn begin(
    c: &Connection,
    seq: i64,
    now: Timestamp,
) -> rusqlite::Result<Option<Work>> {
    let known: Option<Progress> = c
        .prepare_cached(
            "SELECT cursor, unanswered, counts FROM hub_message
             WHERE seq = ?1 AND ended_at IS NULL",
        )?
        .query_row([seq], Progress::read)
        .optional()?;
    let Some(progress) = known else {
        return Ok(None);
    };
    c.prepare_cached(
        "UPDATE hub_message SET state = ?2, started_at = coalesce(started_at, ?3) WHERE seq = ?1",
    )?
    .execute(params![
        seq,
        state_code(MessageState::Processing),
        now.as_millisecond()
    ])?;
    Ok(Some(Work {
        send: messages::content(c, seq)?,
        progress,
    }))
}

impl Progress {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let (unanswered, counts): (String, String) = (row.get(1)?, row.get(2)?);
        Ok(Self {
            cursor: row.get(0)?,
            unanswered: serde_json::from_str(&unanswered).map_err(|error| unreadable(1, error))?,
            counts: Counts::read(&counts).map_err(|error| unreadable(2, error))?,
        })
    }
}

/// Writes down how far it is, and forgets the handles that turned out to be none.
pub(in crate::emulator::hub) fn commit(
    c: &Connection,
    seq: i64,
    progress: &Progress,
    gone: &[Handle],
    now: Timestamp,
) -> rusqlite::Result<()> {
    for handle in gone {
        targets::forget_handle(c, handle, now)?;
    }
    c.prepare_cached(
        "UPDATE hub_message SET cursor = ?2, unanswered = ?3, counts = ?4 WHERE seq = ?1",
    )?
    .execute(params![
        seq,
        progress.cursor,
        serde_json::to_string(&progress.unanswered).unwrap_or_default(),
        progress.counts.write()
    ])?;
    Ok(())
}

/// Ends a message.
pub(in crate::emulator::hub) fn end(
    c: &Connection,
    seq: i64,
    state: MessageState,
    now: Timestamp,
) -> rusqlite::Result<()> {
    c.prepare_cached(
        "UPDATE hub_message SET state = ?2, ended_at = ?3, due_at = NULL,
             started_at = coalesce(started_at, ?3)
         WHERE seq = ?1 AND ended_at IS NULL",
    )?
    .execute(params![seq, state_code(state), now.as_millisecond()])?;
    Ok(())
}
