//! Installations: a document each, and the targets that follow from it.

use std::collections::HashMap;

use jiff::Timestamp;
use rusqlite::{Connection, params};

use crate::emulator::hub::HubError;
use crate::emulator::hub::registration_id;
use crate::model::{Handle, Invalid};
use crate::wire::notification_hub::{Installation, MAX_BODY};

use super::parts;
use super::stored::{self, Stored};
use super::targets::{self, NewTarget, Owner};
use super::{MOST_INSTALLATIONS, MOST_PARTS, unreadable};

/// How many installations with one handle are marked at once when that is gone.
const MOST_MARKED: i64 = 1000;

/// Makes or replaces an installation. Its channels count as good again.
pub(in crate::emulator::hub) fn put(
    c: &Connection,
    mut new: Installation,
    now: Timestamp,
) -> rusqlite::Result<Result<(), HubError>> {
    new.channel_expired = false;
    for tile in new.secondary_tiles.values_mut() {
        tile.channel_expired = false;
    }
    // What it replaces is not read: it may be unreadable.
    let number = match stored::number(c, &new.id)? {
        Some((number, expires)) if !stored::is_live(expires, now) => {
            remove_number(c, number)?;
            None
        }
        known => known.map(|(number, _)| number),
    };
    save(c, number, &new, now)
}

/// The installation with this id; one that expired is none.
pub(in crate::emulator::hub) fn get(
    c: &Connection,
    id: &str,
    now: Timestamp,
) -> rusqlite::Result<Option<Installation>> {
    let known = stored::by_name(c, id)?.filter(|known| known.is_live(now));
    Ok(known.map(|known| known.installation))
}

/// Changes an installation as `patched` does it. A channel that is put counts as good again.
pub(in crate::emulator::hub) fn patch(
    c: &Connection,
    id: &str,
    patched: impl FnOnce(&Installation) -> Result<Installation, HubError>,
    now: Timestamp,
) -> rusqlite::Result<Result<(), HubError>> {
    let Some(known) = live(c, id, now)? else {
        return Ok(Err(HubError::NotFound("installation")));
    };
    let before = known.installation;
    let mut after = match patched(&before) {
        Ok(after) => after,
        Err(error) => return Ok(Err(error)),
    };
    if after.id != before.id {
        let problem = "has an id that a patch cannot change";
        return Ok(Err(Invalid::new("installation", problem).into()));
    }
    // A patch can say of none that it is gone.
    after.channel_expired &= before.channel_expired && before.handle == after.handle;
    for (name, tile) in &mut after.secondary_tiles {
        let before = before.secondary_tiles.get(name);
        tile.channel_expired &=
            before.is_some_and(|before| before.channel_expired && before.handle == tile.handle);
    }
    save(c, Some(known.number), &after, now)
}

/// Removes the installation with this id.
pub(in crate::emulator::hub) fn delete(c: &Connection, id: &str) -> rusqlite::Result<()> {
    c.prepare_cached("DELETE FROM hub_installation WHERE name = ?1")?
        .execute([id])?;
    Ok(())
}

/// Removes the installation with this number; its targets go with it.
pub(super) fn remove_number(c: &Connection, number: i64) -> rusqlite::Result<()> {
    c.prepare_cached("DELETE FROM hub_installation WHERE id = ?1")?
        .execute([number])?;
    Ok(())
}

/// Removes a part, or all of the installation with its own channel.
pub(super) fn remove_part(
    c: &Connection,
    number: i64,
    part: &str,
    now: Timestamp,
) -> rusqlite::Result<()> {
    let Some(mut known) = stored::by_number(c, number)? else {
        c.prepare_cached("DELETE FROM hub_target WHERE installation = ?1 AND part = ?2")?
            .execute(params![number, part])?;
        return Ok(());
    };
    if !parts::remove(&mut known.installation, part) {
        return remove_number(c, number);
    }
    write(c, number, &known.installation, now)?;
    sync(c, number, &known.installation, now)
}

/// Marks the channels with this handle as gone. The targets are the caller's to remove.
pub(super) fn mark_expired(
    c: &Connection,
    handle: &Handle,
    now: Timestamp,
) -> rusqlite::Result<()> {
    let numbers: Vec<i64> = c
        .prepare_cached(
            "SELECT DISTINCT installation FROM hub_target
             WHERE handle = ?1 AND installation IS NOT NULL LIMIT ?2",
        )?
        .query_map(params![handle.as_str(), MOST_MARKED], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    for number in numbers {
        let Some(mut known) = stored::by_number(c, number)? else {
            continue;
        };
        let installation = &mut known.installation;
        installation.channel_expired |= installation.handle.text == *handle;
        for tile in installation.secondary_tiles.values_mut() {
            tile.channel_expired |= tile.handle.text == *handle;
        }
        write(c, number, installation, now)?;
    }
    Ok(())
}

/// Writes the document under its number, or a new one, and makes the targets what it says.
fn save(
    c: &Connection,
    number: Option<i64>,
    new: &Installation,
    now: Timestamp,
) -> rusqlite::Result<Result<(), HubError>> {
    let wanted = parts::of(new).len();
    if wanted > MOST_PARTS {
        let problem =
            format!("has {wanted} channels and templates, at most {MOST_PARTS} are taken");
        return Ok(Err(Invalid::new("installation", problem).into()));
    }
    if new.write().len() > MAX_BODY {
        let problem = format!("is larger than {MAX_BODY} bytes");
        return Ok(Err(Invalid::new("installation", problem).into()));
    }
    let has = match number {
        Some(number) => existing(c, number)?.len(),
        None => 0,
    };
    if !targets::has_room(c, wanted.saturating_sub(has), now)? {
        return Ok(Err(HubError::Full("registrations")));
    }
    let number = match number {
        Some(number) => {
            write(c, number, new, now)?;
            number
        }
        None if !has_room(c)? => return Ok(Err(HubError::Full("installations"))),
        None => insert(c, new, now)?,
    };
    sync(c, number, new, now).map(Ok)
}

fn has_room(c: &Connection) -> rusqlite::Result<bool> {
    let installations: i64 = c
        .prepare_cached("SELECT installations FROM hub_total")?
        .query_row([], |row| row.get(0))?;
    Ok(installations < MOST_INSTALLATIONS)
}

fn insert(c: &Connection, new: &Installation, now: Timestamp) -> rusqlite::Result<i64> {
    c.prepare_cached(
        "INSERT INTO hub_installation(name, document, updated_at, expires_at)
         VALUES (?1, ?2, ?3, ?4)",
    )?
    .execute(params![
        new.id,
        new.write(),
        now.as_millisecond(),
        new.expires.map(Timestamp::as_millisecond)
    ])?;
    Ok(c.last_insert_rowid())
}

fn write(c: &Connection, number: i64, new: &Installation, now: Timestamp) -> rusqlite::Result<()> {
    c.prepare_cached(
        "UPDATE hub_installation SET document = ?2, updated_at = ?3, expires_at = ?4 WHERE id = ?1",
    )?
    .execute(params![
        number,
        new.write(),
        now.as_millisecond(),
        new.expires.map(Timestamp::as_millisecond)
    ])?;
    Ok(())
}

/// Makes the targets what the document says. One that stays keeps its number and its registration
/// id, so that a send which is under way does not reach it twice.
fn sync(
    c: &Connection,
    number: i64,
    installation: &Installation,
    now: Timestamp,
) -> rusqlite::Result<()> {
    let mut left = existing(c, number)?;
    for part in parts::of(installation) {
        let target = NewTarget {
            platform: installation.platform,
            handle: part.handle,
            tags: part.tags,
            variables: &installation.push_variables,
            tile: part.tile,
            template: part.template.as_ref(),
            expires: installation.expires,
            now,
        };
        match left.remove(&part.name) {
            Some(known) => target.replace(c, known)?,
            None => {
                let owner = Owner::Installation(number, &part.name);
                let id = registration_id::new().map_err(|error| unreadable(0, error))?;
                target.insert(c, &id, owner)?;
            }
        }
    }
    for target in left.into_values() {
        targets::delete(c, target)?;
    }
    Ok(())
}

/// The targets of an installation, by the names of its parts.
fn existing(c: &Connection, number: i64) -> rusqlite::Result<HashMap<String, i64>> {
    c.prepare_cached("SELECT part, id FROM hub_target WHERE installation = ?1")?
        .query_map([number], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect()
}

/// The row, once one that expired is out of the way.
fn live(c: &Connection, id: &str, now: Timestamp) -> rusqlite::Result<Option<Stored>> {
    match stored::by_name(c, id)? {
        Some(known) if !known.is_live(now) => {
            remove_number(c, known.number)?;
            Ok(None)
        }
        known => Ok(known),
    }
}
