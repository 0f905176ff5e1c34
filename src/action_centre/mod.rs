//! The action centre: the toasts that were shown, persisted; a later toast with the same key
//! takes the place of the earlier one.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use rusqlite::{Connection, Row, params};
use serde::{Deserialize, Serialize};

use crate::lifecycle::Clock;
use crate::model::{ToastContent, ToastKey};
use crate::store::{Store, StoreError};

/// How many toasts are kept; older ones leave, oldest first.
pub const MOST_TOASTS: usize = 1000;

/// The statements that create this room's table.
pub const MIGRATION: &str = "
CREATE TABLE toast(
    device INTEGER NOT NULL,
    id INTEGER NOT NULL,
    toast_key TEXT NOT NULL,
    title TEXT NOT NULL,
    body TEXT NOT NULL,
    template TEXT NOT NULL,
    renderer TEXT NOT NULL,
    notification TEXT,
    shown_at INTEGER NOT NULL,
    PRIMARY KEY (device, id),
    UNIQUE (device, toast_key)
) STRICT;
";

/// What the second version of this room's tables added.
pub const MIGRATION_2: &str = "
ALTER TABLE toast ADD COLUMN more TEXT;
";

/// A toast in the action centre.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShownToast {
    /// Its number on this device; it keeps it when it is replaced.
    pub id: i64,
    /// What it says.
    #[serde(flatten)]
    pub content: ToastContent,
    /// The secure payload it shows, if it shows one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub notification: Option<String>,
    /// Which renderer drew it.
    pub renderer: String,
    /// When it was shown last.
    pub shown_at: Timestamp,
}

/// A place in the action centre.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The toast's number.
    pub id: i64,
    /// True when a toast with the same key stood there.
    pub replaces: bool,
}

/// The action centre of one device. Cheap to clone.
#[derive(Debug, Clone)]
pub struct ActionCentre {
    store: Store,
    device: i64,
    clock: Clock,
    places: Arc<Mutex<Places>>,
}

#[derive(Debug, Default)]
struct Places {
    ids: HashMap<String, i64>,
    last: i64,
}

impl ActionCentre {
    /// Opens the action centre of `device`.
    ///
    /// # Errors
    /// [`StoreError`] when it could not be read.
    pub async fn open(store: Store, device: i64, clock: Clock) -> Result<Self, StoreError> {
        let ids = store
            .write(move |connection| {
                prune(connection, device)?;
                let mut statement =
                    connection.prepare("SELECT toast_key, id FROM toast WHERE device = ?1")?;
                statement
                    .query_map([device], |row| Ok((row.get(0)?, row.get(1)?)))?
                    .collect::<rusqlite::Result<HashMap<String, i64>>>()
            })
            .await?;
        let last = ids.values().copied().max().unwrap_or(0);
        Ok(Self {
            store,
            device,
            clock,
            places: Arc::new(Mutex::new(Places { ids, last })),
        })
    }

    /// The place of the toast with `key`: its own where it stands already, else a new one.
    #[must_use]
    pub fn place(&self, key: &ToastKey) -> Place {
        let mut places = self.places();
        if let Some(id) = places.ids.get(key.as_str()) {
            return Place {
                id: *id,
                replaces: true,
            };
        }
        places.last += 1;
        let id = places.last;
        places.ids.insert(key.as_str().to_owned(), id);
        Place {
            id,
            replaces: false,
        }
    }

    /// Makes a shown toast durable.
    ///
    /// # Errors
    /// [`StoreError`] when it could not be; the toast was shown all the same.
    pub async fn record(
        &self,
        place: Place,
        content: &ToastContent,
        notification: Option<&str>,
        renderer: &str,
    ) -> Result<(), StoreError> {
        let (device, now) = (self.device, self.clock.now().as_millisecond());
        let content = content.clone();
        let (notification, renderer) = (notification.map(str::to_owned), renderer.to_owned());
        let pruned = self
            .store
            .write(move |connection| {
                connection
                    .prepare_cached(
                        "INSERT OR REPLACE INTO toast
                         (device, id, toast_key, title, body, template, renderer, notification, shown_at)
                         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
                    )?
                    .execute(params![
                        device,
                        place.id,
                        content.key.as_str(),
                        content.title.as_str(),
                        content.body.as_str(),
                        content.template.as_str(),
                        renderer,
                        notification,
                        now
                    ])?;
                // Looking at every hundredth is enough to stay bounded.
                if place.id % 100 == 0 { prune(connection, device) } else { Ok(Vec::new()) }
            })
            .await?;
        let mut places = self.places();
        for key in pruned {
            places.ids.remove(&key);
        }
        Ok(())
    }

    /// Takes a toast away; returns its number if it stood there.
    ///
    /// # Errors
    /// [`StoreError`] when that could not be made durable.
    pub async fn remove(&self, key: &ToastKey) -> Result<Option<i64>, StoreError> {
        let Some(id) = self.places().ids.remove(key.as_str()) else {
            return Ok(None);
        };
        let device = self.device;
        self.store
            .write(move |connection| {
                connection.execute(
                    "DELETE FROM toast WHERE device = ?1 AND id = ?2",
                    params![device, id],
                )
            })
            .await?;
        Ok(Some(id))
    }

    /// The toasts that stand there, the one shown last first.
    ///
    /// # Errors
    /// [`StoreError`] when they could not be read.
    pub async fn list(&self) -> Result<Vec<ShownToast>, StoreError> {
        let device = self.device;
        self.store
            .read(move |connection| {
                connection
                    .prepare_cached(
                        "SELECT id, toast_key, title, body, template, renderer, notification, shown_at
                         FROM toast WHERE device = ?1 ORDER BY shown_at DESC, id DESC",
                    )?
                    .query_map([device], read_toast)?
                    .collect()
            })
            .await
    }

    /// Held for a moment only, never across an await.
    fn places(&self) -> MutexGuard<'_, Places> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Deletes the oldest toasts over the bound and returns their keys.
fn prune(connection: &Connection, device: i64) -> rusqlite::Result<Vec<String>> {
    let most = i64::try_from(MOST_TOASTS).unwrap_or(i64::MAX);
    connection
        .prepare_cached(
            "DELETE FROM toast WHERE device = ?1 AND id IN
                 (SELECT id FROM toast WHERE device = ?1 ORDER BY shown_at DESC, id DESC LIMIT -1 OFFSET ?2)
             RETURNING toast_key",
        )?
        .query_map(params![device, most], |row| row.get(0))?
        .collect()
}

fn read_toast(row: &Row<'_>) -> rusqlite::Result<ShownToast> {
    Ok(ShownToast {
        id: row.get(0)?,
        content: ToastContent::new(
            ToastKey::stored(row.get::<_, String>(1)?),
            row.get::<_, String>(2)?,
            row.get::<_, String>(3)?,
            row.get::<_, String>(4)?.parse().unwrap_or_default(),
        ),
        renderer: row.get(5)?,
        notification: row.get(6)?,
        shown_at: Timestamp::from_millisecond(row.get(7)?).unwrap_or(Timestamp::UNIX_EPOCH),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{MessageId, ToastTemplate};
    use crate::store::{Location, Schema};

    const SCHEMA: Schema = Schema {
        application_id: 1,
        migrations: &[MIGRATION],
    };

    fn toast(key: &str, body: &str) -> ToastContent {
        ToastContent::new(
            ToastKey::of_message(&MessageId::parse(key).unwrap()),
            "handset",
            body,
            ToastTemplate::ToastText01,
        )
    }

    async fn show(centre: &ActionCentre, content: &ToastContent) -> Place {
        let place = centre.place(&content.key);
        centre
            .record(place, content, Some("n1"), "recorder")
            .await
            .unwrap();
        place
    }

    #[tokio::test]
    async fn a_toast_with_the_same_key_takes_the_same_place_even_after_a_restart() {
        let store = Store::open(Location::Memory, SCHEMA).await.unwrap();
        let centre = ActionCentre::open(store.clone(), 1, Clock::system())
            .await
            .unwrap();
        let first = show(&centre, &toast("a", "one")).await;
        show(&centre, &toast("b", "two")).await;
        let again = ActionCentre::open(store, 1, Clock::system()).await.unwrap();
        let second = show(&again, &toast("a", "three")).await;
        assert_eq!(
            (first.id, first.replaces, second.id, second.replaces),
            (1, false, 1, true)
        );
        let mut bodies: Vec<_> = again
            .list()
            .await
            .unwrap()
            .into_iter()
            .map(|t| t.content.body.to_string())
            .collect();
        bodies.sort();
        assert_eq!(bodies, ["three", "two"]);
    }

    #[tokio::test]
    async fn a_removed_toast_is_gone() {
        let store = Store::open(Location::Memory, SCHEMA).await.unwrap();
        let centre = ActionCentre::open(store, 1, Clock::system()).await.unwrap();
        let content = toast("a", "one");
        show(&centre, &content).await;
        assert_eq!(centre.remove(&content.key).await, Ok(Some(1)));
        assert_eq!(centre.remove(&content.key).await, Ok(None));
        assert_eq!(centre.list().await.unwrap(), []);
    }

    #[tokio::test]
    async fn the_history_is_bounded() {
        let store = Store::open(Location::Memory, SCHEMA).await.unwrap();
        let centre = ActionCentre::open(store, 1, Clock::simulated(Timestamp::UNIX_EPOCH))
            .await
            .unwrap();
        for n in 0..MOST_TOASTS + 250 {
            show(&centre, &toast(&n.to_string(), "x")).await;
        }
        let left = centre.list().await.unwrap();
        assert!(left.len() < MOST_TOASTS + 100, "{}", left.len());
        assert_eq!(left[0].id, 1250);
    }
}
