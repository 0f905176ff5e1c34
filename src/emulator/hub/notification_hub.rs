//! The embedded hub as its REST door and the embedded app backend use it.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::emulator::EmulatorError;
use crate::emulator::administration::Policy;
use crate::lifecycle::Clock;
use crate::model::{RegistrationId, TagExpression};
use crate::store::{Store, StoreError};
use crate::wire::notification_hub::{
    Format, Installation, NotificationDetails, NotificationOutcome, Registration,
    StoredRegistration,
};
use crate::wire::push_administration::ServiceOff;

use super::asking::{Listing, Page, Precondition};
use super::delivery::Delivery;
use super::hub_parts::HubParts;
use super::routing::{self, Bounds};
use super::rows::{installations, registrations, sweep, targets};
use super::send::Send;
use super::sends::Sends;
use super::{HubError, posting, registration_id, templates};

/// The most registrations in one page of a list.
const MOST_LISTED: usize = 1000;

/// How many targets are looked at at once when they are counted.
const COUNTED_AT_ONCE: Bounds = Bounds {
    targets: 2000,
    looks: 5000,
};

/// The embedded hub. Cheap to clone.
#[derive(Debug, Clone)]
pub(in crate::emulator) struct NotificationHub {
    pub(super) store: Store,
    pub(super) clock: Clock,
    pub(super) delivery: Arc<Delivery>,
    sends: Sends,
    /// How long a registration lasts from its last put; none for ever.
    lifetime: Option<Duration>,
}

impl NotificationHub {
    /// A hub for the services at [`HubParts::own`] and the hosts that are allowed beside them.
    ///
    /// # Errors
    /// [`EmulatorError::Client`]
    pub(in crate::emulator) fn new(parts: HubParts<'_>) -> Result<Self, EmulatorError> {
        let senders = posting::senders(&parts)?;
        let HubParts {
            store,
            clock,
            policy,
            spawner,
            lifetime,
            ..
        } = parts;
        let delivery = Arc::new(Delivery::new(senders, policy));
        let sends = Sends::new(store.clone(), clock.clone(), delivery.clone(), spawner);
        Ok(Self {
            store,
            clock,
            delivery,
            sends,
            lifetime,
        })
    }

    /// The rules of push administration in force.
    pub(super) fn policy(&self) -> &Policy {
        self.delivery.policy()
    }

    /// Whether the push service of this format is on.
    pub(super) fn check_service(&self, format: Format) -> Result<(), ServiceOff> {
        self.delivery.check(format)
    }

    /// Goes on with what was not sent to its end when the services ended, behind
    /// [`HUB_RESUME`](crate::lifecycle::timeouts::HUB_RESUME), and follows the schedule. Nobody sends before this.
    pub(in crate::emulator) async fn start(&self) {
        self.sends.start().await;
    }

    /// Forgets what expired, and messages that ended long ago.
    pub(in crate::emulator) async fn sweep(&self) -> Result<(), StoreError> {
        let now = self.clock.now();
        while self.store.write(move |c| sweep::expired(c, now)).await? {}
        self.sends.sweep().await
    }

    /// How many registrations a send in this format to `to` would reach, those that expired and were
    /// not swept yet among them.
    pub(in crate::emulator) async fn reached_by(
        &self,
        format: Format,
        to: TagExpression,
    ) -> Result<usize, StoreError> {
        let (mut reached, mut after) = (0, 0);
        loop {
            let to = to.clone();
            let page = self
                .store
                .read(move |c| routing::reach(c, format, Some(&to), after, COUNTED_AT_ONCE))
                .await?;
            reached += page.targets.len();
            match page.next {
                Some(next) => after = next,
                None => return Ok(reached),
            }
        }
    }

    /// An id for a registration that is put later.
    ///
    /// # Errors
    /// None in practice.
    pub(super) fn new_id() -> Result<RegistrationId, HubError> {
        Ok(registration_id::new()?)
    }

    /// Makes a registration under a new id.
    pub(super) async fn create(&self, new: Registration) -> Result<StoredRegistration, HubError> {
        self.put(Self::new_id()?, new, Precondition::None).await
    }

    /// Makes or replaces the registration with this id.
    pub(super) async fn put(
        &self,
        id: RegistrationId,
        new: Registration,
        when: Precondition,
    ) -> Result<StoredRegistration, HubError> {
        new.template.as_ref().map_or(Ok(()), templates::check)?;
        let (now, expires) = (self.clock.now(), self.expiry());
        self.store
            .write(move |c| registrations::put(c, &id, &new, when, expires, now))
            .await?
    }

    /// The registration with this id; one that expired is none.
    pub(super) async fn registration(
        &self,
        id: RegistrationId,
    ) -> Result<Option<StoredRegistration>, HubError> {
        let now = self.clock.now();
        let found = self.store.read(move |c| registrations::get(c, &id, now));
        Ok(found.await?)
    }

    /// Removes a registration; one that is gone already is removed.
    pub(super) async fn delete(
        &self,
        id: RegistrationId,
        when: Precondition,
    ) -> Result<(), HubError> {
        let now = self.clock.now();
        self.store
            .write(move |c| registrations::delete(c, &id, when, now))
            .await?
    }

    /// At most `top` registrations, and at most [`MOST_LISTED`], from where `after` says.
    pub(super) async fn list(
        &self,
        which: Listing,
        top: usize,
        after: Option<u64>,
    ) -> Result<Page, HubError> {
        let now = self.clock.now();
        let top = top.clamp(1, MOST_LISTED);
        let after = after.map_or(0, |after| i64::try_from(after).unwrap_or(i64::MAX));
        let listed = self
            .store
            .read(move |c| registrations::list(c, &which, top, after, now));
        Ok(listed.await?)
    }

    /// Makes or replaces an installation.
    pub(super) async fn put_installation(&self, mut new: Installation) -> Result<(), HubError> {
        templates::check_installation(&new)?;
        let now = self.clock.now();
        new.expires = self.soonest(new.expires);
        self.store
            .write(move |c| installations::put(c, new, now))
            .await?
    }

    /// The installation with this id.
    pub(super) async fn installation(&self, id: String) -> Result<Option<Installation>, HubError> {
        let now = self.clock.now();
        let found = self.store.read(move |c| installations::get(c, &id, now));
        Ok(found.await?)
    }

    /// Changes an installation as a JSON Patch says.
    pub(super) async fn patch_installation(
        &self,
        id: String,
        patch: Vec<u8>,
    ) -> Result<(), HubError> {
        let now = self.clock.now();
        let hub = self.clone();
        let patched = move |installation: &Installation| {
            let mut patched = installation.patched(&patch)?;
            templates::check_installation(&patched)?;
            patched.expires = hub.soonest(patched.expires);
            Ok(patched)
        };
        self.store
            .write(move |c| installations::patch(c, &id, patched, now))
            .await?
    }

    /// Removes an installation; one that is gone already is removed.
    pub(super) async fn delete_installation(&self, id: String) -> Result<(), HubError> {
        let removed = self.store.write(move |c| installations::delete(c, &id));
        Ok(removed.await?)
    }

    /// Takes a send, durably, and answers its id; it is carried out behind the answer.
    pub(super) async fn accept(&self, send: Send) -> Result<String, HubError> {
        self.sends.accept(send).await
    }

    /// Carries out a send to at most ten devices, and says what became of it at each.
    pub(super) async fn test(&self, send: Send) -> Result<(String, NotificationOutcome), HubError> {
        self.sends.test(send).await
    }

    /// Takes a send for later, and answers its id.
    pub(super) async fn schedule(&self, send: Send, at: Timestamp) -> Result<String, HubError> {
        self.sends.schedule(send, at).await
    }

    /// Cancels a scheduled send that was not begun.
    pub(super) async fn cancel(&self, id: String) -> Result<(), HubError> {
        self.sends.cancel(id).await
    }

    /// What became of a send.
    pub(super) async fn details(
        &self,
        id: String,
    ) -> Result<Option<NotificationDetails>, HubError> {
        Ok(self.sends.details(id).await?)
    }

    /// Until when what is put now lasts.
    fn expiry(&self) -> Option<Timestamp> {
        self.lifetime.map(|lifetime| self.clock.after(lifetime))
    }

    /// Until when what is put now lasts, where its owner wants it to end at `wanted`.
    fn soonest(&self, wanted: Option<Timestamp>) -> Option<Timestamp> {
        [wanted, self.expiry()].into_iter().flatten().min()
    }

    /// The push service said that there is no such handle.
    pub(super) async fn forget(&self, handle: crate::model::Handle) {
        let now = self.clock.now();
        let forgotten = self
            .store
            .write(move |c| targets::forget_handle(c, &handle, now));
        if let Err(error) = forgotten.await {
            tracing::warn!(%error, "a handle that is gone could not be removed");
        }
    }
}
