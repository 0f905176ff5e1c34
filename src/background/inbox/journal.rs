//! The inbox's rows: appended when a push is accepted, and a state beside them where it has one.

use bytes::Bytes;
use jiff::Timestamp;
use rusqlite::{Connection, Row, params};

use super::{Entry, EntryId, Owner};
use crate::model::{MessageId, PushKind, RawNotification};

/// How many messages are kept and remembered, so that a late redelivery is still recognised.
pub(super) const MOST_REMEMBERED: usize = 16_384;

/// What a restart finds.
pub(super) struct Kept {
    /// The ids of the latest messages, oldest first.
    pub(super) messages: Vec<MessageId>,
    /// What was not finished, oldest first.
    pub(super) unfinished: Vec<(Entry, KeptState)>,
}

/// The state of an unfinished entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum KeptState {
    Ready,
    AwaitingSignIn,
    Retry(Timestamp),
}

/// A state to be written.
#[derive(Debug, Clone)]
pub(super) struct StateChange {
    pub(super) id: EntryId,
    pub(super) state: &'static str,
    pub(super) reason: Option<String>,
    pub(super) attempts: u32,
    pub(super) due: Option<Timestamp>,
}

pub(super) fn insert(
    connection: &Connection,
    device: i64,
    owner: &str,
    raw: &RawNotification,
    now: Timestamp,
) -> rusqlite::Result<EntryId> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO inbox(device, owner, message, platform, kind, content, sent_at, traceparent, received_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )?;
    statement.insert(params![
        device,
        owner,
        raw.message.as_str(),
        raw.platform.as_str(),
        raw.kind.as_str(),
        raw.content.as_ref(),
        raw.sent_at.map(|at| at.as_millisecond()),
        raw.traceparent,
        now.as_millisecond(),
    ])
}

pub(super) fn set_state(
    connection: &Connection,
    change: &StateChange,
    now: Timestamp,
) -> rusqlite::Result<()> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO inbox_state(entry, state, reason, attempts, due_at, changed_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT(entry) DO UPDATE SET state = excluded.state, reason = excluded.reason,
             attempts = excluded.attempts, due_at = excluded.due_at, changed_at = excluded.changed_at",
    )?;
    statement.execute(params![
        change.id,
        change.state,
        change.reason,
        change.attempts,
        change.due.map(Timestamp::as_millisecond),
        now.as_millisecond(),
    ])?;
    Ok(())
}

pub(super) fn load(connection: &Connection, device: i64) -> rusqlite::Result<Kept> {
    let mut messages = connection.prepare(
        "SELECT message FROM (SELECT entry, message FROM inbox WHERE device = ?1 ORDER BY entry DESC LIMIT ?2)
         ORDER BY entry",
    )?;
    let messages = messages
        .query_map(params![device, row_limit()], |row| row.get::<_, String>(0))?
        .filter_map(|message| message.map(|text| MessageId::parse(text).ok()).transpose())
        .collect::<rusqlite::Result<_>>()?;
    let mut unfinished = connection.prepare(
        "SELECT entry, owner, message, platform, kind, content, sent_at, traceparent, received_at,
                state, coalesce(attempts, 0), due_at
         FROM inbox LEFT JOIN inbox_state USING (entry)
         WHERE device = ?1 AND coalesce(state, 'accepted') NOT IN ('shown', 'dropped', 'superseded')
         ORDER BY entry",
    )?;
    let unfinished = unfinished
        .query_map([device], read_entry)?
        .filter_map(Result::transpose)
        .collect::<rusqlite::Result<_>>()?;
    Ok(Kept {
        messages,
        unfinished,
    })
}

/// Deletes finished entries that are too old to be remembered.
pub(super) fn prune(connection: &Connection, device: i64) -> rusqlite::Result<()> {
    let oldest_kept: Option<EntryId> = connection.query_row(
        "SELECT min(entry) FROM (SELECT entry FROM inbox WHERE device = ?1 ORDER BY entry DESC LIMIT ?2)",
        params![device, row_limit()],
        |row| row.get(0),
    )?;
    let Some(oldest_kept) = oldest_kept else {
        return Ok(());
    };
    connection.execute(
        "DELETE FROM inbox WHERE device = ?1 AND entry < ?2 AND entry IN
             (SELECT entry FROM inbox_state WHERE state IN ('shown', 'dropped', 'superseded'))",
        params![device, oldest_kept],
    )?;
    connection.execute(
        "DELETE FROM inbox_state WHERE entry < ?1 AND entry NOT IN (SELECT entry FROM inbox)",
        [oldest_kept],
    )?;
    Ok(())
}

/// A row that does not read as what this program writes is skipped: the file was changed by hand.
fn read_entry(row: &Row<'_>) -> rusqlite::Result<Option<(Entry, KeptState)>> {
    let (message, platform, kind): (String, String, String) =
        (row.get(2)?, row.get(3)?, row.get(4)?);
    let (Ok(message), Ok(platform), Some(kind)) = (
        MessageId::parse(message),
        platform.parse(),
        PushKind::from_name(&kind),
    ) else {
        return Ok(None);
    };
    let time = |value: Option<i64>| value.and_then(|at| Timestamp::from_millisecond(at).ok());
    let content = Bytes::from(row.get::<_, Vec<u8>>(5)?);
    let raw = RawNotification {
        kind,
        sent_at: time(row.get(6)?),
        traceparent: row.get(7)?,
        ..RawNotification::new(message, platform, content)
    };
    let entry = Entry {
        id: row.get(0)?,
        raw,
        owner: Owner::stored(row.get(1)?),
        received_at: time(row.get(8)?).unwrap_or(Timestamp::UNIX_EPOCH),
        attempts: row.get(10)?,
    };
    let state = match (
        row.get::<_, Option<String>>(9)?.as_deref(),
        time(row.get(11)?),
    ) {
        (Some("awaiting_sign_in"), _) => KeptState::AwaitingSignIn,
        (Some("retry"), Some(at)) => KeptState::Retry(at),
        _ => KeptState::Ready,
    };
    Ok(Some((entry, state)))
}

fn row_limit() -> i64 {
    i64::try_from(MOST_REMEMBERED).unwrap_or(i64::MAX)
}
