//! Carrying a send out.

use std::sync::Arc;

use futures_util::stream::{self, StreamExt as _};
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
use super::page::{Met, Page, Source};

/// How many posts of one send are under way at once.
const AT_ONCE: usize = 32;

/// A message that a task has, until this is dropped.
pub(super) struct Ended<'a>(pub(super) &'a Sends, pub(super) i64);

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        self.0.lock_at_work().remove(&self.1);
    }
}

/// What became of a page.
#[derive(Debug, Default)]
struct Done {
    /// As many of its devices as were dealt with, in order.
    outcomes: Vec<Outcome>,
    gone: Vec<Handle>,
}

/// Why a message is not carried on with.
enum Stop {
    /// The services end; it goes on at the next start.
    Shutdown,
    /// It took too long, or cannot be read.
    Abandoned,
}

impl Sends {
    /// Carries a message out to its end, or until the services end.
    pub(super) async fn carry_out(&self, seq: i64) {
        let state = match self.try_carry_out(seq).await {
            Ok(Some(state)) => state,
            Ok(None) | Err(Stop::Shutdown) => return,
            Err(Stop::Abandoned) => MessageState::Abandoned,
        };
        let now = self.clock.now();
        let ended = self.store.write(move |c| progress::end(c, seq, state, now));
        if let Err(error) = ended.await {
            tracing::warn!(%error, "the end of a notification was not written down: it goes on at the next start");
        }
    }

    /// How it ended; none where it had before.
    async fn try_carry_out(&self, seq: i64) -> Result<Option<MessageState>, Stop> {
        let until = Instant::now() + timeouts::HUB_SEND;
        let clock = self.clock.clone();
        let begin = || {
            let now = clock.now();
            self.store.write(move |c| progress::begin(c, seq, now))
        };
        let Some(work) = self.insist(begin, until).await? else {
            return Ok(None);
        };
        let checked = Checked::of(&work.send).map_err(|error| {
            tracing::warn!(%error, "a notification that was taken cannot be sent");
            Stop::Abandoned
        })?;
        if let Err(off) = self.delivery.check(work.send.content.format) {
            tracing::warn!(%off, "a notification goes to nobody");
        }
        let (checked, source) = (Arc::new(checked), Source::of(&work.send));
        let (mut progress, mut met) = (work.progress, Met::default());
        let mut after = 0;
        loop {
            let page = self.page(&source, after, until).await?;
            let next = page.next;
            // What was reached before a restart is walked over again, to know whom it reached.
            let (before, page): (Vec<_>, Vec<_>) = page
                .targets
                .into_iter()
                .map(|target| (met.is_new(&target), target))
                .partition(|(_, target)| target.id <= progress.cursor);
            drop(before);
            if !page.is_empty() {
                let numbers: Vec<_> = page.iter().map(|(_, t)| (t.id, t.platform)).collect();
                let done = self.deliver(page, &checked).await;
                let dealt_with = done.outcomes.len();
                for (outcome, (id, platform)) in done.outcomes.into_iter().zip(&numbers) {
                    progress.counts.add(*platform, outcome);
                    progress.cursor = *id;
                }
                self.commit(seq, &progress, done.gone, until).await?;
                if dealt_with < numbers.len() {
                    return Err(Stop::Shutdown);
                }
            }
            match next {
                Some(next) => after = next,
                None if progress.counts.is_empty() => {
                    return Ok(Some(MessageState::NoTargetFound));
                }
                None => return Ok(Some(MessageState::Completed)),
            }
        }
    }

    async fn page(&self, source: &Source, after: i64, until: Instant) -> Result<Page, Stop> {
        if self.spawner.token().is_cancelled() {
            return Err(Stop::Shutdown);
        }
        if Instant::now() >= until {
            return Err(Stop::Abandoned);
        }
        if let Some(page) = source.listed(after) {
            return Ok(page);
        }
        let read = || {
            let (source, now) = (source.clone(), self.clock.now());
            self.store.read(move |c| source.read(c, after, now))
        };
        self.insist(read, until).await
    }

    async fn commit(
        &self,
        seq: i64,
        progress: &Progress,
        gone: Vec<Handle>,
        until: Instant,
    ) -> Result<(), Stop> {
        let commit = || {
            let (progress, gone, now) = (progress.clone(), gone.clone(), self.clock.now());
            self.store
                .write(move |c| progress::commit(c, seq, &progress, &gone, now))
        };
        self.insist(commit, until).await
    }

    /// Asks the store until it answers: it may be full, or busy.
    async fn insist<T, F: Future<Output = Result<T, StoreError>>>(
        &self,
        mut job: impl FnMut() -> F,
        until: Instant,
    ) -> Result<T, Stop> {
        loop {
            let error = match job().await {
                Ok(done) => return Ok(done),
                Err(StoreError::Closed) => return Err(Stop::Shutdown),
                Err(error) => error,
            };
            tracing::warn!(%error, "a notification is held up by the database");
            if !error.is_transient() || Instant::now() >= until {
                return Err(Stop::Abandoned);
            }
            let pause = tokio::time::sleep(timeouts::HUB_COMMIT_RETRY);
            let token = self.spawner.token();
            if token.run_until_cancelled(pause).await.is_none() {
                return Err(Stop::Shutdown);
            }
        }
    }

    /// Sends a page to those of its devices that were not met before. When the services end, nothing
    /// is begun any more, and what was not answered in time counts as not sent.
    async fn deliver(&self, page: Vec<(bool, TargetRow)>, checked: &Arc<Checked>) -> Done {
        let handles: Vec<Handle> = page.iter().map(|(_, t)| t.handle.text.clone()).collect();
        let mut sent: Vec<Option<Outcome>> = vec![None; page.len()];
        let token = self.spawner.token();
        let posts = stream::iter(page.into_iter().enumerate())
            .take_until(Box::pin(token.clone().cancelled_owned()))
            .map(|(place, (is_new, target))| {
                let (sends, checked) = (self.clone(), checked.clone());
                async move { (place, sends.post(is_new, &target, &checked).await) }
            })
            .buffer_unordered(AT_ONCE);
        let last_call = async {
            token.cancelled().await;
            tokio::time::sleep(timeouts::HUB_GOODBYE).await;
        };
        let posts = posts.for_each(|(place, outcome)| {
            if let Some(entry) = sent.get_mut(place) {
                *entry = Some(outcome);
            }
            std::future::ready(())
        });
        tokio::select! {
            () = posts => {}
            () = last_call => {}
        }
        let ending = token.is_cancelled();
        let known = |outcome: &Outcome| {
            // The embedded push services end at the same time.
            !(ending && matches!(outcome, Outcome::PnsUnreachable | Outcome::PnsUnavailable))
        };
        let outcomes: Vec<Outcome> = sent.into_iter().map_while(|o| o.filter(known)).collect();
        let gone = outcomes.iter().zip(handles).filter(|(o, _)| o.is_gone());
        Done {
            gone: gone.map(|(_, handle)| handle).collect(),
            outcomes,
        }
    }

    async fn post(&self, is_new: bool, to: &TargetRow, checked: &Checked) -> Outcome {
        if !is_new {
            return Outcome::Skipped;
        }
        let sent: Sent = checked.deliver(&self.delivery, to, Urgency::Later).await;
        if sent.outcome != Outcome::Success {
            tracing::debug!(outcome = sent.outcome.name(), text = %sent.text, "a notification did not reach a device");
        }
        sent.outcome
    }
}
