//! Test sends: to a few devices, at once, with what became of it at each.

use futures_util::future;
use tokio::sync::oneshot;

use crate::emulator::hub::HubError;
use crate::emulator::hub::lanes::Urgency;
use crate::emulator::hub::outcome::{Counts, Outcome};
use crate::emulator::hub::rows::messages::NewMessage;
use crate::emulator::hub::rows::progress::{self, Progress};
use crate::emulator::hub::rows::{TargetRow, messages, targets};
use crate::emulator::hub::send::Send;
use crate::emulator::hub::senders::Sent;
use crate::lifecycle::timeouts;
use crate::model::Handle;
use crate::store::StoreError;
use crate::wire::notification_hub::{MessageState, NotificationOutcome, RegistrationResult};

use super::checked::Checked;
use super::page::{Met, Source};
use super::{Sends, ids};

/// The most devices of a test send (Azure Notification Hubs: ten).
const MOST: usize = 10;

impl Sends {
    /// Sends to at most ten devices, and says what became of it at each. It has telemetry as any
    /// other, and is carried out whether its client waits for the answer or not.
    pub(in crate::emulator::hub) async fn test(
        &self,
        send: Send,
    ) -> Result<(String, NotificationOutcome), HubError> {
        let checked = Checked::of(&send)?;
        self.tests.admit()?;
        let (tell, told) = oneshot::channel();
        let sends = self.clone();
        self.spawner.spawn_to_end("hub test send", async move {
            tell.send(sends.carry_out_test(send, &checked).await).ok();
        });
        Ok(told.await.map_err(|_| StoreError::Closed)??)
    }

    async fn carry_out_test(
        &self,
        send: Send,
        checked: &Checked,
    ) -> Result<(String, NotificationOutcome), StoreError> {
        let now = self.clock.now();
        let id = ids::message(now);
        let targets = self.first(&Source::of(&send)).await?;
        let posts = targets.iter().map(|target| self.try_once(checked, target));
        let sent: Vec<Sent> = future::join_all(posts).await;
        let (progress, gone) = tell(&targets, &sent);
        self.forget(gone).await;
        let new = NewMessage {
            id: id.clone(),
            send,
            due: None,
            now,
        };
        let now = self.clock.now();
        let written = self.store.write(move |c| {
            // Where there is no room for telemetry, the answer says it all the same.
            let Ok(seq) = messages::insert(c, &new)? else {
                return Ok(());
            };
            let state = if progress.counts.is_empty() {
                MessageState::NoTargetFound
            } else {
                MessageState::Completed
            };
            progress::commit(c, seq, &progress, &[], now)?;
            progress::end(c, seq, state, now)
        });
        written.await?;
        let results = targets.into_iter().zip(sent).map(result);
        let results = results.collect();
        Ok((id, NotificationOutcome { results }))
    }

    /// Posts to one device. When the services end, a push service that does not answer is not waited
    /// for.
    async fn try_once(&self, checked: &Checked, target: &TargetRow) -> Sent {
        let last_call = async {
            self.spawner.token().cancelled().await;
            tokio::time::sleep(timeouts::HUB_GOODBYE).await;
        };
        tokio::select! {
            sent = checked.deliver(&self.delivery, target, Urgency::Now) => sent,
            () = last_call => Sent::new(
                Outcome::PnsUnreachable,
                "the services ended before the push service answered",
            ),
        }
    }

    /// Forgets handles that turned out to be none, whether there is telemetry of it or not.
    async fn forget(&self, gone: Vec<Handle>) {
        if gone.is_empty() {
            return;
        }
        let now = self.clock.now();
        let forgotten = self.store.write(move |c| {
            gone.iter()
                .try_for_each(|handle| targets::forget_handle(c, handle, now))
        });
        if let Err(error) = forgotten.await {
            tracing::warn!(%error, "handles that are gone could not be removed");
        }
    }

    /// The first devices of a send.
    async fn first(&self, source: &Source) -> Result<Vec<TargetRow>, StoreError> {
        let (mut first, mut met, mut after) = (Vec::new(), Met::default(), 0);
        loop {
            let page = match source.listed(after) {
                Some(page) => page,
                None => {
                    let (source, now) = (source.clone(), self.clock.now());
                    let read = self.store.read(move |c| source.read(c, after, now));
                    read.await?
                }
            };
            first.extend(page.targets.into_iter().filter(|target| met.is_new(target)));
            match page.next {
                Some(next) if first.len() < MOST => after = next,
                Some(_) | None => break,
            }
        }
        first.truncate(MOST);
        Ok(first)
    }
}

fn tell(targets: &[TargetRow], sent: &[Sent]) -> (Progress, Vec<Handle>) {
    let (mut counts, mut gone) = (Counts::default(), Vec::new());
    for (target, sent) in targets.iter().zip(sent) {
        counts.add(target.platform, sent.outcome);
        gone.extend(sent.outcome.is_gone().then(|| target.handle.text.clone()));
    }
    let cursor = targets.last().map_or(0, |target| target.id);
    let progress = Progress {
        cursor,
        counts,
        ..Progress::default()
    };
    (progress, gone)
}

fn result((target, sent): (TargetRow, Sent)) -> RegistrationResult {
    RegistrationResult {
        platform: target.platform,
        handle: target.handle.text.into(),
        registration: target.registration,
        ok: sent.outcome == Outcome::Success,
        outcome: sent.text,
    }
}
