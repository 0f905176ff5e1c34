//! The rows of registrations.

use rusqlite::{Connection, OptionalExtension as _, params};

use crate::model::{Handle, Platform, RegistrationId, UserName};

use super::left::{self, read_id};

/// The most registrations of one user.
const MOST_PER_USER: i64 = 1000;

/// What an id is to a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    Own,
    /// The user's own, and expired.
    Gone,
    Foreign,
    Unknown,
}

/// What became of an attempt to put a handle under a registration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Claim {
    Made {
        /// The other hub that may know the registration until now.
        before: Option<String>,
    },
    /// Another registration has the handle; nothing is changed.
    HeldBy(RegistrationId),
    /// The registration is not the user's, or no longer.
    Refused(Standing),
}

pub(super) fn standing(
    c: &Connection,
    id: &RegistrationId,
    user: &UserName,
    now: i64,
) -> rusqlite::Result<Standing> {
    let found: Option<(String, i64)> = c
        .prepare_cached("SELECT user, expires_at FROM registration WHERE id = ?1")?
        .query_row([id.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    Ok(match found {
        None => Standing::Unknown,
        Some((owner, _)) if owner != user.as_str() => Standing::Foreign,
        Some((_, expires_at)) if expires_at <= now => Standing::Gone,
        Some(_) => Standing::Own,
    })
}

/// Puts the handle under the registration, and counts it as known to `hub`; another hub that may know
/// it is to let it go. Another registration that has the handle loses it where it is `released`: it
/// is out of the hub then. One of the same user is deleted with it, another user's stays, without a
/// handle.
pub(super) fn claim(
    c: &Connection,
    id: &RegistrationId,
    (platform, handle): (Platform, &Handle),
    released: Option<&RegistrationId>,
    (hub, until): (&str, i64),
) -> rusqlite::Result<Claim> {
    let handle = canonical(platform, handle);
    let holder = c
        .prepare_cached("SELECT id FROM registration WHERE handle = ?1 AND id <> ?2")?
        .query_row([handle.as_str(), id.as_str()], read_id)
        .optional()?;
    if let Some(holder) = holder {
        if Some(&holder) != released {
            return Ok(Claim::HeldBy(holder));
        }
        left::leave(c, &holder, Some(hub))?;
        c.prepare_cached(
            "DELETE FROM registration WHERE id = ?1
               AND user = (SELECT user FROM registration WHERE id = ?2)",
        )?
        .execute([holder.as_str(), id.as_str()])?;
        taken_out(c, &holder)?;
    }
    let before = left::other_hub(c, id, hub)?;
    left::leave(c, id, Some(hub))?;
    left::settled(c, id, hub)?;
    c.prepare_cached(
        "UPDATE registration SET platform = ?2, handle = ?3, in_hub = 1, hub = ?4, expires_at = ?5
         WHERE id = ?1",
    )?
    .execute(params![id.as_str(), platform.as_str(), handle, hub, until])?;
    Ok(Claim::Made { before })
}

/// The user's registration with this handle, while it lives.
pub(super) fn with_handle(
    c: &Connection,
    user: &UserName,
    handle: &Handle,
    now: i64,
) -> rusqlite::Result<Option<String>> {
    let mut statement = c.prepare_cached(
        "SELECT id FROM registration
         WHERE (handle = ?1 OR (handle = lower(?1) AND platform = 'apns'))
           AND user = ?2 AND expires_at > ?3",
    )?;
    statement
        .query_row(params![handle.as_str(), user.as_str(), now], |row| {
            row.get(0)
        })
        .optional()
}

/// A new registration, unless the user has too many.
pub(super) fn insert(
    c: &Connection,
    id: &str,
    user: &UserName,
    until: i64,
) -> rusqlite::Result<Option<String>> {
    let held: i64 = c
        .prepare_cached("SELECT count(*) FROM registration WHERE user = ?1")?
        .query_row([user.as_str()], |row| row.get(0))?;
    if held >= MOST_PER_USER {
        return Ok(None);
    }
    c.prepare_cached("INSERT INTO registration(id, user, expires_at) VALUES (?1, ?2, ?3)")?
        .execute(params![id, user.as_str(), until])?;
    Ok(Some(id.to_owned()))
}

/// The registration ends: it is deleted, or waits to be taken out of a hub, which is then answered.
pub(super) fn give_back(c: &Connection, id: &RegistrationId) -> rusqlite::Result<Option<String>> {
    c.prepare_cached("DELETE FROM registration WHERE id = ?1 AND in_hub = 0")?
        .execute([id.as_str()])?;
    c.prepare_cached(
        "UPDATE registration SET handle = NULL, expires_at = 0 WHERE id = ?1 RETURNING hub",
    )?
    .query_row([id.as_str()], |row| row.get(0))
    .optional()
}

/// The hub no longer knows the registration.
pub(super) fn taken_out(c: &Connection, id: &RegistrationId) -> rusqlite::Result<()> {
    c.prepare_cached("UPDATE registration SET handle = NULL, in_hub = 0 WHERE id = ?1")?
        .execute([id.as_str()])?;
    c.prepare_cached("DELETE FROM registration WHERE id = ?1 AND expires_at = 0")?
        .execute([id.as_str()])?;
    Ok(())
}

/// True while the registration is to be taken out of this hub.
pub(super) fn is_leaving(
    c: &Connection,
    id: &RegistrationId,
    hub: &str,
    now: i64,
) -> rusqlite::Result<bool> {
    c.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM registration
           WHERE id = ?1 AND hub = ?2 AND in_hub = 1 AND (handle IS NULL OR expires_at <= ?3))",
    )?
    .query_row(params![id.as_str(), hub, now], |row| row.get(0))
}

/// At most `most` registrations that are to be taken out of this hub: those that were given back,
/// then those that expired.
pub(super) fn leaving(
    c: &Connection,
    hub: &str,
    now: i64,
    most: usize,
) -> rusqlite::Result<Vec<RegistrationId>> {
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    c.prepare_cached(
        "SELECT id FROM (SELECT id FROM registration
                         WHERE handle IS NULL AND in_hub = 1 AND hub = ?3 LIMIT ?2)
         UNION SELECT id FROM (
           SELECT id FROM registration WHERE in_hub = 1 AND expires_at <= ?1 AND hub = ?3 LIMIT ?2)
         LIMIT ?2",
    )?
    .query_map(params![now, most, hub], read_id)?
    .collect()
}

/// Forgets registrations that expired before `cut` and are out of the hub.
pub(super) fn forget(c: &Connection, cut: i64) -> rusqlite::Result<usize> {
    c.prepare_cached("DELETE FROM registration WHERE in_hub = 0 AND expires_at <= ?1")?
        .execute([cut])
}

/// A handle as it is compared: device tokens of APNs are hexadecimal digits in either case.
fn canonical(platform: Platform, handle: &Handle) -> String {
    match platform {
        Platform::Apns => handle.as_str().to_ascii_lowercase(),
        Platform::Wns | Platform::Fcm | Platform::WebPush => handle.as_str().to_owned(),
    }
}
