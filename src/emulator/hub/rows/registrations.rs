//! Registrations: made, replaced, read, listed and removed.

use jiff::Timestamp;
use rusqlite::{Connection, params};

use crate::emulator::hub::HubError;
use crate::emulator::hub::asking::{Listing, Page, Precondition};
use crate::model::{Invalid, RegistrationId};
use crate::wire::notification_hub::{Registration, StoredRegistration};

use super::targets::{self, NewTarget, Owner, StoredTarget};
use super::{installations, sweep};

/// Makes a registration, or replaces the one with this id. One that expired is none.
pub(in crate::emulator::hub) fn put(
    c: &Connection,
    id: &RegistrationId,
    new: &Registration,
    when: Precondition,
    expires: Option<Timestamp>,
    now: Timestamp,
) -> rusqlite::Result<Result<StoredRegistration, HubError>> {
    let wanted = NewTarget::of_registration(new, expires, now);
    let target = match live(c, id, now)? {
        Some(known) if known.installation.is_some() => return Ok(Err(of_installation())),
        Some(known) if !when.holds(known.etag) => return Ok(Err(HubError::Changed)),
        Some(known) => {
            wanted.replace(c, known.row.id)?;
            known.row.id
        }
        None if when != Precondition::None => return Ok(Err(HubError::NotFound("registration"))),
        None if !targets::has_room(c, 1, now)? => {
            return Ok(Err(HubError::Full("registrations")));
        }
        None => wanted.insert(c, id, Owner::Itself)?,
    };
    let stored = targets::by_number(c, target)?.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
    stored.into_registration().map(Ok)
}

/// The registration with this id; one that expired is none.
pub(in crate::emulator::hub) fn get(
    c: &Connection,
    id: &RegistrationId,
    now: Timestamp,
) -> rusqlite::Result<Option<StoredRegistration>> {
    let known = targets::by_registration(c, id)?.filter(|known| known.is_live(now));
    known.map(StoredTarget::into_registration).transpose()
}

/// Removes a registration. One of an installation's takes with it what it stands for: the template,
/// or the whole installation.
pub(in crate::emulator::hub) fn delete(
    c: &Connection,
    id: &RegistrationId,
    when: Precondition,
    now: Timestamp,
) -> rusqlite::Result<Result<(), HubError>> {
    let Some(known) = live(c, id, now)? else {
        return Ok(Ok(()));
    };
    if !when.holds(known.etag) {
        return Ok(Err(HubError::Changed));
    }
    match (known.installation, &known.part) {
        (Some(installation), Some(part)) => installations::remove_part(c, installation, part, now)?,
        (_, _) => targets::delete(c, known.row.id)?,
    }
    Ok(Ok(()))
}

/// At most `top` registrations with numbers above `after`, in the order in which they were made.
pub(in crate::emulator::hub) fn list(
    c: &Connection,
    which: &Listing,
    top: usize,
    after: i64,
    now: Timestamp,
) -> rusqlite::Result<Page> {
    let numbers = numbers(c, which, top.saturating_add(1), after)?;
    let mut registrations = Vec::new();
    for number in numbers.iter().take(top) {
        let stored = targets::by_number(c, *number)?.filter(|stored| stored.is_live(now));
        registrations.extend(stored.map(StoredTarget::into_registration).transpose()?);
    }
    let last = top.checked_sub(1).and_then(|last| numbers.get(last));
    let next = last.filter(|_| numbers.len() > top);
    Ok(Page {
        registrations,
        next: next.and_then(|number| u64::try_from(*number).ok()),
    })
}

/// The first `most` numbers, in order.
fn numbers(c: &Connection, which: &Listing, most: usize, after: i64) -> rusqlite::Result<Vec<i64>> {
    let limit = i64::try_from(most).unwrap_or(i64::MAX);
    match which {
        Listing::All => c
            .prepare_cached("SELECT id FROM hub_target WHERE id > ?1 ORDER BY id LIMIT ?2")?
            .query_map([after, limit], |row| row.get(0))?
            .collect(),
        Listing::WithTag(tag) => {
            let labels: Vec<i64> = c
                .prepare_cached("SELECT id FROM hub_label WHERE tag = ?1")?
                .query_map([tag.as_str().to_ascii_lowercase()], |row| row.get(0))?
                .collect::<Result<_, _>>()?;
            let statement = "SELECT target FROM hub_labelled WHERE label = ?1 AND target > ?2
                             ORDER BY target LIMIT ?3";
            first_of_each(c, statement, labels, most, after)
        }
        Listing::WithHandle(texts) => {
            let mut handles: Vec<String> = texts
                .iter()
                .flat_map(|text| targets::spellings(text))
                .collect();
            handles.sort();
            handles.dedup();
            let statement = "SELECT id FROM hub_target WHERE handle = ?1 AND id > ?2
                             ORDER BY id LIMIT ?3";
            first_of_each(c, statement, handles, most, after)
        }
    }
}

/// The first numbers of several ordered lists, so that none of them is read whole.
fn first_of_each<T: rusqlite::ToSql>(
    c: &Connection,
    statement: &str,
    keys: Vec<T>,
    most: usize,
    after: i64,
) -> rusqlite::Result<Vec<i64>> {
    let limit = i64::try_from(most).unwrap_or(i64::MAX);
    let mut statement = c.prepare_cached(statement)?;
    let mut numbers = Vec::new();
    for key in keys {
        let found = statement.query_map(params![key, after, limit], |row| row.get(0))?;
        for number in found {
            numbers.push(number?);
        }
    }
    numbers.sort_unstable();
    numbers.dedup();
    numbers.truncate(most);
    Ok(numbers)
}

/// The row, once one that expired is out of the way.
fn live(
    c: &Connection,
    id: &RegistrationId,
    now: Timestamp,
) -> rusqlite::Result<Option<StoredTarget>> {
    match targets::by_registration(c, id)? {
        Some(known) if !known.is_live(now) => {
            sweep::remove(c, &known)?;
            Ok(None)
        }
        known => Ok(known),
    }
}

fn of_installation() -> HubError {
    let problem = "belongs to an installation: change that one instead";
    Invalid::new("registration", problem).into()
}

impl Precondition {
    fn holds(self, etag: u64) -> bool {
        match self {
            Self::None => true,
            Self::Version(version) => version == etag,
        }
    }
}
