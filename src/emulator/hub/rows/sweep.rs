//! What has expired.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, params};

use super::installations;
use super::targets::{self, StoredTarget};

/// How many rows are removed at once, so that the store's thread is not held for long: installations,
/// and the targets that go with them.
const AT_ONCE: usize = 1000;

/// Removes registrations and installations that expired; true while there may be more.
pub(in crate::emulator::hub) fn expired(c: &Connection, now: Timestamp) -> rusqlite::Result<bool> {
    let now = now.as_millisecond();
    let removed = expired_installations(c, now)?;
    let left = AT_ONCE.saturating_sub(removed);
    // Those of installations go with them.
    let targets = c
        .prepare_cached(
            "DELETE FROM hub_target WHERE id IN
               (SELECT id FROM hub_target WHERE expires_at <= ?1 AND installation IS NULL LIMIT ?2)",
        )?
        .execute(params![now, i64::try_from(left).unwrap_or(i64::MAX)])?;
    Ok(removed + targets >= AT_ONCE)
}

/// How many rows went, the last installation's targets among them.
fn expired_installations(c: &Connection, now: i64) -> rusqlite::Result<usize> {
    let mut next = c.prepare_cached(
        "SELECT id, (SELECT count(*) FROM hub_target WHERE installation = hub_installation.id)
         FROM hub_installation WHERE expires_at <= ?1 LIMIT 1",
    )?;
    let mut removed = 0;
    while removed < AT_ONCE {
        let found: Option<(i64, i64)> = next
            .query_row([now], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let Some((number, targets)) = found else {
            break;
        };
        installations::remove_number(c, number)?;
        removed += 1 + usize::try_from(targets).unwrap_or_default();
    }
    Ok(removed)
}

/// Removes one that expired, with all it belongs to.
pub(super) fn remove(c: &Connection, expired: &StoredTarget) -> rusqlite::Result<()> {
    match expired.installation {
        Some(installation) => installations::remove_number(c, installation),
        None => targets::delete(c, expired.row.id),
    }
}
