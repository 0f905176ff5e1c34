//! Taking registrations that ended out of the hub.

use futures_util::stream::{self, TryStreamExt as _};
use jiff::Timestamp;

use crate::emulator::hub::HubError;
use crate::model::RegistrationId;
use crate::store::StoreError;

use super::super::AppBackend;
use super::{LIFETIME, rows};

/// How many registrations one sweep takes out.
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

    /// Takes registrations that expired or were given back out of the hub, and ends with the first
    /// that the hub does not let go. The ids of those that expired are remembered as long again, so
    /// that their devices hear 410.
    pub(in super::super) async fn sweep_registrations(&self) -> Result<(), HubError> {
        let now = self.clock.now();
        let forgotten = now.saturating_sub(LIFETIME).unwrap_or(Timestamp::MIN);
        let forgotten = forgotten.as_millisecond();
        let now = now.as_millisecond();
        let leaving = self
            .store
            .write(move |c| {
                rows::forget(c, forgotten)?;
                rows::leaving(c, now, MOST_AT_A_SWEEP)
            })
            .await?;
        stream::iter(leaving.into_iter().map(Ok))
            .try_for_each_concurrent(AT_ONCE, |id| self.take_out_in_turn(id))
            .await
    }

    async fn take_out_in_turn(&self, id: RegistrationId) -> Result<(), HubError> {
        let _turn = self.turns.take([&id]).await;
        let key = id.clone();
        let now = self.clock.now().as_millisecond();
        // A device may have put it anew since.
        let leaving = self
            .store
            .read(move |c| rows::is_leaving(c, &key, now))
            .await?;
        if leaving {
            self.take_out(id).await
        } else {
            Ok(())
        }
    }

    /// Takes a registration out of the hub; its turn is taken.
    pub(super) async fn take_out(&self, id: RegistrationId) -> Result<(), HubError> {
        self.hub.remove(vec![id.clone()]).await?;
        self.store
            .write(move |c| rows::taken_out(c, &id))
            .await
            .map_err(HubError::from)
    }
}
