//! The rows of targets, whatever they come from.

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use crate::model::{Handle, RegistrationId, SubscriptionKeys, Tag};
use crate::wire::notification_hub::{
    Format, HubPlatform, PnsHandle, Registration, StoredRegistration, Template,
};

use super::codes::{format_code, platform_code, read_platform};
use super::document::More;
use super::{MOST_TARGETS, installations, labels, sweep, timestamp, unreadable};

/// The columns that [`StoredTarget::read`] reads, in its order.
const COLUMNS: &str = "id, registration, platform, handle, p256dh, auth, tags, more, etag, \
     updated_at, expires_at, installation, part";

/// A target as it is to be.
pub(super) struct NewTarget<'a> {
    pub(super) platform: HubPlatform,
    pub(super) handle: &'a PnsHandle,
    /// As they were written, the hub's own included.
    pub(super) tags: Vec<String>,
    pub(super) variables: &'a BTreeMap<String, String>,
    pub(super) tile: Option<&'a str>,
    pub(super) template: Option<&'a Template>,
    pub(super) expires: Option<Timestamp>,
    pub(super) now: Timestamp,
}

/// Whose a target is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Owner<'a> {
    /// Its own: a registration.
    Itself,
    /// The app backend's, as a registration.
    Backend,
    /// An installation's, as this part of it.
    Installation(i64, &'a str),
}

/// What a send needs to know of a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::emulator::hub) struct TargetRow {
    pub(in crate::emulator::hub) id: i64,
    pub(in crate::emulator::hub) registration: String,
    pub(in crate::emulator::hub) platform: HubPlatform,
    pub(in crate::emulator::hub) handle: PnsHandle,
    pub(in crate::emulator::hub) variables: BTreeMap<String, String>,
    /// None where it takes native notifications.
    pub(in crate::emulator::hub) template: Option<Template>,
}

impl TargetRow {
    /// Which device it is: the same for each of its registrations.
    pub(in crate::emulator::hub) fn device(&self) -> (HubPlatform, Cow<'_, str>) {
        let handle = self.handle.text.as_str();
        // Device tokens are written in either case.
        if self.platform == HubPlatform::Apple {
            return (self.platform, handle.to_ascii_lowercase().into());
        }
        (self.platform, handle.into())
    }
}

/// A whole row.
pub(super) struct StoredTarget {
    pub(super) row: TargetRow,
    pub(super) tags: Vec<Tag>,
    pub(super) tile: Option<String>,
    pub(super) etag: u64,
    pub(super) updated: Timestamp,
    pub(super) expires: Option<Timestamp>,
    pub(super) installation: Option<i64>,
    pub(super) part: Option<String>,
}

impl<'a> NewTarget<'a> {
    pub(super) fn of_registration(
        registration: &'a Registration,
        expires: Option<Timestamp>,
        now: Timestamp,
    ) -> Self {
        let tags = registration.tags.iter();
        Self {
            platform: registration.platform,
            handle: &registration.handle,
            tags: tags.map(|tag| tag.as_str().to_owned()).collect(),
            variables: &registration.push_variables,
            tile: registration.secondary_tile.as_deref(),
            template: registration.template.as_ref(),
            expires,
            now,
        }
    }

    fn kind(&self) -> i64 {
        format_code(match self.template {
            Some(_) => Format::Template,
            None => Format::Native(self.platform),
        })
    }

    fn more(&self) -> Option<String> {
        More::of(self.variables, self.tile, self.template).write()
    }

    /// Writes it as a new row; its number.
    pub(super) fn insert(
        &self,
        c: &Connection,
        id: &RegistrationId,
        owner: Owner<'_>,
    ) -> rusqlite::Result<i64> {
        let (installation, part) = match owner {
            Owner::Installation(installation, part) => (Some(installation), Some(part)),
            Owner::Itself | Owner::Backend => (None, None),
        };
        let keys = self.handle.keys.as_ref();
        c.prepare_cached(
            "INSERT INTO hub_target(registration, kind, platform, handle, p256dh, auth, tags, more,
                                    etag, updated_at, expires_at, installation, part, of_backend)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 1, ?9, ?10, ?11, ?12, ?13)",
        )?
        .execute(params![
            id.as_str(),
            self.kind(),
            platform_code(self.platform),
            self.handle.text.as_str(),
            keys.map(|keys| keys.p256dh.as_str()),
            keys.map(|keys| keys.auth.as_str()),
            self.tags.join(","),
            self.more(),
            self.now.as_millisecond(),
            self.expires.map(Timestamp::as_millisecond),
            installation,
            part,
            owner == Owner::Backend,
        ])?;
        let target = c.last_insert_rowid();
        labels::set(c, target, self.kind(), &self.tags)?;
        Ok(target)
    }

    /// Takes the place of what the row says; whose it is stays.
    pub(super) fn replace(&self, c: &Connection, target: i64) -> rusqlite::Result<()> {
        let keys = self.handle.keys.as_ref();
        c.prepare_cached(
            "UPDATE hub_target SET kind = ?2, platform = ?3, handle = ?4, p256dh = ?5, auth = ?6,
                 tags = ?7, more = ?8, updated_at = ?9, expires_at = ?10, etag = etag + 1
             WHERE id = ?1",
        )?
        .execute(params![
            target,
            self.kind(),
            platform_code(self.platform),
            self.handle.text.as_str(),
            keys.map(|keys| keys.p256dh.as_str()),
            keys.map(|keys| keys.auth.as_str()),
            self.tags.join(","),
            self.more(),
            self.now.as_millisecond(),
            self.expires.map(Timestamp::as_millisecond),
        ])?;
        labels::set(c, target, self.kind(), &self.tags)
    }
}

impl StoredTarget {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let invalid = |column, error: crate::model::Invalid| unreadable(column, error);
        let keys: (Option<String>, Option<String>) = (row.get(4)?, row.get(5)?);
        let tags: String = row.get(6)?;
        let more: Option<String> = row.get(7)?;
        let mut more = More::read(more.as_deref()).map_err(|error| unreadable(7, error))?;
        let handle = Handle::parse(row.get::<_, String>(3)?).map_err(|e| invalid(3, e))?;
        Ok(Self {
            tags: tags
                .split(',')
                .filter_map(|tag| Tag::parse(tag).ok())
                .collect(),
            tile: more.tile.take(),
            etag: u64::try_from(row.get::<_, i64>(8)?).unwrap_or(1),
            updated: timestamp(row.get(9)?),
            expires: row.get::<_, Option<i64>>(10)?.map(timestamp),
            installation: row.get(11)?,
            part: row.get(12)?,
            row: TargetRow {
                id: row.get(0)?,
                registration: row.get(1)?,
                platform: read_platform(row.get(2)?).map_err(|e| invalid(2, e))?,
                handle: PnsHandle {
                    text: handle,
                    keys: keys
                        .0
                        .zip(keys.1)
                        .map(|(p256dh, auth)| SubscriptionKeys { p256dh, auth }),
                },
                template: more.take_template(),
                variables: more.variables,
            },
        })
    }

    pub(super) fn is_live(&self, now: Timestamp) -> bool {
        self.expires.is_none_or(|at| at > now)
    }

    /// As it is listed.
    pub(super) fn into_registration(self) -> rusqlite::Result<StoredRegistration> {
        let row = self.row;
        let id = RegistrationId::parse(row.registration).map_err(|error| unreadable(1, error))?;
        Ok(StoredRegistration {
            id,
            etag: self.etag,
            expires: self.expires,
            updated: self.updated,
            registration: Registration {
                platform: row.platform,
                handle: row.handle,
                tags: self.tags,
                push_variables: row.variables,
                secondary_tile: self.tile,
                template: row.template,
            },
        })
    }
}

/// The target with this number, unless it expired or is gone.
pub(in crate::emulator::hub) fn live(
    c: &Connection,
    target: i64,
    now: Timestamp,
) -> rusqlite::Result<Option<TargetRow>> {
    let stored = by_number(c, target)?;
    Ok(stored
        .filter(|stored| stored.is_live(now))
        .map(|stored| stored.row))
}

pub(super) fn by_number(c: &Connection, target: i64) -> rusqlite::Result<Option<StoredTarget>> {
    c.prepare_cached(&format!("SELECT {COLUMNS} FROM hub_target WHERE id = ?1"))?
        .query_row([target], StoredTarget::read)
        .optional()
}

pub(super) fn by_registration(
    c: &Connection,
    id: &RegistrationId,
) -> rusqlite::Result<Option<StoredTarget>> {
    c.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM hub_target WHERE registration = ?1"
    ))?
    .query_row([id.as_str()], StoredTarget::read)
    .optional()
}

pub(super) fn delete(c: &Connection, target: i64) -> rusqlite::Result<()> {
    c.prepare_cached("DELETE FROM hub_target WHERE id = ?1")?
        .execute([target])?;
    Ok(())
}

/// True when there may be so many more targets; those that expired make room.
pub(super) fn has_room(c: &Connection, more: usize, now: Timestamp) -> rusqlite::Result<bool> {
    let more = i64::try_from(more).unwrap_or(i64::MAX);
    let fits = || -> rusqlite::Result<bool> {
        let targets: i64 = c
            .prepare_cached("SELECT targets FROM hub_total")?
            .query_row([], |row| row.get(0))?;
        Ok(targets.saturating_add(more) <= MOST_TARGETS)
    };
    if fits()? {
        return Ok(true);
    }
    sweep::expired(c, now)?;
    fits()
}

/// A handle as its registrations may have it: device tokens are written in either case.
pub(super) fn spellings(handle: &str) -> Vec<String> {
    let mut all = vec![handle.to_owned()];
    if handle.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        for other in [handle.to_ascii_uppercase(), handle.to_ascii_lowercase()] {
            if !all.contains(&other) {
                all.push(other);
            }
        }
    }
    all
}

/// The push service said that there is no such handle: its registrations are removed, and
/// installations marked, which are no targets until they have another one.
pub(in crate::emulator::hub) fn forget_handle(
    c: &Connection,
    handle: &Handle,
    now: Timestamp,
) -> rusqlite::Result<()> {
    for handle in spellings(handle.as_str()) {
        let handle = Handle::parse(handle).map_err(|error| unreadable(0, error))?;
        installations::mark_expired(c, &handle, now)?;
        c.prepare_cached("DELETE FROM hub_target WHERE handle = ?1")?
            .execute([handle.as_str()])?;
    }
    Ok(())
}
