//! Telling the backend which payloads the user has read.

use std::time::Duration;

use super::core::Core;
use crate::action_centre::PendingRead;
use crate::lifecycle::Backoff;
use crate::model::{Network, NotificationId, ToastKey};

/// The first and the longest wait before the backend is told again.
const READ_FIRST: Duration = Duration::from_secs(1);
const READ_LONGEST: Duration = Duration::from_secs(60);

/// How long the backend is told again at all.
const READ_FOR: Duration = Duration::from_secs(30 * 24 * 3600);

/// What came of telling the backend of one payload.
enum Telling {
    /// It knows, or never will: a backend may not have the call, or the payload any more.
    Done,
    /// There is no network, no token, or no answer.
    NotNow,
    /// It waits until its own user is signed in.
    NotThisUser,
}

impl Core {
    pub(super) async fn keep_telling_reads(&self) {
        let mut backoff = Backoff::new(READ_FIRST, READ_LONGEST);
        let mut phone = self.state.watch();
        loop {
            let before = phone.borrow_and_update().clone();
            let again = match self.tell_reads().await {
                true => {
                    backoff.reset();
                    None
                }
                false => Some(backoff.next_wait()),
            };
            let again = async {
                match again {
                    Some(wait) => tokio::time::sleep(wait).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = again => {}
                () = self.centre.reads_due() => {}
                // A network that is back, or somebody who signed in, is not waited for any longer.
                _ = phone.wait_for(|now| !now.same_way_to_backend(&before)) => backoff.reset(),
            }
        }
    }

    /// Tells the backend what the user who is signed in has read; true when nothing is left that
    /// could be told later.
    pub(super) async fn tell_reads(&self) -> bool {
        let reads = match self.centre.pending_reads().await {
            Ok(reads) => reads,
            Err(error) => {
                tracing::warn!(%error, "it could not be looked up what was read");
                return false;
            }
        };
        let mut all = true;
        for read in &reads {
            match self.tell_read(read).await {
                Telling::Done => {}
                Telling::NotNow => return false,
                Telling::NotThisUser => {
                    all = false;
                    continue;
                }
            }
            if let Err(error) = self.centre.read_is_told(read).await {
                tracing::warn!(%error, "a payload is marked as read, but that could not be written down");
                return false;
            }
        }
        all
    }

    async fn tell_read(&self, read: &PendingRead) -> Telling {
        let age = self.clock.now().duration_since(read.tapped_at);
        let too_old = Duration::try_from(age).is_ok_and(|age| age > READ_FOR);
        let Ok(id) = NotificationId::parse(read.notification.as_str()) else {
            return Telling::Done;
        };
        if too_old {
            return Telling::Done;
        }
        let online = self.conditions().network != Network::Offline;
        let Some(link) = self.link().filter(|_| online) else {
            return Telling::NotNow;
        };
        if read.key != ToastKey::of_notification(&link.account, &id) {
            return Telling::NotThisUser;
        }
        let Ok(Some(current)) = link.session.credential().await else {
            return Telling::NotNow;
        };
        match link.client.mark_read(&current.credential, &id).await {
            Ok(()) => Telling::Done,
            Err(error) => {
                let later = error.is_transient() || error.is_unreachable() || error.needs_sign_in();
                tracing::debug!(%error, later, "the backend was not told that a payload was read");
                if later {
                    Telling::NotNow
                } else {
                    Telling::Done
                }
            }
        }
    }
}
