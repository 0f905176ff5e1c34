//! Payloads whose toast was tapped, and whose backend does not know yet.

use jiff::Timestamp;
use rusqlite::{Connection, params};

use super::ActionCentre;
use crate::model::ToastKey;
use crate::store::StoreError;

/// How many are kept; the oldest are given up first.
const MOST_PENDING: i64 = 1000;

/// A payload that is to be marked as read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingRead {
    /// The key of the toast that showed it, which names its account too.
    pub key: ToastKey,
    /// The payload's id.
    pub notification: String,
    /// When the toast was tapped.
    pub tapped_at: Timestamp,
}

impl ActionCentre {
    /// What the backend is still to be told, the oldest first.
    ///
    /// # Errors
    /// [`StoreError`] when it could not be read.
    pub async fn pending_reads(&self) -> Result<Vec<PendingRead>, StoreError> {
        let device = self.device;
        self.store
            .read(move |connection| {
                connection
                    .prepare_cached(
                        "SELECT toast_key, notification, tapped_at FROM pending_read
                         WHERE device = ?1 ORDER BY tapped_at, toast_key",
                    )?
                    .query_map([device], |row| {
                        Ok(PendingRead {
                            key: ToastKey::stored(row.get(0)?),
                            notification: row.get(1)?,
                            tapped_at: Timestamp::from_millisecond(row.get(2)?)
                                .unwrap_or(Timestamp::UNIX_EPOCH),
                        })
                    })?
                    .collect()
            })
            .await
    }

    /// The backend knows, or never will.
    ///
    /// # Errors
    /// [`StoreError`] when that could not be made durable.
    pub async fn read_is_told(&self, read: &PendingRead) -> Result<(), StoreError> {
        let (device, key) = (self.device, read.key.clone());
        self.store
            .write(move |connection| {
                connection.execute(
                    "DELETE FROM pending_read WHERE device = ?1 AND toast_key = ?2",
                    params![device, key.as_str()],
                )
            })
            .await
            .map(drop)
    }

    /// Waits until there is something new to tell.
    pub async fn reads_due(&self) {
        self.reads_due.notified().await;
    }

    /// What could not be told may be possible now, as after a sign-in.
    pub fn look_at_reads(&self) {
        self.reads_due.notify_one();
    }
}

pub(super) fn insert(
    connection: &Connection,
    device: i64,
    key: &ToastKey,
    notification: &str,
    now: Timestamp,
) -> rusqlite::Result<()> {
    connection.execute(
        "INSERT OR REPLACE INTO pending_read(device, toast_key, notification, tapped_at)
         VALUES (?1, ?2, ?3, ?4)",
        params![device, key.as_str(), notification, now.as_millisecond()],
    )?;
    connection.execute(
        "DELETE FROM pending_read WHERE device = ?1 AND toast_key IN
             (SELECT toast_key FROM pending_read WHERE device = ?1
              ORDER BY tapped_at DESC, toast_key LIMIT -1 OFFSET ?2)",
        params![device, MOST_PENDING],
    )?;
    Ok(())
}
