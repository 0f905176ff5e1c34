//! The rows of messages: every statement about them.

use bytes::Bytes;
use jiff::Timestamp;
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use uuid::Uuid;

use crate::emulator::trace::DropRule;
use crate::model::Platform;
use crate::wire::push_socket::{MAX_FRAME, NotificationHeaders};

use super::away::{self, AwayRule};
use super::message::{Acked, Batch, Part, Sequence, Stored};
use super::{Channel, Incoming, MOST_BYTES, MOST_IN_ALL, MOST_KEPT, STORED_LIMIT, Verdict, expiry};

/// How many messages are read at once (autopush: 10).
pub(super) const BATCH: usize = 10;

/// A message by its name, for the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) version: String,
    pub(super) platform: Platform,
}

/// What the database knows of an agent id.
pub(super) enum Known {
    Yes {
        agent: i64,
        newest: i64,
    },
    No,
    /// Too much was stored: everything about it was forgotten, these messages among it.
    Reset {
        agent: i64,
        lost: Vec<Named>,
    },
}

/// A message about to be stored.
pub(super) struct NewRow {
    /// Its place, where it was given one already.
    seq: Option<i64>,
    pub(super) sequence: Sequence,
    pub(super) agent: i64,
    pub(super) channel: i64,
    version: String,
    body: Bytes,
    headers: NotificationHeaders,
    slot: Option<String>,
    /// The rule that holds, while no socket is open.
    pub(super) away: Option<AwayRule>,
    pub(super) now: Timestamp,
    expires_at: Option<i64>,
}

/// What became of a message, and of others through it.
#[derive(Debug)]
pub(super) struct Inserted {
    pub(super) verdict: Verdict,
    /// Those that were given up for it, by which rule.
    pub(super) lost: Vec<(Named, DropRule)>,
    /// The versions of messages that the service stored itself.
    pub(super) markers: Vec<String>,
}

impl Inserted {
    pub(super) fn without_loss(verdict: Verdict) -> Self {
        Self {
            verdict,
            lost: Vec::new(),
            markers: Vec::new(),
        }
    }

    pub(super) fn lose(&mut self, messages: Vec<Named>, rule: DropRule) {
        let messages = messages.into_iter().map(|message| (message, rule));
        self.lost.extend(messages);
    }
}

impl NewRow {
    pub(super) fn of(
        channel: &Channel,
        incoming: Incoming,
        connected: bool,
        sequence: Sequence,
        now: Timestamp,
    ) -> Self {
        let away = (!connected).then_some(incoming.away);
        let slot = away.as_ref().and_then(AwayRule::slot).or(incoming.topic);
        // "Now or never" with a socket open is now: it is kept until the device has it.
        let lifetime = incoming.lifetime.filter(|lifetime| !lifetime.is_zero());
        Self {
            seq: None,
            sequence,
            agent: channel.agent,
            channel: channel.id,
            version: incoming.version,
            body: incoming.body,
            headers: incoming.headers,
            slot,
            away,
            now,
            expires_at: lifetime.map(|lifetime| expiry(now, lifetime)),
        }
    }
}

impl NewRow {
    /// With a place that was given outside of the job.
    pub(super) fn at(self, seq: i64) -> Self {
        Self {
            seq: Some(seq),
            ..self
        }
    }
}

/// Stores a message that its device's socket was handed: there is room, as such a socket has all
/// but a few of the device's messages.
pub(super) fn insert_direct(c: &Connection, row: &NewRow) -> rusqlite::Result<Verdict> {
    if !is_live(c, row)? {
        return Ok(Verdict::Gone);
    }
    store(c, row)?;
    no_room_in_all(c, row)?;
    Ok(Verdict::Received)
}

/// How near to the bounds of all devices together each message is looked at before it is taken:
/// more than may be under way.
const CROWD: i64 = 4096;

/// True when no more may be stored for all devices together.
fn no_room_in_all(c: &Connection, row: &NewRow) -> rusqlite::Result<bool> {
    let (messages, bytes): (i64, i64) = c
        .prepare_cached("SELECT messages, bytes FROM total")?
        .query_row([], |r| Ok((r.get(0)?, r.get(1)?)))?;
    let most = i64::try_from(MAX_FRAME).unwrap_or(i64::MAX);
    let crowded = messages >= MOST_IN_ALL - CROWD || bytes >= MOST_BYTES - CROWD * most;
    row.sequence.set_crowded(crowded);
    Ok(messages >= MOST_IN_ALL || bytes >= MOST_BYTES)
}

fn is_live(c: &Connection, row: &NewRow) -> rusqlite::Result<bool> {
    c.prepare_cached("SELECT 1 FROM channel WHERE id = ?1 AND gone_at IS NULL")?
        .exists([row.channel])
}

/// Stores a message if it may be.
pub(super) fn insert(c: &Connection, row: &NewRow) -> rusqlite::Result<Inserted> {
    if !is_live(c, row)? {
        return Ok(Inserted::without_loss(Verdict::Gone));
    }
    let (kept, stored): (i64, i64) = c
        .prepare_cached(
            "SELECT count(*), coalesce(sum(offline = 1), 0) FROM message WHERE agent = ?1",
        )?
        .query_row([row.agent], |r| Ok((r.get(0)?, r.get(1)?)))?;
    if row.away == Some(AwayRule::Store) && stored > STORED_LIMIT {
        let dropped = Verdict::Dropped(DropRule::StoredLimit);
        return Ok(Inserted::without_loss(dropped));
    }
    if kept >= MOST_KEPT || no_room_in_all(c, row)? {
        return Ok(Inserted::without_loss(Verdict::Full));
    }
    let mut inserted = Inserted::without_loss(Verdict::Received);
    if let (Some(slot), Some(_)) = (&row.slot, &row.away) {
        let superseded = take(
            c,
            "m.channel = ?1 AND m.agent = ?2 AND m.slot = ?3",
            params![row.channel, row.agent, slot],
        )?;
        inserted.lose(superseded, DropRule::Superseded);
    }
    match row.away {
        Some(AwayRule::Collapse(_)) => away::bound_keys(c, row, &mut inserted)?,
        Some(AwayRule::Pending) => away::bound_pending(c, row, &mut inserted)?,
        Some(AwayRule::Drop | AwayRule::KeepNewest(_) | AwayRule::Store) | None => {}
    }
    if inserted.verdict == Verdict::Received {
        store(c, row)?;
    }
    Ok(inserted)
}

fn store(c: &Connection, row: &NewRow) -> rusqlite::Result<()> {
    let offline = row.away.as_ref().map_or(0, AwayRule::mark);
    let seq = match row.seq {
        Some(seq) => seq,
        None => row.sequence.next(c)?,
    };
    c.prepare_cached(
        "INSERT INTO message(agent, channel, version, body, headers, slot, offline, expires_at, seq)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )?
    .execute(params![
        row.agent,
        row.channel,
        row.version,
        row.body.as_ref(),
        serde_json::to_string(&row.headers).unwrap_or_default(),
        row.slot,
        offline,
        row.expires_at,
        seq
    ])?;
    Ok(())
}

pub(super) fn greet(c: &Connection, uaid: Uuid, now: i64) -> rusqlite::Result<Known> {
    let agent: Option<i64> = c
        .prepare_cached("SELECT id FROM agent WHERE uaid = ?1")?
        .query_row([uaid.simple().to_string()], |row| row.get(0))
        .optional()?;
    let Some(agent) = agent else {
        return Ok(Known::No);
    };
    let (newest, stored): (i64, i64) = c
        .prepare_cached(
            "SELECT coalesce(max(seq), 0), coalesce(sum(offline = 1), 0) FROM message
             WHERE agent = ?1",
        )?
        .query_row([agent], |row| Ok((row.get(0)?, row.get(1)?)))?;
    if stored <= STORED_LIMIT {
        return Ok(Known::Yes { agent, newest });
    }
    let lost = take(c, "m.agent = ?1", [agent])?;
    // The handles stay as gone, under a name that no device says, so that senders hear 410.
    c.execute(
        "UPDATE channel SET gone_at = coalesce(gone_at, ?2) WHERE agent = ?1",
        params![agent, now],
    )?;
    c.execute(
        "UPDATE agent SET uaid = ?2 WHERE id = ?1",
        params![agent, format!("reset-{agent}")],
    )?;
    Ok(Known::Reset { agent, lost })
}

pub(super) fn load(
    c: &Connection,
    agent: i64,
    batch: Batch,
    now: i64,
) -> rusqlite::Result<Vec<Stored>> {
    let (filter, upto) = match batch.part {
        Part::Topics(upto) => ("AND m.slot IS NOT NULL", upto),
        Part::Backlog(upto) => ("AND m.slot IS NULL", upto),
        Part::Live => ("", i64::MAX),
    };
    let statement = format!(
        "SELECT m.seq, channel.channel_id, channel.platform, m.version, m.body, m.headers
         FROM message m JOIN channel ON channel.id = m.channel
         WHERE m.agent = ?1 AND m.seq > ?2 AND m.seq <= ?3
           AND (m.expires_at IS NULL OR m.expires_at > ?4) {filter}
         ORDER BY m.seq LIMIT {BATCH}"
    );
    let mut statement = c.prepare_cached(&statement)?;
    let rows = statement.query_map(params![agent, batch.after, upto, now], stored)?;
    rows.collect()
}

fn stored(row: &Row<'_>) -> rusqlite::Result<Stored> {
    let channel_id: String = row.get(1)?;
    let headers: String = row.get(5)?;
    Ok(Stored {
        seq: row.get(0)?,
        channel_id: Uuid::parse_str(&channel_id).map_err(|error| unreadable(1, error))?,
        platform: platform(row, 2)?,
        version: row.get(3)?,
        body: Bytes::from(row.get::<_, Vec<u8>>(4)?),
        headers: serde_json::from_str(&headers).map_err(|error| unreadable(5, error))?,
    })
}

pub(super) fn acknowledge(
    c: &Connection,
    agent: i64,
    acked: &[Acked],
) -> rusqlite::Result<Vec<(Named, u16)>> {
    let mut done = Vec::new();
    for ack in acked {
        let rows = match ack.seq {
            Some(seq) => take(c, "m.seq = ?1 AND m.agent = ?2", [seq, agent])?,
            None => take(
                c,
                "m.agent = ?1 AND m.version = ?2",
                params![agent, ack.version],
            )?,
        };
        done.extend(rows.into_iter().map(|row| (row, ack.code)));
    }
    Ok(done)
}

pub(super) fn give_back(
    c: &Connection,
    agent: i64,
    channel_id: Uuid,
    now: i64,
) -> rusqlite::Result<Vec<Named>> {
    let channel_id = channel_id.to_string();
    let lost = take(
        c,
        "m.agent = ?1 AND m.channel IN (SELECT own.id FROM channel own WHERE own.agent = ?1 AND own.channel_id = ?2)",
        params![agent, channel_id],
    )?;
    c.prepare_cached(
        "UPDATE channel SET gone_at = coalesce(gone_at, ?3) WHERE agent = ?1 AND channel_id = ?2",
    )?
    .execute(params![agent, channel_id, now])?;
    Ok(lost)
}

pub(super) fn delete(c: &Connection, agent: i64, version: &str) -> rusqlite::Result<Vec<Named>> {
    take(
        c,
        "m.agent = ?1 AND m.version = ?2",
        params![agent, version],
    )
}

pub(super) fn expire(c: &Connection, now: i64) -> rusqlite::Result<Vec<Named>> {
    take(c, "m.expires_at <= ?1", [now])
}

/// Removes the messages for which `condition` holds, and names them.
pub(super) fn take(
    c: &Connection,
    condition: &str,
    values: impl rusqlite::Params,
) -> rusqlite::Result<Vec<Named>> {
    let statement = format!(
        "SELECT m.seq, m.version, channel.platform
         FROM message m JOIN channel ON channel.id = m.channel WHERE {condition}"
    );
    let mut statement = c.prepare_cached(&statement)?;
    let found: Vec<(i64, Named)> = statement
        .query_map(values, |row| {
            let version = row.get(1)?;
            let platform = platform(row, 2)?;
            Ok((row.get(0)?, Named { version, platform }))
        })?
        .collect::<Result<_, _>>()?;
    let mut delete = c.prepare_cached("DELETE FROM message WHERE seq = ?1")?;
    let mut named = Vec::with_capacity(found.len());
    for (seq, name) in found {
        delete.execute([seq])?;
        named.push(name);
    }
    Ok(named)
}

fn platform(row: &Row<'_>, column: usize) -> rusqlite::Result<Platform> {
    let name: String = row.get(column)?;
    name.parse().map_err(|error| unreadable(column, error))
}

fn unreadable(
    column: usize,
    error: impl std::error::Error + Send + Sync + 'static,
) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error))
}
