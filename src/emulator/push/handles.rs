//! Handles: minted for a device's channel, found again when a sender posts to one, given back.

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension as _, params};
use url::Url;
use uuid::Uuid;

use crate::emulator::random;
use crate::lifecycle::Clock;
use crate::model::{Handle, Platform};
use crate::store::{Store, StoreError};
use crate::wire::wns;

/// The most handles of one device, those given back and not yet forgotten included.
const MOST_PER_AGENT: i64 = 256;

/// How long a handle that was given back or expired is answered with 410 before it is forgotten.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Mints and finds handles.
#[derive(Debug, Clone)]
pub(in crate::emulator) struct Handles {
    store: Store,
    clock: Clock,
    base: Url,
}

/// A device's channel behind a handle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::emulator) struct Channel {
    pub(super) id: i64,
    pub(super) agent: i64,
    pub(super) uaid: Uuid,
    pub(super) platform: Platform,
    pub(super) vapid_key: Option<Vec<u8>>,
    /// The device asked with handset's `platform` extension, so it reads extended headers.
    pub(super) extended: bool,
}

/// What stands behind a token that a sender used.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    Live(Channel),
    /// Given back or expired.
    Gone,
    Unknown,
}

/// What a device asks a handle for.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    pub(super) uaid: Uuid,
    pub(super) channel_id: Uuid,
    pub(super) platform: Platform,
    pub(super) vapid_key: Option<Vec<u8>>,
    pub(super) extended: bool,
}

/// A handle as the device gets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Minted {
    pub(super) agent: i64,
    pub(super) handle: Handle,
    pub(super) expires_in: Option<u64>,
}

impl Handles {
    pub(in crate::emulator) fn new(store: Store, clock: Clock, base: Url) -> Self {
        Self { store, clock, base }
    }

    /// The base of every minted handle.
    pub(super) fn base(&self) -> &Url {
        &self.base
    }

    /// The channel's handle: the one it has while that has half its life before it, otherwise a
    /// new one, which leaves the earlier valid until it expires. None when the device has too many.
    pub(super) async fn mint(&self, wanted: Wanted) -> Result<Option<Minted>, StoreError> {
        let now = self.clock.now();
        let lifetime = lifetime(wanted.platform);
        let keyed = wanted.vapid_key.is_some();
        let platform = wanted.platform;
        let row = self
            .store
            .write(move |c| mint_row(c, &wanted, now, lifetime))
            .await?;
        Ok(row.and_then(|row| {
            let handle = Handle::parse(self.address(platform, keyed, &row.token)).ok()?;
            let expires_in = row.expires_at.map(|at| {
                let left = at.saturating_sub(now.as_millisecond()) / 1000;
                u64::try_from(left).unwrap_or(0)
            });
            Some(Minted {
                agent: row.agent,
                handle,
                expires_in,
            })
        }))
    }

    /// The channel behind the `token` that a sender of `platform` used.
    pub(super) async fn find(&self, platform: Platform, token: &str) -> Result<Found, StoreError> {
        if token.len() > 128 {
            return Ok(Found::Unknown);
        }
        let now = self.clock.now().as_millisecond();
        let token = token.to_owned();
        self.store
            .read(move |c| find_row(c, platform, &token, now))
            .await
    }

    /// Forgets handles that have been gone for long.
    pub(in crate::emulator) async fn sweep(&self) -> Result<(), StoreError> {
        let cut = self
            .clock
            .now()
            .saturating_sub(REMEMBERED)
            .unwrap_or(Timestamp::MIN);
        let cut = cut.as_millisecond();
        self.store
            .write(move |c| {
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
            })
            .await
            .map(drop)
    }

    fn address(&self, platform: Platform, keyed: bool, token: &str) -> String {
        let base = self.base.as_str().trim_end_matches('/');
        match (platform, keyed) {
            (Platform::WebPush, true) => format!("{base}/wpush/v2/{token}"),
            (Platform::WebPush, false) => format!("{base}/wpush/v1/{token}"),
            (Platform::Wns | Platform::Apns | Platform::Fcm, _) => {
                format!("{base}/w/?token={token}")
            }
        }
    }
}

/// How long a handle of `platform` lasts.
fn lifetime(platform: Platform) -> Option<SignedDuration> {
    match platform {
        Platform::Wns => i64::try_from(wns::CHANNEL_SECONDS)
            .ok()
            .map(SignedDuration::from_secs),
        Platform::WebPush | Platform::Apns | Platform::Fcm => None,
    }
}

struct MintedRow {
    agent: i64,
    token: String,
    expires_at: Option<i64>,
}

fn mint_row(
    c: &Connection,
    wanted: &Wanted,
    now: Timestamp,
    lifetime: Option<SignedDuration>,
) -> rusqlite::Result<Option<MintedRow>> {
    let uaid = wanted.uaid.simple().to_string();
    c.prepare_cached("INSERT OR IGNORE INTO agent(uaid) VALUES (?1)")?
        .execute([&uaid])?;
    let agent: i64 = c
        .prepare_cached("SELECT id FROM agent WHERE uaid = ?1")?
        .query_row([&uaid], |row| row.get(0))?;
    let existing = existing_row(c, agent, wanted, now, lifetime)?;
    if existing.is_some() {
        return Ok(existing);
    }
    let held: i64 = c
        .prepare_cached("SELECT count(*) FROM channel WHERE agent = ?1")?
        .query_row([agent], |row| row.get(0))?;
    if held >= MOST_PER_AGENT {
        return Ok(None);
    }
    let token = random::token_256();
    let expires_at = lifetime.map(|life| {
        now.checked_add(life)
            .unwrap_or(Timestamp::MAX)
            .as_millisecond()
    });
    c.prepare_cached(
        "INSERT INTO channel(agent, channel_id, platform, token, vapid_key, extended, expires_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?
    .execute(params![
        agent,
        wanted.channel_id.to_string(),
        wanted.platform.as_str(),
        token,
        wanted.vapid_key,
        wanted.extended,
        expires_at
    ])?;
    Ok(Some(MintedRow {
        agent,
        token,
        expires_at,
    }))
}

/// The newest handle of the channel that has half its life before it.
fn existing_row(
    c: &Connection,
    agent: i64,
    wanted: &Wanted,
    now: Timestamp,
    lifetime: Option<SignedDuration>,
) -> rusqlite::Result<Option<MintedRow>> {
    let fresh_until = lifetime.and_then(|life| now.checked_add(life / 2).ok());
    let fresh_until = fresh_until.unwrap_or(Timestamp::MIN).as_millisecond();
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
            wanted.vapid_key,
            wanted.extended,
            fresh_until
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

fn find_row(c: &Connection, platform: Platform, token: &str, now: i64) -> rusqlite::Result<Found> {
    let found = c
        .prepare_cached(
            "SELECT channel.id, agent, uaid, vapid_key, extended, expires_at, gone_at
             FROM channel JOIN agent ON agent.id = channel.agent
             WHERE token = ?1 AND platform = ?2",
        )?
        .query_row(params![token, platform.as_str()], |row| {
            let expires_at: Option<i64> = row.get(5)?;
            let gone_at: Option<i64> = row.get(6)?;
            if gone_at.is_some() || expires_at.is_some_and(|at| at <= now) {
                return Ok(Found::Gone);
            }
            let uaid: String = row.get(2)?;
            let Ok(uaid) = Uuid::parse_str(&uaid) else {
                return Ok(Found::Unknown);
            };
            Ok(Found::Live(Channel {
                id: row.get(0)?,
                agent: row.get(1)?,
                uaid,
                platform,
                vapid_key: row.get(3)?,
                extended: row.get(4)?,
            }))
        })
        .optional()?;
    Ok(found.unwrap_or(Found::Unknown))
}
