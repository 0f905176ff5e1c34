//! Registrations that a hub may know and that are no longer under way there: they were given back,
//! expired, or were put at another hub while this one could not be asked. They wait for the day on
//! which it can.

use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension as _, params};

use crate::model::{Invalid, RegistrationId};

/// The hub that may know the registration is to let it go, unless that is `but`.
pub(super) fn leave(
    c: &Connection,
    id: &RegistrationId,
    but: Option<&str>,
) -> rusqlite::Result<()> {
    c.prepare_cached(
        "INSERT OR IGNORE INTO registration_left(hub, registration)
         SELECT hub, id FROM registration WHERE id = ?1 AND in_hub = 1 AND hub IS NOT ?2",
    )?
    .execute(params![id.as_str(), but])?;
    Ok(())
}

/// The hub that may know the registration, where that is not this one.
pub(super) fn other_hub(
    c: &Connection,
    id: &RegistrationId,
    hub: &str,
) -> rusqlite::Result<Option<String>> {
    c.prepare_cached("SELECT hub FROM registration WHERE id = ?1 AND in_hub = 1 AND hub <> ?2")?
        .query_row([id.as_str(), hub], |row| row.get(0))
        .optional()
}

/// A hub did not take the registration: it stays at the one before, and this one, which may know it
/// all the same, is to let it go.
pub(super) fn stay(
    c: &Connection,
    id: &RegistrationId,
    before: &str,
    tried: &str,
) -> rusqlite::Result<()> {
    // Its row says the hub that was tried.
    leave(c, id, None)?;
    settled(c, id, before)?;
    c.prepare_cached("UPDATE registration SET hub = ?2 WHERE id = ?1 AND hub = ?3")?
        .execute([id.as_str(), before, tried])?;
    Ok(())
}

/// Registrations that ended, of hubs that cannot be asked, wait here instead of in their rows.
pub(super) fn settle(c: &Connection, hubs: [&str; 2], now: i64) -> rusqlite::Result<()> {
    let [one, other] = hubs;
    c.prepare_cached(
        "INSERT OR IGNORE INTO registration_left(hub, registration)
         SELECT hub, id FROM registration
         WHERE in_hub = 1 AND expires_at <= ?1 AND hub NOT IN (?2, ?3)",
    )?
    .execute(params![now, one, other])?;
    c.prepare_cached(
        "UPDATE registration SET handle = NULL, in_hub = 0
         WHERE in_hub = 1 AND expires_at <= ?1 AND hub NOT IN (?2, ?3)",
    )?
    .execute(params![now, one, other])?;
    Ok(())
}

/// At most `most` registrations that this hub is to let go.
pub(super) fn waiting(
    c: &Connection,
    hub: &str,
    most: usize,
) -> rusqlite::Result<Vec<RegistrationId>> {
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    c.prepare_cached("SELECT registration FROM registration_left WHERE hub = ?1 LIMIT ?2")?
        .query_map(params![hub, most], read_id)?
        .collect()
}

/// True while this hub is to let the registration go.
pub(super) fn is_waiting(c: &Connection, id: &RegistrationId, hub: &str) -> rusqlite::Result<bool> {
    c.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM registration_left WHERE hub = ?1 AND registration = ?2)",
    )?
    .query_row([hub, id.as_str()], |row| row.get(0))
}

/// This hub let the registration go, or has it again.
pub(super) fn settled(c: &Connection, id: &RegistrationId, hub: &str) -> rusqlite::Result<()> {
    c.prepare_cached("DELETE FROM registration_left WHERE hub = ?1 AND registration = ?2")?
        .execute([hub, id.as_str()])?;
    Ok(())
}

/// What an earlier handset did not write down, as it kept no hub's name, was at the hub elsewhere.
pub(super) fn adopt(c: &Connection, hub: &str) -> rusqlite::Result<()> {
    c.execute(
        "UPDATE registration SET hub = ?1 WHERE hub = '' AND in_hub = 1",
        [hub],
    )?;
    c.execute(
        "UPDATE OR REPLACE registration_left SET hub = ?1 WHERE hub = ''",
        [hub],
    )?;
    Ok(())
}

/// The id in a row that has nothing else.
pub(super) fn read_id(row: &rusqlite::Row<'_>) -> rusqlite::Result<RegistrationId> {
    let unreadable =
        |error: Invalid| rusqlite::Error::FromSqlConversionFailure(0, Type::Text, Box::new(error));
    RegistrationId::parse(row.get::<_, String>(0)?).map_err(unreadable)
}
