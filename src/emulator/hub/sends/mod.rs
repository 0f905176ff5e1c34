//! Sends: a notification is written down before it is answered for, and carried out behind the
//! answer, to many devices at once. How far it is is written down as it goes, so that after a crash
//! it goes on there, and reaches few devices twice.

mod checked;
mod due;
mod ids;
mod page;
mod pass;
mod test_rate;
mod test_send;
#[cfg(test)]
mod tests;
mod work;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use tokio::sync::{Notify, Semaphore, oneshot};

use crate::lifecycle::{Clock, Spawner};
use crate::model::Invalid;
use crate::store::{Store, StoreError};
use crate::wire::notification_hub::{Format, HubPlatform, NotificationDetails};

use super::HubError;
use super::delivery::Delivery;
use super::rows::{format_code, messages, schedules};
use super::send::Send;
use checked::Checked;
use messages::NewMessage;
use test_rate::TestRate;

/// How many sends of each format are under way at once: a platform whose push service is slow holds
/// up no other's.
const AT_WORK: usize = 8;

/// How far ahead a send may be scheduled (Microsoft, "Send scheduled notifications").
const FARTHEST: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Takes sends and carries them out. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Sends {
    store: Store,
    clock: Clock,
    delivery: Arc<Delivery>,
    spawner: Spawner,
    /// By the number of the format.
    turns: Arc<HashMap<i64, Arc<Semaphore>>>,
    /// Messages that a task has, so that none has two.
    at_work: Arc<Mutex<HashSet<i64>>>,
    /// Something was scheduled.
    scheduled: Arc<Notify>,
    tests: Arc<TestRate>,
}

impl Sends {
    pub(super) fn new(
        store: Store,
        clock: Clock,
        delivery: Arc<Delivery>,
        spawner: Spawner,
    ) -> Self {
        let native = HubPlatform::ALL.into_iter().map(Format::Native);
        let turns = native.chain([Format::Template]).map(|format| {
            let turn = Arc::new(Semaphore::new(AT_WORK));
            (format_code(format), turn)
        });
        Self {
            store,
            clock,
            delivery,
            spawner,
            turns: Arc::new(turns.collect()),
            at_work: Arc::default(),
            scheduled: Arc::default(),
            tests: Arc::default(),
        }
    }

    /// Goes on with what was not ended when the services did, once phones have had the time to come
    /// back, and begins what is due. Sends are taken after this alone, so that none of them waits.
    pub(super) async fn start(&self) {
        let (sends, earlier) = (self.clone(), self.earlier().await);
        self.spawner.spawn("hub schedule", async move {
            let earlier = match earlier {
                Ok(earlier) => earlier,
                // What is taken meanwhile is begun already, and not begun again.
                Err(_) => sends.insist(|| sends.earlier()).await.ok().flatten(),
            };
            sends.follow_schedule(earlier).await;
        });
    }

    /// Takes a send, durably; its id.
    pub(super) async fn accept(&self, send: Send) -> Result<String, HubError> {
        Checked::of(&send)?;
        let now = self.clock.now();
        let id = ids::message(now);
        let format = send.content.format;
        let new = NewMessage {
            id: id.clone(),
            send,
            due: None,
            now,
        };
        self.keep(new, move |sends, seq| sends.begin(seq, format))
            .await?;
        Ok(id)
    }

    /// Takes a send for later, durably; its id. What is due already is sent at once.
    pub(super) async fn schedule(&self, send: Send, at: Timestamp) -> Result<String, HubError> {
        Checked::of(&send)?;
        let now = self.clock.now();
        if at > now.saturating_add(FARTHEST).unwrap_or(Timestamp::MAX) {
            let problem = "is more than seven days ahead";
            return Err(Invalid::new("scheduled time", problem).into());
        }
        let id = ids::scheduled(now);
        let new = NewMessage {
            id: id.clone(),
            send,
            due: Some(at),
            now,
        };
        self.keep(new, |sends, _| sends.scheduled.notify_one())
            .await?;
        Ok(id)
    }

    /// Writes a message and does what follows, in a task of its own: a client that hangs up must
    /// leave none behind that is kept and not begun.
    async fn keep(
        &self,
        new: NewMessage,
        then: impl FnOnce(&Self, i64) + std::marker::Send + 'static,
    ) -> Result<(), HubError> {
        let (tell, told) = oneshot::channel();
        let sends = self.clone();
        self.spawner.spawn_to_end("hub message", async move {
            let taken = sends.store.write(move |c| messages::insert(c, &new)).await;
            if let Ok(Ok(seq)) = &taken {
                then(&sends, *seq);
            }
            tell.send(taken).ok();
        });
        told.await.map_err(|_| StoreError::Closed)??.map(drop)
    }

    /// Cancels a scheduled send that was not begun.
    pub(super) async fn cancel(&self, id: String) -> Result<(), HubError> {
        let now = self.clock.now();
        let canceled = self.store.write(move |c| schedules::cancel(c, &id, now));
        canceled.await?
    }

    /// What became of a send.
    pub(super) async fn details(
        &self,
        id: String,
    ) -> Result<Option<NotificationDetails>, StoreError> {
        self.store.read(move |c| messages::details(c, &id)).await
    }

    /// Forgets messages that ended long ago.
    pub(super) async fn sweep(&self) -> Result<(), StoreError> {
        let now = self.clock.now();
        while self
            .store
            .write(move |c| messages::forget_old(c, now))
            .await?
        {}
        Ok(())
    }

    /// Carries a message out in a task of its own, unless one has it already.
    fn begin(&self, seq: i64, format: Format) {
        if !self.lock_at_work().insert(seq) {
            return;
        }
        let sends = self.clone();
        self.spawner.spawn_to_end("hub send", async move {
            let ended = self::work::Ended(&sends, seq);
            if let Some(turns) = sends.turns.get(&format_code(format)) {
                let turn = turns.acquire();
                let turn = sends.spawner.token().run_until_cancelled(turn).await;
                if turn.is_some() {
                    sends.carry_out(seq).await;
                }
            }
            drop(ended);
        });
    }

    fn lock_at_work(&self) -> std::sync::MutexGuard<'_, HashSet<i64>> {
        self.at_work.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
