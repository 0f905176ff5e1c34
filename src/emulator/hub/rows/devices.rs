//! Devices as the app backend puts them: registrations that no other of its devices has the handle
//! of.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rusqlite::{Connection, params};

use crate::emulator::hub::{Device, HubError};
use crate::model::RegistrationId;
use crate::wire::notification_hub::PnsHandle;

use super::targets::{self, NewTarget, Owner};

/// Puts a device, which takes its handle away from any other of the backend's.
pub(in crate::emulator::hub) fn upsert(
    c: &Connection,
    device: &Device,
    now: Timestamp,
) -> rusqlite::Result<Result<(), HubError>> {
    let handle = PnsHandle {
        text: device.handle.clone(),
        keys: device.keys.clone(),
    };
    let tags = device.tags.iter();
    let new = NewTarget {
        platform: device.platform.into(),
        handle: &handle,
        tags: tags.map(|tag| tag.as_str().to_owned()).collect(),
        variables: &BTreeMap::new(),
        tile: None,
        template: None,
        expires: None,
        now,
    };
    c.prepare_cached(
        "DELETE FROM hub_target WHERE handle = ?1 AND of_backend = 1 AND registration <> ?2",
    )?
    .execute(params![handle.text.as_str(), device.id.as_str()])?;
    match targets::by_registration(c, &device.id)? {
        Some(known) => new.replace(c, known.row.id)?,
        None if !targets::has_room(c, 1, now)? => return Ok(Err(HubError::Full("registrations"))),
        None => {
            new.insert(c, &device.id, Owner::Backend)?;
        }
    }
    Ok(Ok(()))
}

pub(in crate::emulator::hub) fn remove(
    c: &Connection,
    ids: &[RegistrationId],
) -> rusqlite::Result<()> {
    let mut delete =
        c.prepare_cached("DELETE FROM hub_target WHERE registration = ?1 AND of_backend = 1")?;
    for id in ids {
        delete.execute([id.as_str()])?;
    }
    Ok(())
}
