//! What has expired.

use jiff::Timestamp;
use rusqlite::Connection;

use super::installations;
use super::targets::{self, StoredTarget};

/// How many are removed at once, so that the store's thread is not held for long.
const AT_ONCE: i64 = 1000;

/// Removes registrations and installations that expired; true while there may be more.
pub(in crate::emulator::hub) fn expired(c: &Connection, now: Timestamp) -> rusqlite::Result<bool> {
    let now = now.as_millisecond();
    let installations = c
        .prepare_cached(
            "DELETE FROM hub_installation WHERE id IN
               (SELECT id FROM hub_installation WHERE expires_at <= ?1 LIMIT ?2)",
        )?
        .execute([now, AT_ONCE])?;
    let targets = c
        .prepare_cached(
            "DELETE FROM hub_target WHERE id IN
               (SELECT id FROM hub_target WHERE expires_at <= ?1 LIMIT ?2)",
        )?
        .execute([now, AT_ONCE])?;
    let full = usize::try_from(AT_ONCE).unwrap_or(usize::MAX);
    Ok(installations >= full || targets >= full)
}

/// Removes one that expired, with all it belongs to.
pub(super) fn remove(c: &Connection, expired: &StoredTarget) -> rusqlite::Result<()> {
    match expired.installation {
        Some(installation) => installations::remove_number(c, installation),
        None => targets::delete(c, expired.row.id),
    }
}
