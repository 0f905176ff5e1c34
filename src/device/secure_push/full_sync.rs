//! After the push service dropped what it held for the phone: everything unread is fetched (FCM,
//! `onDeletedMessages`).

use tokio::time::Instant;

use super::{Job, canceled};
use crate::backend::BackendError;
use crate::background::{Outcome, Reason};
use crate::model::ToastKey;
use crate::session::Current;

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
            if let Err(reason) = self.show(&one.id, &one.payload).await {
                refusal = Some(reason);
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
