//! Taking registrations that ended out of the hubs that may know them.

use std::future::Future;

use futures_util::stream::{self, TryStreamExt as _};
use jiff::Timestamp;
use rusqlite::Connection;

use crate::emulator::hub::HubError;
use crate::model::RegistrationId;
use crate::store::StoreError;

use super::super::AppBackend;
use super::super::hubs::EMBEDDED;
use super::{LIFETIME, left, rows};

/// How many registrations one sweep takes out of one hub.
const MOST_AT_A_SWEEP: usize = 1024;

/// How many of them the hub is asked about at once.
const AT_ONCE: usize = 16;

impl AppBackend {
    /// Lets every registration expire, and says how many there were.
    pub(in crate::emulator) async fn expire_registrations(&self) -> Result<usize, StoreError> {
        let now = self.clock.now().as_millisecond();
        self.store
            .write(move |c| {
                c.execute(
                    "UPDATE registration SET expires_at = min(expires_at, ?1)",
                    [now],
                )
            })
            .await
    }

    /// Puts the registrations in order before anybody is answered: another hub may have been in use
    /// the last time.
    ///
    /// # Errors
    /// [`StoreError`]
    pub(in crate::emulator) async fn take_up_registrations(&self) -> Result<(), StoreError> {
        if self.hubs.is_elsewhere() {
            let hub = self.hubs.name().to_owned();
            self.store.write(move |c| left::adopt(c, &hub)).await?;
        }
        match self.sweep_hub(EMBEDDED).await {
            Err(HubError::Store(error)) => Err(error),
            Err(error) => {
                tracing::warn!(%error, "what the embedded hub knew could not be put in order");
                Ok(())
            }
            Ok(()) => Ok(()),
        }
    }

    /// Takes registrations that expired or were given back out of the hubs that can be asked, the
    /// embedded one first, and ends with the first that a hub does not let go. The ids of those that
    /// expired are remembered as long again, so that their devices hear 410.
    pub(in super::super) async fn sweep_registrations(&self) -> Result<(), HubError> {
        let now = self.clock.now();
        let forgotten = now.saturating_sub(LIFETIME).unwrap_or(Timestamp::MIN);
        let forgotten = forgotten.as_millisecond();
        let now = now.as_millisecond();
        let hub = self.hubs.name().to_owned();
        self.store
            .write(move |c| {
                left::settle(c, [&hub, EMBEDDED], now)?;
                rows::forget(c, forgotten)
            })
            .await?;
        self.sweep_hub(EMBEDDED).await?;
        if self.hubs.is_elsewhere() {
            self.sweep_hub(self.hubs.name()).await?;
        }
        Ok(())
    }

    /// Has a hub elsewhere let go what ended, before it is asked to send: a device may be another
    /// user's by now. The embedded hub does that within the call that ends a registration.
    pub(in crate::emulator::backend) async fn let_go(&self) -> Result<(), HubError> {
        let hub = self.hubs.name();
        while self.hubs.is_elsewhere() && self.has_ended(hub).await? {
            self.sweep_hub(hub).await?;
        }
        Ok(())
    }

    async fn has_ended(&self, hub: &str) -> Result<bool, StoreError> {
        let (now, hub) = (self.clock.now().as_millisecond(), hub.to_owned());
        let read = self.store.read(move |c| {
            let leaving = rows::leaving(c, &hub, now, 1)?;
            Ok(!leaving.is_empty() || !left::waiting(c, &hub, 1)?.is_empty())
        });
        read.await
    }

    async fn sweep_hub(&self, hub: &str) -> Result<(), HubError> {
        let now = self.clock.now().as_millisecond();
        let name = hub.to_owned();
        let (leaving, left) = self
            .store
            .read(move |c| {
                let leaving = rows::leaving(c, &name, now, MOST_AT_A_SWEEP)?;
                Ok((leaving, left::waiting(c, &name, MOST_AT_A_SWEEP)?))
            })
            .await?;
        at_once(leaving, |id| self.take_out_in_turn(id, hub)).await?;
        at_once(left, |id| self.let_go_in_turn(id, hub)).await
    }

    async fn take_out_in_turn(&self, id: RegistrationId, hub: &str) -> Result<(), HubError> {
        let _turn = self.turns.take([&id]).await;
        let now = self.clock.now().as_millisecond();
        // A device may have put it anew since.
        let leaving = self.still(&id, hub, move |c, id, hub| {
            rows::is_leaving(c, id, hub, now)
        });
        if leaving.await? {
            self.take_out(id, hub).await
        } else {
            Ok(())
        }
    }

    async fn let_go_in_turn(&self, id: RegistrationId, hub: &str) -> Result<(), HubError> {
        let _turn = self.turns.take([&id]).await;
        let waiting = self.still(&id, hub, left::is_waiting);
        if let (true, Some(asked)) = (waiting.await?, self.hubs.named(hub)) {
            asked.remove(vec![id.clone()]).await?;
            let hub = hub.to_owned();
            let settled = self.store.write(move |c| left::settled(c, &id, &hub));
            settled.await?;
        }
        Ok(())
    }

    async fn still(
        &self,
        id: &RegistrationId,
        hub: &str,
        read: impl Fn(&Connection, &RegistrationId, &str) -> rusqlite::Result<bool> + Send + 'static,
    ) -> Result<bool, StoreError> {
        let (id, hub) = (id.clone(), hub.to_owned());
        self.store.read(move |c| read(c, &id, &hub)).await
    }

    /// Takes a registration out of the hub that may know it, or lets it wait there for the day on
    /// which that hub can be asked; its turn is taken.
    pub(super) async fn take_out(&self, id: RegistrationId, hub: &str) -> Result<(), HubError> {
        let asked = self.hubs.named(hub);
        if let Some(asked) = asked {
            asked.remove(vec![id.clone()]).await?;
        }
        let let_go = asked.map(|_| hub.to_owned());
        self.store
            .write(move |c| {
                left::leave(c, &id, let_go.as_deref())?;
                rows::taken_out(c, &id)
            })
            .await
            .map_err(HubError::from)
    }
}

async fn at_once<F>(
    ids: Vec<RegistrationId>,
    each: impl Fn(RegistrationId) -> F,
) -> Result<(), HubError>
where
    F: Future<Output = Result<(), HubError>>,
{
    stream::iter(ids.into_iter().map(Ok))
        .try_for_each_concurrent(AT_ONCE, each)
        .await
}
