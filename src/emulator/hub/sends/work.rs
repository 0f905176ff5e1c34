//! Carrying a send out: what a pass over its devices asks of the store and the push services.

use tokio::time::Instant;

use crate::emulator::hub::lanes::Urgency;
use crate::emulator::hub::outcome::Outcome;
use crate::emulator::hub::rows::TargetRow;
use crate::emulator::hub::rows::progress::{self, Progress};
use crate::emulator::hub::senders::Sent;
use crate::lifecycle::timeouts;
use crate::model::Handle;
use crate::store::StoreError;
use crate::wire::notification_hub::MessageState;

use super::Sends;
use super::checked::Checked;
use super::page::{Page, Source};
use super::pass::{Hands, Pass, Stop};

/// A message that a task has, until this is dropped.
pub(super) struct Ended<'a>(pub(super) &'a Sends, pub(super) i64);

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        self.0.lock_at_work().remove(&self.1);
    }
}

/// A send that is being carried out.
struct Carried<'a> {
    sends: &'a Sends,
    seq: i64,
    checked: Checked,
    source: Source,
}

impl Sends {
    /// Carries a message out to its end, or until the services end.
    pub(super) async fn carry_out(&self, seq: i64) {
        let state = match self.try_carry_out(seq).await {
            Ok(Some(state)) => state,
            Ok(None) | Err(Stop::Shutdown) => return,
            Err(Stop::Abandoned) => MessageState::Abandoned,
        };
        let end = || {
            let now = self.clock.now();
            self.store.write(move |c| progress::end(c, seq, state, now))
        };
        if self.insist(end).await.is_err() {
            tracing::warn!(
                "the end of a notification was not written down: it goes on at the next start"
            );
        }
    }

    /// How it ended; none where it had before.
    async fn try_carry_out(&self, seq: i64) -> Result<Option<MessageState>, Stop> {
        let begin = || {
            let now = self.clock.now();
            self.store.write(move |c| progress::begin(c, seq, now))
        };
        let Some(work) = self.insist(begin).await? else {
            return Ok(None);
        };
        let checked = Checked::of(&work.send).map_err(|error| {
            tracing::warn!(%error, "a notification that was taken cannot be sent");
            Stop::Abandoned
        })?;
        if let Err(off) = self.delivery.check(work.send.content.format) {
            tracing::warn!(%off, "a notification goes to nobody");
        }
        let carried = Carried {
            sends: self,
            seq,
            checked,
            source: Source::of(&work.send),
        };
        let pass = Pass::new(&carried, self.spawner.token(), work.progress);
        let progress = pass.run(Instant::now() + timeouts::HUB_SEND).await?;
        Ok(Some(if progress.counts.is_empty() {
            MessageState::NoTargetFound
        } else {
            MessageState::Completed
        }))
    }

    /// Asks the store until it answers, or the services end: it may be full, or busy.
    pub(super) async fn insist<T, F: Future<Output = Result<T, StoreError>>>(
        &self,
        mut job: impl FnMut() -> F,
    ) -> Result<T, Stop> {
        loop {
            let error = match job().await {
                Ok(done) => return Ok(done),
                Err(StoreError::Closed) => return Err(Stop::Shutdown),
                Err(error) => error,
            };
            tracing::warn!(%error, "notifications are held up by the database");
            if !error.is_transient() {
                return Err(Stop::Abandoned);
            }
            let pause = tokio::time::sleep(timeouts::HUB_COMMIT_RETRY);
            let token = self.spawner.token();
            if token.run_until_cancelled(pause).await.is_none() {
                return Err(Stop::Shutdown);
            }
        }
    }
}

impl Hands for Carried<'_> {
    async fn page(&self, after: i64) -> Result<Page, Stop> {
        if let Some(page) = self.source.listed(after) {
            return Ok(page);
        }
        let read = || {
            let (source, now) = (self.source.clone(), self.sends.clock.now());
            self.sends.store.read(move |c| source.read(c, after, now))
        };
        self.sends.insist(read).await
    }

    async fn post(&self, is_new: bool, to: &TargetRow) -> Outcome {
        if !is_new {
            return Outcome::Skipped;
        }
        let delivery = &self.sends.delivery;
        let sent: Sent = self.checked.deliver(delivery, to, Urgency::Later).await;
        if sent.outcome != Outcome::Success {
            tracing::debug!(outcome = sent.outcome.name(), text = %sent.text, "a notification did not reach a device");
        }
        sent.outcome
    }

    async fn write(&self, progress: Progress, gone: Vec<Handle>) -> Result<(), Stop> {
        let seq = self.seq;
        let commit = || {
            let (progress, gone, now) = (progress.clone(), gone.clone(), self.sends.clock.now());
            let commit = move |c: &_| progress::commit(c, seq, &progress, &gone, now);
            self.sends.store.write(commit)
        };
        self.sends.insist(commit).await
    }
}
