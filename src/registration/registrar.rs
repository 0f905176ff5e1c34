//! The shell around the decisions: asks the backend, and keeps what it said.

use std::sync::Arc;

use jiff::SignedDuration;
use tokio::sync::Mutex;

use super::course::{Course, GoneAgain, Step};
use super::{RegistrationError, Stored, Wanted, stored};
use crate::backend::{BackendClient, BackendError, Credential};
use crate::lifecycle::Clock;
use crate::model::{Account, RegistrationId};
use crate::store::{Store, StoreError};
use crate::wire::app_backend::RegistrationBody;

/// How old an acknowledgement may be before the installation is put once more.
const REFRESHED_AFTER: SignedDuration = SignedDuration::from_hours(24);

/// What became of a registration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Updated {
    /// The registration's id.
    pub id: RegistrationId,
    /// True when something was put; false when the backend had it all.
    pub changed: bool,
}

/// Keeps one device's registrations current. Cheap to clone; clones take turns, since two that
/// register at once would ask for two ids.
#[derive(Debug, Clone)]
pub struct Registrar {
    pub(super) store: Store,
    device: i64,
    pub(super) clock: Clock,
    /// Guards no data, only the order: it is held while the backend is asked.
    turn: Arc<Mutex<()>>,
}

impl Registrar {
    /// The registrations of `device`, the key of its rows, in a store that has
    /// [`super::MIGRATION`] and [`super::MIGRATION_2`].
    #[must_use]
    pub fn new(store: Store, device: i64, clock: Clock) -> Self {
        Self {
            store,
            device,
            clock,
            turn: Arc::default(),
        }
    }

    /// Makes sure that the backend knows the installation: asks for an id where there is none, puts
    /// what differs from the last acknowledged or is a day old, and gives an id that the backend no
    /// longer knows up for a new one, once in a call.
    ///
    /// # Errors
    /// [`RegistrationError`]; [`RegistrationError::Refused`] before anything is sent. Whatever was
    /// reached is kept, and the next call goes on from there.
    pub async fn ensure(
        &self,
        backend: &BackendClient,
        credential: &Credential,
        account: &Account,
        wanted: &Wanted,
    ) -> Result<Updated, RegistrationError> {
        self.follow(backend, credential, account, wanted, false)
            .await
    }

    /// As [`Registrar::ensure`], and puts the installation even if nothing differs.
    ///
    /// # Errors
    /// As [`Registrar::ensure`].
    pub async fn ensure_anew(
        &self,
        backend: &BackendClient,
        credential: &Credential,
        account: &Account,
        wanted: &Wanted,
    ) -> Result<Updated, RegistrationError> {
        self.follow(backend, credential, account, wanted, true)
            .await
    }

    /// Removes the account's registration at the backend and forgets it; that there is none is no
    /// error.
    ///
    /// # Errors
    /// [`RegistrationError`]; then it is still remembered.
    pub async fn remove(
        &self,
        backend: &BackendClient,
        credential: &Credential,
        account: &Account,
    ) -> Result<(), RegistrationError> {
        let _turn = self.turn.lock().await;
        if let Some(stored) = self.stored(account).await? {
            backend.delete_registration(credential, &stored.id).await?;
        }
        Ok(self.forget(account).await?)
    }

    /// Nobody knows any more what the backend has: the installation is put anew under its id the
    /// next time.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn doubt(&self, account: &Account) -> Result<(), StoreError> {
        let _turn = self.turn.lock().await;
        match self.stored(account).await? {
            Some(stored) => self.save(account, &stored.id, None).await,
            None => Ok(()),
        }
    }

    /// What is remembered about the account's registration.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn stored(&self, account: &Account) -> Result<Option<Stored>, StoreError> {
        let (device, account) = (self.device, account.to_string());
        self.store
            .read(move |connection| stored::load(connection, device, &account))
            .await
    }

    async fn follow(
        &self,
        backend: &BackendClient,
        credential: &Credential,
        account: &Account,
        wanted: &Wanted,
        force: bool,
    ) -> Result<Updated, RegistrationError> {
        let wanted = wanted.body();
        BackendClient::check_installation(&wanted)?;
        let _turn = self.turn.lock().await;
        let mut stored = self.stored(account).await?;
        let mut renews = false;
        if !force && let Some(old) = stored.take_if(|stored| self.is_old(stored, &wanted)) {
            match self.refresh(backend, credential, account, &old).await {
                Ok(id) => {
                    let changed = false;
                    return Ok(Updated { id, changed });
                }
                Err(error) if error.is_gone() => {
                    self.forget(account).await?;
                    renews = true;
                }
                Err(error) => return Err(error.into()),
            }
        }
        let mut course = Course::new(stored, wanted, force);
        if renews {
            course.renews();
        }
        loop {
            match course.next() {
                Step::Create => {
                    let wanted = Some(course.wanted());
                    let id = backend.create_registration(credential, wanted).await?;
                    self.save(account, &id, None).await?;
                    course.created(id);
                }
                Step::Put(id) => {
                    // From here until the answer nobody knows what the backend has.
                    self.save(account, &id, None).await?;
                    match backend
                        .put_registration(credential, &id, course.wanted())
                        .await
                    {
                        Ok(given) => {
                            let id = given.unwrap_or(id);
                            self.save(account, &id, Some(course.wanted())).await?;
                            course.put(id);
                        }
                        Err(error) => self.gone(account, &mut course, error).await?,
                    }
                }
                Step::Done(id) => {
                    let changed = course.changed();
                    return Ok(Updated { id, changed });
                }
            }
        }
    }

    /// True where the backend has what is wanted, but has not heard of it for a day.
    fn is_old(&self, stored: &Stored, wanted: &RegistrationBody) -> bool {
        let fresh = SignedDuration::ZERO..REFRESHED_AFTER;
        let now = self.clock.now();
        stored.acknowledged.as_ref() == Some(wanted)
            && !stored
                .acknowledged_at
                .is_some_and(|at| fresh.contains(&now.duration_since(at)))
    }

    /// Puts what the backend has already, and returns the id to go on with. Where it cannot be asked
    /// just now, that is as good as before: the next look tries again.
    async fn refresh(
        &self,
        backend: &BackendClient,
        credential: &Credential,
        account: &Account,
        stored: &Stored,
    ) -> Result<RegistrationId, BackendError> {
        let Some(body) = &stored.acknowledged else {
            return Ok(stored.id.clone());
        };
        match backend.put_registration(credential, &stored.id, body).await {
            Ok(given) => {
                let id = given.unwrap_or_else(|| stored.id.clone());
                let saved = self.save(account, &id, Some(body)).await;
                saved.unwrap_or_else(|error| {
                    tracing::info!(%error, "that the registration was refreshed is not remembered");
                });
                Ok(id)
            }
            Err(error) if error.is_transient() || error.is_unreachable() => {
                tracing::info!(%error, "the registration could not be refreshed");
                Ok(stored.id.clone())
            }
            Err(error) => Err(error),
        }
    }

    /// Drops the id if the backend said that it is gone.
    async fn gone(
        &self,
        account: &Account,
        course: &mut Course,
        error: BackendError,
    ) -> Result<(), RegistrationError> {
        if !error.is_gone() {
            return Err(error.into());
        }
        tracing::info!(%account, "the backend dropped the registration id");
        self.forget(account).await?;
        course
            .gone()
            .map_err(|GoneAgain| RegistrationError::GoneAgain(error))
    }

    async fn save(
        &self,
        account: &Account,
        id: &RegistrationId,
        acknowledged: Option<&RegistrationBody>,
    ) -> Result<(), StoreError> {
        let (device, account) = (self.device, account.to_string());
        let stored = Stored {
            id: id.clone(),
            acknowledged: acknowledged.cloned(),
            acknowledged_at: acknowledged.map(|_| self.clock.now()),
        };
        self.store
            .write(move |connection| stored::save(connection, device, &account, &stored))
            .await
    }

    async fn forget(&self, account: &Account) -> Result<(), StoreError> {
        let (device, account) = (self.device, account.to_string());
        self.store
            .write(move |connection| stored::forget(connection, device, &account))
            .await
    }
}
