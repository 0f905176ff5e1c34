//! The rows of installations.

use rusqlite::types::Type;
use rusqlite::{Connection, params};

use crate::model::{Handle, Platform, RegistrationId, SubscriptionKeys, Tag};

use super::Device;

/// The most devices that one send reaches.
const MOST_REACHED: usize = 1000;

pub(super) fn upsert(c: &Connection, device: &Device) -> rusqlite::Result<()> {
    let id = device.id.as_str();
    let handle = device.handle.as_str();
    c.prepare_cached(
        "DELETE FROM installation_tag WHERE installation IN
           (SELECT id FROM installation WHERE handle = ?1 OR id = ?2)",
    )?
    .execute([handle, id])?;
    c.prepare_cached("DELETE FROM installation WHERE handle = ?1 OR id = ?2")?
        .execute([handle, id])?;
    let keys = device.keys.as_ref();
    c.prepare_cached(
        "INSERT INTO installation(id, platform, handle, p256dh, auth) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?
    .execute(params![
        id,
        device.platform.as_str(),
        handle,
        keys.map(|keys| keys.p256dh.as_str()),
        keys.map(|keys| keys.auth.as_str())
    ])?;
    let mut insert = c.prepare_cached(
        "INSERT OR IGNORE INTO installation_tag(tag, installation) VALUES (?1, ?2)",
    )?;
    for tag in &device.tags {
        insert.execute([key(tag).as_str(), id])?;
    }
    Ok(())
}

pub(super) fn remove(c: &Connection, ids: &[RegistrationId]) -> rusqlite::Result<()> {
    for id in ids {
        c.prepare_cached("DELETE FROM installation_tag WHERE installation = ?1")?
            .execute([id.as_str()])?;
        c.prepare_cached("DELETE FROM installation WHERE id = ?1")?
            .execute([id.as_str()])?;
    }
    Ok(())
}

/// Removes the installation with this handle, unless it has another one by now.
pub(super) fn remove_handle(c: &Connection, handle: &Handle) -> rusqlite::Result<()> {
    c.prepare_cached(
        "DELETE FROM installation_tag WHERE installation IN
           (SELECT id FROM installation WHERE handle = ?1)",
    )?
    .execute([handle.as_str()])?;
    c.prepare_cached("DELETE FROM installation WHERE handle = ?1")?
        .execute([handle.as_str()])?;
    Ok(())
}

/// The devices with `tag`. Their tags are not read.
pub(super) fn with_tag(c: &Connection, tag: &Tag) -> rusqlite::Result<Vec<Device>> {
    let statement = format!(
        "SELECT id, platform, handle, p256dh, auth FROM installation_tag
         JOIN installation ON installation.id = installation_tag.installation
         WHERE tag = ?1 LIMIT {MOST_REACHED}"
    );
    let mut statement = c.prepare_cached(&statement)?;
    let rows = statement.query_map(params![key(tag)], |row| {
        let p256dh: Option<String> = row.get(3)?;
        let auth: Option<String> = row.get(4)?;
        Ok(Device {
            id: RegistrationId::parse(row.get::<_, String>(0)?).map_err(|e| unreadable(0, e))?,
            platform: row
                .get::<_, String>(1)?
                .parse::<Platform>()
                .map_err(|e| unreadable(1, e))?,
            handle: Handle::parse(row.get::<_, String>(2)?).map_err(|e| unreadable(2, e))?,
            keys: p256dh
                .zip(auth)
                .map(|(p256dh, auth)| SubscriptionKeys { p256dh, auth }),
            tags: Vec::new(),
        })
    })?;
    rows.collect()
}

/// Tags match in any case.
fn key(tag: &Tag) -> String {
    tag.as_str().to_ascii_lowercase()
}

fn unreadable(column: usize, error: crate::model::Invalid) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error))
}
