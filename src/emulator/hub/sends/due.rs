//! Scheduled sends, begun in time.

use std::time::Duration;

use crate::emulator::hub::rows::schedules;
use crate::lifecycle::timeouts;

use super::Sends;

impl Sends {
    /// Begins what is due, for ever. The time of day counts, and may be set meanwhile.
    pub(super) async fn follow_schedule(&self) {
        loop {
            match self.begin_due().await {
                Some(wait) => {
                    let changed = self.scheduled.notified();
                    tokio::time::timeout(wait, changed).await.ok();
                }
                None => self.scheduled.notified().await,
            }
        }
    }

    /// Begins what is due; how long to wait for more, where there is more.
    async fn begin_due(&self) -> Option<Duration> {
        let now = self.clock.now();
        let next = match self.store.read(schedules::next).await {
            Ok(next) => next?,
            Err(error) => return Some(held_up(&error)),
        };
        if next > now {
            let wait = Duration::try_from(next.duration_since(now)).unwrap_or_default();
            return Some(wait.min(timeouts::HUB_SCHEDULE));
        }
        let due = self.store.write(move |c| schedules::take_due(c, now)).await;
        match due {
            Ok(due) => {
                for (seq, format) in due {
                    self.begin(seq, format);
                }
                Some(Duration::ZERO)
            }
            Err(error) => Some(held_up(&error)),
        }
    }
}

fn held_up(error: &crate::store::StoreError) -> Duration {
    tracing::warn!(%error, "scheduled notifications are held up by the database");
    timeouts::HUB_COMMIT_RETRY
}
