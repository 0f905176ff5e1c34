//! The rows of channels: every statement about handles.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use uuid::Uuid;

use crate::model::Platform;

use super::shape::{self, Lifetime};
use super::{Channel, Found, MOST_IN_ALL, MOST_PER_AGENT, Wanted};

/// A handle's row.
pub(super) struct MintedRow {
    pub(super) agent: i64,
    pub(super) token: String,
    pub(super) expires_at: Option<i64>,
}

/// The channel's handle, old or new; none when the device has too many.
pub(super) fn mint(
    c: &Connection,
    wanted: &Wanted,
    now: Timestamp,
) -> rusqlite::Result<Option<MintedRow>> {
    let uaid = wanted.uaid.simple().to_string();
    c.prepare_cached("INSERT OR IGNORE INTO agent(uaid) VALUES (?1)")?
        .execute([&uaid])?;
    let agent: i64 = c
        .prepare_cached("SELECT id FROM agent WHERE uaid = ?1")?
        .query_row([&uaid], |row| row.get(0))?;
    let lifetime = Lifetime::of(wanted.platform);
    let expires_at = lifetime.duration().map(|life| {
        now.checked_add(life)
            .unwrap_or(Timestamp::MAX)
            .as_millisecond()
    });
    if let Some(existing) = existing(c, agent, wanted, now, lifetime)? {
        if matches!(lifetime, Lifetime::Idle(_)) {
            c.prepare_cached("UPDATE channel SET expires_at = ?2 WHERE token = ?1")?
                .execute(params![existing.token, expires_at])?;
        }
        return Ok(Some(existing));
    }
    let held: i64 = c
        .prepare_cached("SELECT count(*) FROM channel WHERE agent = ?1")?
        .query_row([agent], |row| row.get(0))?;
    if held >= MOST_PER_AGENT || !has_room(c, now)? {
        return Ok(None);
    }
    let token = shape::token(wanted.platform);
    c.prepare_cached(
        "INSERT INTO channel(agent, channel_id, platform, token, vapid_key, extended, expires_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?
    .execute(params![
        agent,
        wanted.channel_id.to_string(),
        wanted.platform.as_str(),
        token,
        wanted.sender,
        wanted.extended,
        expires_at
    ])?;
    Ok(Some(MintedRow {
        agent,
        token,
        expires_at,
    }))
}

/// True when there may be one more handle; those that are gone make room.
fn has_room(c: &Connection, now: Timestamp) -> rusqlite::Result<bool> {
    let in_all = || -> rusqlite::Result<i64> {
        c.prepare_cached("SELECT channels FROM total")?
            .query_row([], |row| row.get(0))
    };
    if in_all()? < MOST_IN_ALL {
        return Ok(true);
    }
    // Many at once, as looking for them takes a while.
    c.execute(
        "DELETE FROM channel WHERE id IN (SELECT gone.id FROM channel gone
             WHERE (gone.gone_at IS NOT NULL OR gone.expires_at <= ?1) AND NOT EXISTS
               (SELECT 1 FROM message WHERE message.agent = gone.agent AND message.channel = gone.id)
             ORDER BY gone.id LIMIT 1000)",
        [now.as_millisecond()],
    )?;
    Ok(in_all()? < MOST_IN_ALL)
}

/// The newest handle of the channel that lives; one that will expire must have half its life
/// before it.
fn existing(
    c: &Connection,
    agent: i64,
    wanted: &Wanted,
    now: Timestamp,
    lifetime: Lifetime,
) -> rusqlite::Result<Option<MintedRow>> {
    let fresh_until = match lifetime {
        Lifetime::Endless => Timestamp::MIN,
        Lifetime::Fixed(life) => now.checked_add(life / 2).unwrap_or(Timestamp::MAX),
        Lifetime::Idle(_) => now,
    };
    c.prepare_cached(
        "SELECT token, expires_at FROM channel
             WHERE agent = ?1 AND channel_id = ?2 AND platform = ?3 AND vapid_key IS ?4
               AND extended = ?5 AND gone_at IS NULL AND (expires_at IS NULL OR expires_at > ?6)
             ORDER BY id DESC LIMIT 1",
    )?
    .query_row(
        params![
            agent,
            wanted.channel_id.to_string(),
            wanted.platform.as_str(),
            wanted.sender,
            wanted.extended,
            fresh_until.as_millisecond()
        ],
        |row| {
            Ok(MintedRow {
                agent,
                token: row.get(0)?,
                expires_at: row.get(1)?,
            })
        },
    )
    .optional()
}

/// The channels whose tokens stand from `first` to before `end`: one token, or all that begin the
/// same way.
pub(super) enum Tokens {
    One(String),
    Under { first: String, end: String },
}

/// What a token led to.
pub(super) struct FoundRow {
    pub(super) found: Found,
    pub(super) expires_at: Option<i64>,
}

impl FoundRow {
    pub(super) const UNKNOWN: Self = Self {
        found: Found::Unknown,
        expires_at: None,
    };
}

pub(super) fn find(
    c: &Connection,
    platform: Platform,
    tokens: &Tokens,
    now: i64,
) -> rusqlite::Result<FoundRow> {
    let (condition, first, end) = match tokens {
        Tokens::One(token) => ("token = ?1 AND ?2 = ''", token.as_str(), ""),
        Tokens::Under { first, end } => {
            ("token >= ?1 AND token < ?2", first.as_str(), end.as_str())
        }
    };
    let statement = format!(
        "SELECT channel.id, agent, uaid, vapid_key, extended, expires_at, gone_at, channel_id
         FROM channel JOIN agent ON agent.id = channel.agent
         WHERE {condition} AND platform = ?3 LIMIT 1"
    );
    let found = c
        .prepare_cached(&statement)?
        .query_row(params![first, end, platform.as_str()], |row| {
            let expires_at: Option<i64> = row.get(5)?;
            let gone_at: Option<i64> = row.get(6)?;
            let found = match gone_at.or(expires_at.filter(|at| *at <= now)) {
                Some(at) => Found::Gone(Timestamp::from_millisecond(at).unwrap_or(Timestamp::MIN)),
                None => live(row, platform)?,
            };
            Ok(FoundRow { found, expires_at })
        })
        .optional()?;
    Ok(found.unwrap_or(FoundRow::UNKNOWN))
}

fn live(row: &Row<'_>, platform: Platform) -> rusqlite::Result<Found> {
    let (uaid, channel_id): (String, String) = (row.get(2)?, row.get(7)?);
    let (Ok(uaid), Ok(channel_id)) = (Uuid::parse_str(&uaid), Uuid::parse_str(&channel_id)) else {
        return Ok(Found::Unknown);
    };
    Ok(Found::Live(Channel {
        id: row.get(0)?,
        agent: row.get(1)?,
        uaid,
        channel_id,
        platform,
        sender: row.get(3)?,
        extended: row.get(4)?,
    }))
}

/// Forgets handles that have been gone since before `cut`, and devices that have none left.
pub(super) fn sweep(c: &Connection, cut: i64) -> rusqlite::Result<usize> {
    c.execute(
        "DELETE FROM channel WHERE (gone_at < ?1 OR expires_at < ?1)
           AND NOT EXISTS (SELECT 1 FROM message
               WHERE message.agent = channel.agent AND message.channel = channel.id)",
        [cut],
    )?;
    c.execute(
        "DELETE FROM agent WHERE NOT EXISTS
           (SELECT 1 FROM channel WHERE channel.agent = agent.id)",
        [],
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::emulator::schema::SCHEMA;

    fn wanted() -> Wanted {
        Wanted {
            uaid: Uuid::new_v4(),
            channel_id: Uuid::new_v4(),
            platform: Platform::WebPush,
            sender: None,
            extended: false,
        }
    }

    #[test]
    fn handles_in_all_are_bounded_and_those_gone_make_room() {
        let c = Connection::open_in_memory().unwrap();
        for migration in SCHEMA.migrations {
            c.execute_batch(migration).unwrap();
        }
        let now = Timestamp::UNIX_EPOCH;
        let first = mint(&c, &wanted(), now).unwrap().unwrap();
        let full = [MOST_IN_ALL];
        c.execute("UPDATE total SET channels = ?1", full).unwrap();
        assert!(mint(&c, &wanted(), now).unwrap().is_none());
        let gone = "UPDATE channel SET gone_at = 0 WHERE token = ?1";
        c.execute(gone, [&first.token]).unwrap();
        assert!(mint(&c, &wanted(), now).unwrap().is_some());
        assert!(mint(&c, &wanted(), now).unwrap().is_none());
    }
}
