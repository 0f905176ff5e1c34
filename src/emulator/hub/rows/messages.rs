//! Messages: what was taken to be sent, kept for telemetry behind its end.

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use serde::{Deserialize, Serialize};

use crate::emulator::hub::outcome::Counts;
use crate::emulator::hub::send::{Send, Target};
use crate::emulator::hub::{Content, HubError};
use crate::model::{Handle, Invalid, SubscriptionKeys, TagExpression};
use crate::wire::notification_hub::{Format, MessageState, NotificationDetails, PnsHandle};

use super::codes::{read_state, state_code};
use super::{MOST_MESSAGE_BYTES, MOST_MESSAGES, MOST_SCHEDULED, timestamp, unreadable};

/// How long a message is kept behind its end.
const KEPT: SignedDuration = SignedDuration::from_hours(7 * 24);

/// How many are forgotten at once.
const AT_ONCE: i64 = 1000;

/// A message that is taken.
pub(in crate::emulator::hub) struct NewMessage {
    pub(in crate::emulator::hub) id: String,
    pub(in crate::emulator::hub) send: Send,
    /// When it is to be sent; none for at once.
    pub(in crate::emulator::hub) due: Option<Timestamp>,
    pub(in crate::emulator::hub) now: Timestamp,
}

#[derive(Serialize, Deserialize)]
struct HandleDocument {
    handle: Handle,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    keys: Option<SubscriptionKeys>,
}

/// Writes a message down; its number.
pub(in crate::emulator::hub) fn insert(
    c: &Connection,
    new: &NewMessage,
) -> rusqlite::Result<Result<i64, HubError>> {
    let (messages, scheduled, bytes) = totals(c)?;
    if messages >= MOST_MESSAGES || bytes >= MOST_MESSAGE_BYTES {
        forget_oldest(c)?;
        let (messages, _, bytes) = totals(c)?;
        if messages >= MOST_MESSAGES || bytes >= MOST_MESSAGE_BYTES {
            return Ok(Err(HubError::Full("notifications: others wait to be sent")));
        }
    }
    if new.due.is_some() && scheduled >= MOST_SCHEDULED {
        return Ok(Err(HubError::Full("scheduled notifications")));
    }
    c.prepare_cached(
        "INSERT INTO hub_message(id, state, enqueued_at, due_at, cursor, counts)
         VALUES (?1, ?2, ?3, ?4, 0, '{}')",
    )?
    .execute(params![
        new.id,
        state_code(MessageState::Enqueued),
        new.now.as_millisecond(),
        new.due.map(Timestamp::as_millisecond)
    ])?;
    let seq = c.last_insert_rowid();
    insert_content(c, seq, &new.send)?;
    Ok(Ok(seq))
}

fn insert_content(c: &Connection, seq: i64, send: &Send) -> rusqlite::Result<()> {
    let (tags, handles) = match &send.to {
        Target::Broadcast => (None, None),
        Target::Tags(expression) => (Some(expression.to_string()), None),
        Target::Direct(handles) => {
            let all = handles.iter().map(|handle| HandleDocument {
                handle: handle.text.clone(),
                keys: handle.keys.clone(),
            });
            let all: Vec<HandleDocument> = all.collect();
            (None, serde_json::to_string(&all).ok())
        }
    };
    let content = &send.content;
    c.prepare_cached(
        "INSERT INTO hub_content(message, format, content_type, headers, body, tags, handles)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?
    .execute(params![
        seq,
        content.format.name(),
        content.content_type,
        serde_json::to_string(&content.headers).unwrap_or_default(),
        content.body.as_ref(),
        tags,
        handles
    ])?;
    Ok(())
}

/// What is to be sent, and to whom.
pub(super) fn content(c: &Connection, seq: i64) -> rusqlite::Result<Send> {
    let invalid = |column, error: Invalid| unreadable(column, error);
    c.prepare_cached(
        "SELECT format, content_type, headers, body, tags, handles FROM hub_content
         WHERE message = ?1",
    )?
    .query_row([seq], |row| {
        let headers: String = row.get(2)?;
        let (tags, handles): (Option<String>, Option<String>) = (row.get(4)?, row.get(5)?);
        let to = match (tags, handles) {
            (Some(tags), _) => {
                Target::Tags(TagExpression::parse(&tags).map_err(|error| invalid(4, error))?)
            }
            (None, Some(handles)) => Target::Direct(read_handles(&handles)?),
            (None, None) => Target::Broadcast,
        };
        Ok(Send {
            to,
            content: Content {
                format: format(row, 0)?,
                content_type: row.get(1)?,
                headers: serde_json::from_str(&headers).map_err(|error| unreadable(2, error))?,
                body: row.get::<_, Vec<u8>>(3)?.into(),
            },
        })
    })
}

pub(super) fn format(row: &Row<'_>, column: usize) -> rusqlite::Result<Format> {
    let name: String = row.get(column)?;
    let unknown = || unreadable(column, Invalid::new("format", "is not known"));
    Format::parse(&name).ok_or_else(unknown)
}

fn read_handles(column: &str) -> rusqlite::Result<Vec<PnsHandle>> {
    let all: Vec<HandleDocument> =
        serde_json::from_str(column).map_err(|error| unreadable(5, error))?;
    let handles = all.into_iter().map(|document| PnsHandle {
        text: document.handle,
        keys: document.keys,
    });
    Ok(handles.collect())
}

/// What became of a message.
pub(in crate::emulator::hub) fn details(
    c: &Connection,
    id: &str,
) -> rusqlite::Result<Option<NotificationDetails>> {
    c.prepare_cached(
        "SELECT state, enqueued_at, started_at, ended_at, counts, format, body, tags
         FROM hub_message JOIN hub_content ON hub_content.message = hub_message.seq
         WHERE id = ?1",
    )?
    .query_row([id], |row| {
        let counts: String = row.get(4)?;
        let counts = Counts::read(&counts).map_err(|error| unreadable(4, error))?;
        let counts = counts.into_map();
        let platforms = match format(row, 5)? {
            Format::Native(platform) => vec![platform],
            Format::Template => counts.keys().copied().collect(),
        };
        let body: Vec<u8> = row.get(6)?;
        Ok(NotificationDetails {
            id: id.to_owned(),
            state: read_state(row.get(0)?),
            enqueued: timestamp(row.get(1)?),
            started: row.get::<_, Option<i64>>(2)?.map(timestamp),
            ended: row.get::<_, Option<i64>>(3)?.map(timestamp),
            body: String::from_utf8_lossy(&body).into_owned(),
            tags: row.get(7)?,
            platforms,
            counts,
        })
    })
    .optional()
}

/// Forgets messages that ended long ago; true while there may be more.
pub(in crate::emulator::hub) fn forget_old(
    c: &Connection,
    now: Timestamp,
) -> rusqlite::Result<bool> {
    let cut = now.saturating_sub(KEPT).unwrap_or(Timestamp::MIN);
    let forgotten = c
        .prepare_cached(
            "DELETE FROM hub_message WHERE seq IN
               (SELECT seq FROM hub_message WHERE ended_at < ?1 LIMIT ?2)",
        )?
        .execute([cut.as_millisecond(), AT_ONCE])?;
    Ok(forgotten >= usize::try_from(AT_ONCE).unwrap_or(usize::MAX))
}

/// Makes room for more messages.
fn forget_oldest(c: &Connection) -> rusqlite::Result<()> {
    c.prepare_cached(
        "DELETE FROM hub_message WHERE seq IN
           (SELECT seq FROM hub_message WHERE ended_at IS NOT NULL ORDER BY ended_at LIMIT ?1)",
    )?
    .execute([AT_ONCE])?;
    Ok(())
}

fn totals(c: &Connection) -> rusqlite::Result<(i64, i64, i64)> {
    c.prepare_cached("SELECT messages, scheduled, bytes FROM hub_total")?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
}
