//! The badge on the app's icon.

use std::sync::PoisonError;

use rusqlite::{Connection, OptionalExtension as _, params};

use super::ActionCentre;
use crate::model::Badge;
use crate::store::StoreError;

impl ActionCentre {
    /// The badge as it is now.
    #[must_use]
    pub fn badge(&self) -> Badge {
        *self.badge.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a badge on the icon; true when it was another before.
    ///
    /// # Errors
    /// [`StoreError`] when it could not be made durable; it is there until the phone is switched
    /// off all the same.
    pub async fn set_badge(&self, badge: Badge) -> Result<bool, StoreError> {
        let before = {
            let mut now = self.badge.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::replace(&mut *now, badge)
        };
        if before == badge {
            return Ok(false);
        }
        let (device, current) = (self.device, self.badge.clone());
        self.store
            .write(move |connection| {
                // The latest is what counts, in whatever order two changes come here.
                let badge = *current.lock().unwrap_or_else(PoisonError::into_inner);
                connection.execute(
                    "INSERT OR REPLACE INTO badge(device, value) VALUES (?1, ?2)",
                    params![device, badge.to_string()],
                )
            })
            .await?;
        Ok(true)
    }
}

pub(super) fn load(connection: &Connection, device: i64) -> rusqlite::Result<Badge> {
    let value: Option<String> = connection
        .query_row(
            "SELECT value FROM badge WHERE device = ?1",
            [device],
            |row| row.get(0),
        )
        .optional()?;
    Ok(value
        .and_then(|value| value.parse().ok())
        .unwrap_or_default())
}
