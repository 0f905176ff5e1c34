//! What happens to a push while no socket is open: each platform's own rule.

use rusqlite::{Connection, params};

use crate::emulator::random;
use crate::emulator::trace::DropRule;
use crate::model::Platform;
use crate::wire::fcm::{MAX_TTL, MOST_COLLAPSE_KEYS, MOST_PENDING};
use crate::wire::push_socket::{DELETED_MESSAGES, NotificationHeaders};

use super::rows::{Inserted, NewRow, take};
use super::{Verdict, expiry};

/// What happens to a push while no socket is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::emulator::push) enum AwayRule {
    /// It is dropped.
    Drop,
    /// It takes the place of the one kept under this name for the channel (WNS: its type, APNs: its
    /// topic).
    KeepNewest(String),
    /// It is stored, up to [`super::STORED_LIMIT`] (Web Push).
    Store,
    /// It takes the place of the one with this collapse key; the channel has four of them (FCM).
    Collapse(String),
    /// It is stored; over a hundred such messages are all discarded, and a marker takes their place
    /// (FCM).
    Pending,
}

/// Where the marker of discarded messages stands.
const MARKER_SLOT: &str = "marker";

impl AwayRule {
    /// Under which name the message is kept, where there is one such name for each channel.
    pub(super) fn slot(&self) -> Option<String> {
        match self {
            Self::KeepNewest(name) => Some(name.clone()),
            Self::Collapse(key) => Some(format!("collapse:{key}")),
            Self::Drop | Self::Store | Self::Pending => None,
        }
    }

    /// How the row says that nobody was there: 1 counts towards [`super::STORED_LIMIT`].
    pub(super) fn mark(&self) -> i64 {
        match self {
            Self::Store => 1,
            Self::Drop | Self::KeepNewest(_) | Self::Collapse(_) | Self::Pending => 2,
        }
    }
}

/// Leaves room for one more collapse key. Which of them FCM gives up is not documented: here the
/// one whose message is the oldest.
pub(super) fn bound_keys(
    c: &Connection,
    row: &NewRow,
    inserted: &mut Inserted,
) -> rusqlite::Result<()> {
    let beyond = take(
        c,
        "m.seq IN (SELECT kept.seq FROM message kept
             WHERE kept.agent = ?1 AND kept.channel = ?2 AND kept.slot GLOB 'collapse:*'
             ORDER BY kept.seq DESC LIMIT -1 OFFSET ?3)",
        params![row.agent, row.channel, MOST_COLLAPSE_KEYS - 1],
    )?;
    inserted.lose(beyond, DropRule::CollapseLimit);
    Ok(())
}

/// Discards everything that was stored for the channel, this message too, if it is one too many;
/// the device finds a marker instead, once.
pub(super) fn bound_pending(
    c: &Connection,
    row: &NewRow,
    inserted: &mut Inserted,
) -> rusqlite::Result<()> {
    let pending: i64 = c
        .prepare_cached(
            "SELECT count(*) FROM message
             WHERE agent = ?1 AND channel = ?2 AND offline = 2 AND slot IS NULL",
        )?
        .query_row([row.agent, row.channel], |row| row.get(0))?;
    if pending < MOST_PENDING {
        return Ok(());
    }
    let discarded = take(
        c,
        "m.agent = ?1 AND m.channel = ?2 AND m.offline = 2 AND m.slot IS NOT ?3",
        params![row.agent, row.channel, MARKER_SLOT],
    )?;
    inserted.lose(discarded, DropRule::PendingLimit);
    inserted.verdict = Verdict::Dropped(DropRule::PendingLimit);
    inserted.markers.extend(leave_marker(c, row)?);
    Ok(())
}

/// The marker's version, unless there is one already.
fn leave_marker(c: &Connection, row: &NewRow) -> rusqlite::Result<Option<String>> {
    let there = c
        .prepare_cached("SELECT 1 FROM message WHERE agent = ?1 AND channel = ?2 AND slot = ?3")?
        .exists(params![row.agent, row.channel, MARKER_SLOT])?;
    if there {
        return Ok(None);
    }
    let headers = NotificationHeaders {
        platform: Some(Platform::Fcm),
        message_type: Some(DELETED_MESSAGES.to_owned()),
        sent_at: Some(row.now),
        ..NotificationHeaders::default()
    };
    let version = random::hex_128();
    c.prepare_cached(
        "INSERT INTO message(agent, channel, version, body, headers, slot, offline, expires_at, seq)
         VALUES (?1, ?2, ?3, x'', ?4, ?5, 2, ?6, ?7)",
    )?
    .execute(params![
        row.agent,
        row.channel,
        version,
        serde_json::to_string(&headers).unwrap_or_default(),
        MARKER_SLOT,
        expiry(row.now, MAX_TTL),
        row.sequence.next(c)?
    ])?;
    Ok(Some(version))
}
