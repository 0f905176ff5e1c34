//! Installations as they are stored: read with their documents, or without.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row};

use crate::wire::notification_hub::Installation;

use super::{timestamp, unreadable};

/// An installation's row.
pub(super) struct Stored {
    pub(super) number: i64,
    pub(super) installation: Installation,
    expires: Option<Timestamp>,
}

impl Stored {
    pub(super) fn is_live(&self, now: Timestamp) -> bool {
        is_live(self.expires, now)
    }
}

pub(super) fn is_live(expires: Option<Timestamp>, now: Timestamp) -> bool {
    expires.is_none_or(|at| at > now)
}

/// The number and the expiry, without the document.
pub(super) fn number(
    c: &Connection,
    id: &str,
) -> rusqlite::Result<Option<(i64, Option<Timestamp>)>> {
    c.prepare_cached("SELECT id, expires_at FROM hub_installation WHERE name = ?1")?
        .query_row([id], |row| {
            let expires: Option<i64> = row.get(1)?;
            Ok((row.get(0)?, expires.map(timestamp)))
        })
        .optional()
}

pub(super) fn by_name(c: &Connection, id: &str) -> rusqlite::Result<Option<Stored>> {
    c.prepare_cached("SELECT id, document, expires_at FROM hub_installation WHERE name = ?1")?
        .query_row([id], read)
        .optional()
}

/// The row with this number; none where there is none, or where its document cannot be read: that is
/// its owner's to put anew, and nobody else's trouble.
pub(super) fn by_number(c: &Connection, number: i64) -> rusqlite::Result<Option<Stored>> {
    let read = c
        .prepare_cached("SELECT id, document, expires_at FROM hub_installation WHERE id = ?1")?
        .query_row([number], read)
        .optional();
    match read {
        Err(error @ rusqlite::Error::FromSqlConversionFailure(..)) => {
            tracing::warn!(%error, number, "an installation cannot be read: put it anew");
            Ok(None)
        }
        read => read,
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<Stored> {
    let document: String = row.get(1)?;
    let installation =
        Installation::read(document.as_bytes()).map_err(|error| unreadable(1, error))?;
    Ok(Stored {
        number: row.get(0)?,
        installation,
        expires: row.get::<_, Option<i64>>(2)?.map(timestamp),
    })
}
