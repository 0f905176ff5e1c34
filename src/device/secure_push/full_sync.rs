//! After the push service dropped what it held for the phone: everything unread is fetched (FCM,
//! `onDeletedMessages`).

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;

use super::{Job, canceled};
use crate::backend::BackendError;
use crate::background::{Outcome, Reason};
use crate::model::ToastKey;
use crate::session::Current;

/// How many payloads are remembered that a full sync showed.
const MOST_SYNCED: usize = 10_000;

/// The payloads that a full sync showed and whose own push may still come: it is not shown again.
#[derive(Default)]
pub(super) struct Synced(Mutex<VecDeque<ToastKey>>);

impl Synced {
    fn note(&self, key: ToastKey) {
        let mut keys = self.lock();
        if keys.len() == MOST_SYNCED {
            keys.pop_front();
        }
        keys.push_back(key);
    }

    /// True, once, when a full sync showed this payload.
    pub(super) fn take(&self, key: &ToastKey) -> bool {
        let mut keys = self.lock();
        let place = keys.iter().position(|known| known == key);
        place.and_then(|place| keys.remove(place)).is_some()
    }

    /// Held for a moment only, never across an await.
    fn lock(&self) -> MutexGuard<'_, VecDeque<ToastKey>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Job<'_> {
    /// Fetches every unread payload and shows those whose toast does not stand in the action
    /// centre already.
    pub(super) async fn sync_all(&self, current: &Current) -> Result<Outcome, BackendError> {
        let begun = Instant::now();
        let unread = self.link.client.unread(&current.credential);
        let unread = match self.unless_canceled(unread).await {
            Ok(unread) => unread?,
            Err(canceled) => return Ok(canceled),
        };
        self.tell_fetched(begun);
        let known = |key: &ToastKey| self.core.centre.id_of(key).is_some();
        let missed: Vec<_> = unread
            .iter()
            .filter(|one| !known(&ToastKey::of_notification(&self.link.account, &one.id)))
            .collect();
        let mut refusal = None;
        for (done, one) in missed.iter().enumerate() {
            if let Some(reason) = self.instance.cancellation() {
                // The rest is found missing when it is this push's turn again.
                return Ok(canceled(reason));
            }
            self.instance.progress(per_cent(done, missed.len()));
            match self.show(&one.id, &one.payload).await {
                Ok(()) => self
                    .synced
                    .note(ToastKey::of_notification(&self.link.account, &one.id)),
                Err(reason) => refusal = Some(reason),
            }
        }
        self.instance.progress(100);
        Ok(match refusal {
            Some(reason) => Outcome::Dropped(reason),
            None if missed.is_empty() => Outcome::Dropped(Reason::new("nothing_unread")),
            None => Outcome::Shown,
        })
    }
}

fn per_cent(done: usize, of: usize) -> u8 {
    u8::try_from(done * 100 / of.max(1)).unwrap_or(100)
}
