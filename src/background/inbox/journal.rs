//! The inbox's rows: appended when a push is accepted, and a state beside them where it has one.

use bytes::Bytes;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::queue::Step;
use super::{Entry, EntryId, Owner, Part};
use crate::background::rules::Wake;
use crate::model::{MessageId, Priority, PushKind, RawNotification};

/// How a visible part that was shown stands in its row.
const SHOWN: &str = "shown";

/// How many messages are kept and remembered, so that a late redelivery is still recognised.
pub(super) const MOST_REMEMBERED: usize = 16_384;

/// What a restart finds.
pub(super) struct Kept {
    /// The ids of the latest messages, oldest first.
    pub(super) messages: Vec<MessageId>,
    /// What was not finished, oldest first.
    pub(super) unfinished: Vec<(Entry, Step)>,
}

/// How an entry stands in the journal; one without a row is accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Accepted,
    /// Its owner signed in, for which it had waited.
    SignedIn,
    Held,
    AwaitingSignIn,
    Retry,
    Shown,
    Dropped,
    Superseded,
}

impl State {
    fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::SignedIn => "signed_in",
            Self::Held => "held",
            Self::AwaitingSignIn => "awaiting_sign_in",
            Self::Retry => "retry",
            Self::Shown => "shown",
            Self::Dropped => "dropped",
            Self::Superseded => "superseded",
        }
    }
}

/// A state to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct StateChange {
    pub(super) id: EntryId,
    pub(super) state: State,
    pub(super) reason: Option<String>,
    pub(super) attempts: u32,
    pub(super) due: Option<Timestamp>,
    pub(super) visible_shown: Option<bool>,
    pub(super) refused_under: Option<i64>,
    pub(super) put_off: u32,
    pub(super) woken_at: Option<Timestamp>,
}

pub(super) fn insert(
    connection: &Connection,
    device: i64,
    owner: &str,
    raw: &RawNotification,
    now: Timestamp,
) -> rusqlite::Result<EntryId> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO inbox(device, owner, message, platform, kind, content, sent_at, traceparent,
             received_at, priority, collapse, expires_at, toast_group, suppress_popup)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
    )?;
    statement.insert(params![
        device,
        owner,
        raw.message.as_str(),
        raw.platform.as_str(),
        raw.kind.as_str(),
        raw.content.as_ref(),
        raw.sent_at.map(Timestamp::as_millisecond),
        raw.traceparent,
        now.as_millisecond(),
        raw.priority.as_str(),
        raw.collapse,
        raw.expires_at.map(Timestamp::as_millisecond),
        raw.group,
        raw.suppress_popup,
    ])
}

/// The entry of a message that may have been written although its write did not end in time.
pub(super) fn find(
    connection: &Connection,
    device: i64,
    message: &MessageId,
) -> rusqlite::Result<Option<EntryId>> {
    connection
        .query_row(
            "SELECT entry FROM inbox WHERE device = ?1 AND message = ?2 ORDER BY entry DESC LIMIT 1",
            params![device, message.as_str()],
            |row| row.get(0),
        )
        .optional()
}

pub(super) fn set_state(
    connection: &Connection,
    change: &StateChange,
    now: Timestamp,
) -> rusqlite::Result<()> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO inbox_state(entry, state, reason, attempts, due_at, changed_at,
             visible, refused_under, put_off, woken_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
         ON CONFLICT(entry) DO UPDATE SET state = excluded.state, reason = excluded.reason,
             attempts = excluded.attempts, due_at = excluded.due_at, changed_at = excluded.changed_at,
             visible = excluded.visible, refused_under = excluded.refused_under,
             put_off = excluded.put_off, woken_at = excluded.woken_at",
    )?;
    statement.execute(params![
        change.id,
        change.state.as_str(),
        change.reason,
        change.attempts,
        change.due.map(Timestamp::as_millisecond),
        now.as_millisecond(),
        change.visible_shown.map(|shown| match shown {
            true => SHOWN,
            false => "dropped",
        }),
        change.refused_under,
        change.put_off,
        change.woken_at.map(Timestamp::as_millisecond),
    ])?;
    Ok(())
}

/// The wakes since `since` that the platform counts, the oldest first. The user saw something of
/// those that were shown, and of those for which they were asked to sign in.
pub(super) fn wakes(
    connection: &Connection,
    device: i64,
    since: Timestamp,
) -> rusqlite::Result<Vec<Wake>> {
    connection
        .prepare(
            "SELECT entry, woken_at, state IN ('shown', 'awaiting_sign_in', 'signed_in')
             FROM inbox_state JOIN inbox USING (entry)
             WHERE device = ?1 AND woken_at >= ?2 ORDER BY woken_at",
        )?
        .query_map(params![device, since.as_millisecond()], |row| {
            Ok(time(row.get(1)?).map(|at| (row.get(0), at, row.get(2))))
        })?
        .filter_map(Result::transpose)
        .map(|wake| {
            let (entry, at, shown) = wake?;
            Ok(Wake {
                entry: entry?,
                at,
                shown: shown?,
            })
        })
        .collect()
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
                state, coalesce(attempts, 0), due_at, priority, collapse, expires_at, reason,
                visible, refused_under, coalesce(put_off, 0), woken_at, coalesce(changed_at, 0),
                toast_group, suppress_popup
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
    // Of what is finished the content is of no use, and would be most of the file.
    connection.execute(
        "UPDATE inbox SET content = x'' WHERE device = ?1 AND length(content) > 0 AND entry IN
             (SELECT entry FROM inbox_state WHERE state IN ('shown', 'dropped', 'superseded'))",
        [device],
    )?;
    connection.execute(
        "DELETE FROM inbox_state WHERE entry < ?1 AND entry NOT IN (SELECT entry FROM inbox)",
        [oldest_kept],
    )?;
    Ok(())
}

/// A row that does not read as what this program writes is skipped: the file was changed by hand.
fn read_entry(row: &Row<'_>) -> rusqlite::Result<Option<(Entry, Step)>> {
    let (message, platform, kind): (String, String, String) =
        (row.get(2)?, row.get(3)?, row.get(4)?);
    let (Ok(message), Ok(platform), Some(kind)) = (
        MessageId::parse(message),
        platform.parse(),
        PushKind::from_name(&kind),
    ) else {
        return Ok(None);
    };
    let content = Bytes::from(row.get::<_, Vec<u8>>(5)?);
    let raw = RawNotification {
        kind,
        priority: Priority::from_name(&row.get::<_, String>(12)?).unwrap_or_default(),
        collapse: row.get(13)?,
        sent_at: time(row.get(6)?),
        expires_at: time(row.get(14)?),
        traceparent: row.get(7)?,
        group: row.get(21)?,
        suppress_popup: row.get(22)?,
        ..RawNotification::new(message, platform, content)
    };
    let received_at = time(row.get(8)?).unwrap_or(Timestamp::UNIX_EPOCH);
    let mut entry = Entry::new(row.get(0)?, raw, Owner::stored(row.get(1)?), received_at);
    let visible: Option<String> = row.get(16)?;
    if visible.is_some() && entry.task_follows() {
        entry.part = Part::Task;
        entry.visible_shown = visible.map(|end| end == SHOWN);
    }
    entry.attempts = row.get(10)?;
    entry.refused_under = row.get(17)?;
    entry.put_off = row.get(18)?;
    entry.woken_at = time(row.get(19)?);
    let state: Option<String> = row.get(9)?;
    entry.by_app = state.as_deref() == Some(State::SignedIn.as_str());
    let step = match (state.as_deref(), time(row.get(11)?)) {
        (Some("awaiting_sign_in"), _) => Step::AwaitingSignIn,
        (Some("held"), _) => Step::Held(code_of(row.get(15)?)),
        (Some("retry"), Some(at)) => Step::Retry {
            at,
            since: time(row.get(20)?).unwrap_or(at),
        },
        _ => Step::Ready,
    };
    Ok(Some((entry, step)))
}

/// The name of a reason, which its text begins with.
fn code_of(reason: Option<String>) -> String {
    let reason = reason.unwrap_or_default();
    match reason.split_once(':') {
        Some((code, _)) => code.to_owned(),
        None => reason,
    }
}

fn time(millis: Option<i64>) -> Option<Timestamp> {
    millis.and_then(|at| Timestamp::from_millisecond(at).ok())
}

fn row_limit() -> i64 {
    i64::try_from(MOST_REMEMBERED).unwrap_or(i64::MAX)
}
