//! The action centre: the toasts that were shown and the badge on the app's icon, persisted. A
//! later toast with the same key takes the place of the earlier one; a toast leaves when it is
//! tapped, dismissed, cleared, removed by its sender's names, or expired.

mod badge;
mod reads;
mod rows;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

use crate::lifecycle::Clock;
use crate::model::{Badge, ToastContent, ToastKey, ToastTag};
use crate::store::{Store, StoreError, Underway};

pub use reads::PendingRead;
pub use rows::{MIGRATION, MIGRATION_2};

/// How many toasts are kept; older ones leave, oldest first.
pub const MOST_TOASTS: usize = 1000;

/// How long a toast is kept whose sender does not say (Windows Phone 8.1, `ExpirationTime`). The
/// toast that asks to sign in stays as long as that is needed.
pub const KEEP: Duration = Duration::from_secs(7 * 24 * 3600);

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
    keep: Duration,
    places: Arc<Mutex<Places>>,
    badge: Arc<Mutex<Badge>>,
    changed: Arc<Notify>,
    reads_due: Arc<Notify>,
}

#[derive(Debug, Default)]
struct Places {
    ids: HashMap<String, i64>,
    last: i64,
}

/// A toast that is being made durable.
#[derive(Debug)]
#[must_use = "whether it became durable is not known otherwise"]
pub struct Recording {
    centre: ActionCentre,
    underway: Underway<Vec<String>>,
    expires: bool,
}

impl Recording {
    /// Waits until the toast is durable.
    ///
    /// # Errors
    /// [`StoreError`] when it could not be; it was shown all the same.
    pub async fn done(self) -> Result<(), StoreError> {
        let pruned = self.underway.done().await?;
        self.centre.forget(pruned.iter().map(String::as_str));
        if self.expires {
            self.centre.changed.notify_one();
        }
        Ok(())
    }
}

impl ActionCentre {
    /// Opens the action centre of `device`; toasts whose sender does not say are kept for [`KEEP`].
    ///
    /// # Errors
    /// [`StoreError`] when it could not be read.
    pub async fn open(store: Store, device: i64, clock: Clock) -> Result<Self, StoreError> {
        let (ids, badge) = store
            .write(move |connection| {
                rows::prune(connection, device)?;
                Ok((
                    rows::ids(connection, device)?,
                    badge::load(connection, device)?,
                ))
            })
            .await?;
        let last = ids.values().copied().max().unwrap_or(0);
        Ok(Self {
            store,
            device,
            clock,
            keep: KEEP,
            places: Arc::new(Mutex::new(Places { ids, last })),
            badge: Arc::new(Mutex::new(badge)),
            changed: Arc::default(),
            reads_due: Arc::default(),
        })
    }

    /// The same, but toasts whose sender does not say are kept for `keep`.
    #[must_use]
    pub fn keeping(mut self, keep: Duration) -> Self {
        self.keep = keep;
        self
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

    /// Gives a new place back whose toast was not shown after all.
    pub fn leave(&self, place: Place, key: &ToastKey) {
        let mut places = self.places();
        if !place.replaces && places.ids.get(key.as_str()) == Some(&place.id) {
            places.ids.remove(key.as_str());
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
        let recording = self.begin_record(place, content, notification, renderer);
        recording.await?.done().await
    }

    /// As [`ActionCentre::record`], but returns as soon as the toast has its place in the
    /// journal's queue: whatever is written after it is never durable before it.
    ///
    /// # Errors
    /// [`StoreError`] when it has no place in time.
    pub async fn begin_record(
        &self,
        place: Place,
        content: &ToastContent,
        notification: Option<&str>,
        renderer: &str,
    ) -> Result<Recording, StoreError> {
        let device = self.device;
        let toast = ShownToast {
            id: place.id,
            content: content.clone(),
            notification: notification.map(str::to_owned),
            renderer: renderer.to_owned(),
            shown_at: self.clock.now(),
        };
        let expires = content.expires_at.is_some();
        let underway = self
            .store
            .begin(move |connection| {
                rows::put(connection, device, &toast)?;
                // Looking at every hundredth is enough to stay bounded.
                match toast.id % 100 {
                    0 => rows::prune(connection, device),
                    _ => Ok(Vec::new()),
                }
            })
            .await?;
        Ok(Recording {
            centre: self.clone(),
            underway,
            expires,
        })
    }

    /// The toasts that stand there, the one shown last first.
    ///
    /// # Errors
    /// [`StoreError`] when they could not be read.
    pub async fn list(&self) -> Result<Vec<ShownToast>, StoreError> {
        let device = self.device;
        let read = move |connection: &_| rows::select(connection, device, &rows::Which::All);
        self.store.read(read).await
    }

    /// One toast, if it stands there.
    ///
    /// # Errors
    /// [`StoreError`] when it could not be read.
    pub async fn get(&self, id: i64) -> Result<Option<ShownToast>, StoreError> {
        let device = self.device;
        let read = move |connection: &_| rows::select(connection, device, &rows::Which::Id(id));
        Ok(self.store.read(read).await?.pop())
    }

    /// The number of the toast with `key`, if it stands there.
    #[must_use]
    pub fn id_of(&self, key: &ToastKey) -> Option<i64> {
        self.places().ids.get(key.as_str()).copied()
    }

    /// Takes a toast away; returns its number if it stood there.
    ///
    /// # Errors
    /// [`StoreError`] when that could not be made durable.
    pub async fn remove(&self, key: &ToastKey) -> Result<Option<i64>, StoreError> {
        let Some(id) = self.places().ids.remove(key.as_str()) else {
            return Ok(None);
        };
        self.take(rows::Which::Id(id)).await?;
        Ok(Some(id))
    }

    /// The user tapped a toast: it leaves, and in the same moment it is written down that its
    /// payload was read, which the backend is still to be told ([`ActionCentre::pending_reads`]).
    ///
    /// # Errors
    /// [`StoreError`] when that could not be made durable.
    pub async fn tap(&self, id: i64) -> Result<Option<ShownToast>, StoreError> {
        let (device, now) = (self.device, self.clock.now());
        let tapped = self
            .store
            .write(move |connection| {
                let Some(toast) = rows::take(connection, device, &rows::Which::Id(id))?.pop()
                else {
                    return Ok(None);
                };
                if let Some(notification) = &toast.notification {
                    reads::insert(connection, device, &toast.content.key, notification, now)?;
                }
                Ok(Some(toast))
            })
            .await?;
        if let Some(toast) = &tapped {
            self.forget([toast.content.key.as_str()]);
            self.reads_due.notify_one();
        }
        Ok(tapped)
    }

    /// The user swept a toast away.
    ///
    /// # Errors
    /// [`StoreError`] when that could not be made durable.
    pub async fn dismiss(&self, id: i64) -> Result<Option<ShownToast>, StoreError> {
        Ok(self.take(rows::Which::Id(id)).await?.pop())
    }

    /// Takes every toast away (`ToastNotificationHistory.Clear`).
    ///
    /// # Errors
    /// [`StoreError`] when that could not be made durable.
    pub async fn clear(&self) -> Result<Vec<ShownToast>, StoreError> {
        self.take(rows::Which::All).await
    }

    /// Takes away the toast of that name and group (`ToastNotificationHistory.Remove`).
    ///
    /// # Errors
    /// [`StoreError`] when that could not be made durable.
    pub async fn remove_by(
        &self,
        tag: &ToastTag,
        group: Option<&ToastTag>,
    ) -> Result<Vec<ShownToast>, StoreError> {
        self.take(rows::Which::Named(tag.clone(), group.cloned()))
            .await
    }

    /// Takes away every toast of a group (`ToastNotificationHistory.RemoveGroup`).
    ///
    /// # Errors
    /// [`StoreError`] when that could not be made durable.
    pub async fn remove_group(&self, group: &ToastTag) -> Result<Vec<ShownToast>, StoreError> {
        self.take(rows::Which::Group(group.clone())).await
    }

    /// Takes away what a sender names: the toast of that tag and group, every toast of either, or
    /// all of them, but for the phone's own that asks to sign in (`X-WNS-Match`).
    ///
    /// # Errors
    /// [`StoreError`] when that could not be made durable.
    pub async fn remove_for_sender(
        &self,
        tag: Option<&ToastTag>,
        group: Option<&ToastTag>,
    ) -> Result<Vec<ShownToast>, StoreError> {
        let which = match (tag, group) {
            (Some(tag), Some(group)) => rows::Which::Named(tag.clone(), Some(group.clone())),
            (Some(tag), None) => rows::Which::Tagged(tag.clone()),
            (None, Some(group)) => rows::Which::Group(group.clone()),
            (None, None) => rows::Which::ButSignIn,
        };
        self.take(which).await
    }

    /// Takes away what has expired, and tells when the next toast does.
    ///
    /// # Errors
    /// [`StoreError`] when that could not be made durable.
    pub async fn expire(&self) -> Result<(Vec<ShownToast>, Option<Timestamp>), StoreError> {
        let (device, now, keep) = (self.device, self.clock.now(), self.keep);
        let (gone, next) = self
            .store
            .write(move |connection| {
                let which = rows::Which::Expired { now, keep };
                let gone = rows::take(connection, device, &which)?;
                Ok((gone, rows::next_expiry(connection, device, keep)?))
            })
            .await?;
        self.forget(gone.iter().map(|toast| toast.content.key.as_str()));
        Ok((gone, next))
    }

    /// Waits until there is a toast that may expire sooner than those before.
    pub async fn changed(&self) {
        self.changed.notified().await;
    }

    async fn take(&self, which: rows::Which) -> Result<Vec<ShownToast>, StoreError> {
        let device = self.device;
        let taken = self
            .store
            .write(move |connection| rows::take(connection, device, &which))
            .await?;
        self.forget(taken.iter().map(|toast| toast.content.key.as_str()));
        Ok(taken)
    }

    fn forget<'a>(&self, keys: impl IntoIterator<Item = &'a str>) {
        let mut places = self.places();
        for key in keys {
            places.ids.remove(key);
        }
    }

    /// Held for a moment only, never across an await.
    fn places(&self) -> MutexGuard<'_, Places> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
