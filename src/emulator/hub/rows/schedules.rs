//! Messages that wait for their time.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, params};

use crate::emulator::hub::HubError;
use crate::wire::notification_hub::{Format, MessageState};

use super::codes::state_code;
use super::{messages, timestamp};

/// How many are begun at once.
const AT_ONCE: i64 = 100;

/// Takes what is due out of those that wait and stand behind this one, the most overdue first.
pub(in crate::emulator::hub) fn take_due(
    c: &Connection,
    behind: i64,
    now: Timestamp,
) -> rusqlite::Result<Vec<(i64, Format)>> {
    let due: Vec<(i64, Format)> = c
        .prepare_cached(
            "SELECT seq, format FROM hub_message JOIN hub_content ON hub_content.message = seq
             WHERE due_at <= ?1 AND seq > ?2 ORDER BY due_at LIMIT ?3",
        )?
        .query_map([now.as_millisecond(), behind, AT_ONCE], |row| {
            Ok((row.get(0)?, messages::format(row, 1)?))
        })?
        .collect::<Result<_, _>>()?;
    let mut taken = c.prepare_cached("UPDATE hub_message SET due_at = NULL WHERE seq = ?1")?;
    for (seq, _) in &due {
        taken.execute([seq])?;
    }
    Ok(due)
}

/// When the next one behind this one is due.
pub(in crate::emulator::hub) fn next(
    c: &Connection,
    behind: i64,
) -> rusqlite::Result<Option<Timestamp>> {
    let next: Option<i64> = c
        .prepare_cached(
            "SELECT due_at FROM hub_message WHERE due_at IS NOT NULL AND seq > ?1
             ORDER BY due_at LIMIT 1",
        )?
        .query_row([behind], |row| row.get(0))
        .optional()?;
    Ok(next.map(timestamp))
}

/// Cancels a message that waits for its time; once more is no change.
pub(in crate::emulator::hub) fn cancel(
    c: &Connection,
    id: &str,
    now: Timestamp,
) -> rusqlite::Result<Result<(), HubError>> {
    let found: Option<(i64, bool, i64)> = c
        .prepare_cached("SELECT seq, due_at IS NOT NULL, state FROM hub_message WHERE id = ?1")?
        .query_row([id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    let canceled = state_code(MessageState::Cancelled);
    match found {
        Some((seq, true, _)) => {
            c.prepare_cached(
                "UPDATE hub_message SET due_at = NULL, state = ?2, ended_at = ?3 WHERE seq = ?1",
            )?
            .execute(params![seq, canceled, now.as_millisecond()])?;
            Ok(Ok(()))
        }
        Some((_, false, state)) if state == canceled => Ok(Ok(())),
        Some(_) | None => Ok(Err(HubError::NotFound("scheduled notification"))),
    }
}
