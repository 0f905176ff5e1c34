//! What is kept about a registration, and where: one row an account and device.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, params};

use crate::model::RegistrationId;
use crate::wire::app_backend::RegistrationBody;

/// The table of this room. `acknowledged` is the installation as JSON, and null while nobody knows
/// what the backend has.
pub const MIGRATION: &str = "
CREATE TABLE registration (
    device INTEGER NOT NULL,
    account TEXT NOT NULL,
    id TEXT NOT NULL,
    acknowledged TEXT,
    PRIMARY KEY (device, account)
) STRICT, WITHOUT ROWID;
";

/// When the backend last acknowledged the installation, in milliseconds since 1970; null in rows
/// of earlier versions, and while nobody knows what the backend has.
pub const MIGRATION_2: &str = "ALTER TABLE registration ADD COLUMN acknowledged_at INTEGER;";

/// A registration as this device remembers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// The id that the backend gave.
    pub id: RegistrationId,
    /// What the backend last acknowledged; nothing while a put is under way or its answer was lost.
    pub acknowledged: Option<RegistrationBody>,
    /// When that was, where it is known.
    pub acknowledged_at: Option<Timestamp>,
}

/// Reads a row. An id that is none is asked for anew; an installation that cannot be read is put anew.
pub(super) fn load(
    connection: &Connection,
    device: i64,
    account: &str,
) -> rusqlite::Result<Option<Stored>> {
    let row: Option<(String, Option<String>, Option<i64>)> = connection
        .prepare_cached(
            "SELECT id, acknowledged, acknowledged_at FROM registration WHERE device = ?1 AND account = ?2",
        )?
        .query_row(params![device, account], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })
        .optional()?;
    Ok(row.and_then(|(id, acknowledged, at)| {
        Some(Stored {
            id: RegistrationId::parse(id).ok()?,
            acknowledged: acknowledged.and_then(|json| serde_json::from_str(&json).ok()),
            acknowledged_at: at.and_then(|at| Timestamp::from_millisecond(at).ok()),
        })
    }))
}

/// Writes a row in the place of an earlier one.
pub(super) fn save(
    connection: &Connection,
    device: i64,
    account: &str,
    stored: &Stored,
) -> rusqlite::Result<()> {
    let acknowledged = stored
        .acknowledged
        .as_ref()
        .and_then(|body| serde_json::to_string(body).ok());
    connection
        .prepare_cached(
            "INSERT INTO registration (device, account, id, acknowledged, acknowledged_at)
             VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (device, account)
             DO UPDATE SET id = excluded.id, acknowledged = excluded.acknowledged,
                           acknowledged_at = excluded.acknowledged_at",
        )?
        .execute(params![
            device,
            account,
            stored.id.as_str(),
            acknowledged,
            stored.acknowledged_at.map(Timestamp::as_millisecond)
        ])
        .map(drop)
}

/// Removes a row; that there is none is no error.
pub(super) fn forget(connection: &Connection, device: i64, account: &str) -> rusqlite::Result<()> {
    connection
        .prepare_cached("DELETE FROM registration WHERE device = ?1 AND account = ?2")?
        .execute(params![device, account])
        .map(drop)
}
