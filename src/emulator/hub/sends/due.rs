//! What is begun without being asked for: sends of before the start, and scheduled ones in time.

use std::time::Duration;

use jiff::SignedDuration;
use tokio::time::Instant;

use crate::emulator::hub::rows::{progress, schedules};
use crate::lifecycle::timeouts;
use crate::store::StoreError;
use crate::wire::notification_hub::Format;

use super::Sends;

/// What was taken before the services started. It waits until phones are back.
#[derive(Debug)]
pub(super) struct Earlier {
    /// What was not sent to its end.
    open: Vec<(i64, Format)>,
    /// The last message that was taken: later ones wait for nothing.
    last: i64,
    until: Instant,
}

impl Sends {
    /// Goes on with what was not ended when the services did, and begins what is due, for ever. The
    /// time of day counts, and may be set meanwhile.
    pub(super) async fn follow_schedule(&self, mut earlier: Option<Earlier>) {
        loop {
            let behind = earlier.as_ref().map_or(0, |earlier| earlier.last);
            let due = self.begin_due(behind).await;
            let now = Instant::now();
            let back = earlier
                .as_ref()
                .map(|earlier| earlier.until.saturating_duration_since(now));
            let changed = self.scheduled.notified();
            match [due, back].into_iter().flatten().min() {
                Some(wait) => {
                    tokio::time::timeout(wait, changed).await.ok();
                }
                None => changed.await,
            }
            let over = earlier.take_if(|earlier| earlier.until <= Instant::now());
            for (seq, format) in over.into_iter().flat_map(|earlier| earlier.open) {
                self.begin(seq, format);
            }
        }
    }

    /// What waits for the phones; none where nothing has to.
    pub(super) async fn earlier(&self) -> Result<Option<Earlier>, StoreError> {
        let read = self.store.read(|c| {
            let (open, next) = (progress::open(c)?, schedules::next(c, 0)?);
            Ok((open, next, progress::last(c)?))
        });
        let (open, next, last) = read.await?;
        let wait = SignedDuration::try_from(timeouts::HUB_RESUME).unwrap_or_default();
        let soon = self.clock.now().saturating_add(wait);
        let is_soon = next.is_some_and(|next| soon.is_ok_and(|soon| next <= soon));
        Ok((is_soon || !open.is_empty()).then(|| Earlier {
            open,
            last,
            until: Instant::now() + timeouts::HUB_RESUME,
        }))
    }

    /// Begins what is due of the messages behind this one; how long to wait for more, where there is
    /// more.
    async fn begin_due(&self, behind: i64) -> Option<Duration> {
        let now = self.clock.now();
        let next = match self.store.read(move |c| schedules::next(c, behind)).await {
            Ok(next) => next?,
            Err(error) => return Some(held_up(&error)),
        };
        if next > now {
            let wait = Duration::try_from(next.duration_since(now)).unwrap_or_default();
            return Some(wait.min(timeouts::HUB_SCHEDULE));
        }
        let due = self
            .store
            .write(move |c| schedules::take_due(c, behind, now))
            .await;
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

fn held_up(error: &StoreError) -> Duration {
    tracing::warn!(%error, "scheduled notifications are held up by the database");
    timeouts::HUB_COMMIT_RETRY
}
