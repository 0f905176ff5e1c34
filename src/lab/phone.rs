//! A phone in a test's hand.

use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;

use super::station::Station;
use super::{LabError, Toast};
use crate::action_centre::ShownToast;
use crate::background::InboxCounts;
use crate::device::{Device, DeviceFolder, SignInRequest, SignInSecret, Status};
use crate::model::{BackendOrigin, Condition, Conditions, UserName};
use crate::telemetry::{Event, EventName, EventReceiver};

/// A phone in a lab. The lab owns it: dropping this changes nothing.
pub struct Phone {
    pub(super) station: Arc<Station>,
    /// How many events there had been when it was switched on.
    since: usize,
}

impl Phone {
    pub(super) fn new(station: Arc<Station>) -> Self {
        let since = station.since();
        Self { station, since }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.station.name()
    }

    /// The device itself, for what this facade does not offer. Give it back before
    /// [`super::Lab::finish`], which cannot stop what is still in use.
    ///
    /// # Errors
    /// [`LabError::PhoneIsOff`].
    pub fn device(&self) -> Result<Arc<Device>, LabError> {
        self.station.device()
    }

    /// Its folder.
    #[must_use]
    pub fn folder(&self) -> &DeviceFolder {
        &self.station.folder
    }

    /// The oldest toast that no earlier call has given, as soon as there is one. A toast that took
    /// the place of an earlier one counts anew.
    ///
    /// # Errors
    /// [`LabError::NoToast`], with what happened on the phone instead.
    pub async fn next_toast(&self, limit: Duration) -> Result<Toast, LabError> {
        match tokio::time::timeout(limit, self.station.recorder.next()).await {
            Ok(content) => Ok(content.into()),
            Err(_) => Err(LabError::NoToast {
                phone: self.name().to_owned(),
                limit,
                story: self.station.log.story(),
            }),
        }
    }

    /// Every toast it has shown, the first one first, in all its lives; at most the latest 10,000.
    #[must_use]
    pub fn shown_toasts(&self) -> Vec<Toast> {
        let shown = self.station.recorder.shown();
        shown.into_iter().map(Toast::from).collect()
    }

    /// The key of every toast that was taken away, the first one first, in all its lives.
    #[must_use]
    pub fn removed_toasts(&self) -> Vec<String> {
        let removed = self.station.recorder.removed();
        removed.iter().map(ToString::to_string).collect()
    }

    /// The toasts in its action centre, the one shown last first.
    ///
    /// # Errors
    /// [`LabError::PhoneIsOff`], or [`LabError::Device`] when they could not be read.
    pub async fn toasts(&self) -> Result<Vec<ShownToast>, LabError> {
        Ok(self.device()?.toasts().await?)
    }

    /// Everything that happened on it, in all its lives; at most the latest 100,000 events.
    #[must_use]
    pub fn events(&self) -> Vec<Event> {
        self.station.log.all()
    }

    /// What happens on it from now on.
    #[must_use]
    pub fn listen(&self) -> EventReceiver {
        self.station.options.events.listen()
    }

    /// The first event of this name since it was switched on, as soon as there is one.
    ///
    /// # Errors
    /// [`LabError::NoEvent`], with what happened on the phone instead.
    pub async fn event(&self, name: EventName, limit: Duration) -> Result<Event, LabError> {
        let what = format!("{name:?}");
        self.wait_for(&what, limit, |event| event.event == name)
            .await
    }

    /// The first event since it was switched on that `wanted` takes, as soon as there is one.
    /// `what` names it in the error.
    ///
    /// # Errors
    /// [`LabError::NoEvent`], with what happened on the phone instead.
    pub async fn wait_for(
        &self,
        what: &str,
        limit: Duration,
        wanted: impl Fn(&Event) -> bool,
    ) -> Result<Event, LabError> {
        let found = self.station.log.wait_for(self.since, limit, wanted).await;
        found.ok_or_else(|| LabError::NoEvent {
            what: what.to_owned(),
            phone: self.name().to_owned(),
            limit,
            story: self.station.log.story(),
        })
    }

    pub(super) async fn opened(&self, limit: Duration) -> Result<(), LabError> {
        self.event(EventName::ChannelOpened, limit).await.map(drop)
    }

    /// Waits until its channel is closed.
    ///
    /// # Errors
    /// [`LabError::NoEvent`]
    pub async fn closed(&self, limit: Duration) -> Result<(), LabError> {
        self.event(EventName::ChannelClosed, limit).await.map(drop)
    }

    /// Signs in, in the way the phone was described with. Somebody else who was signed in is signed
    /// out; what waited for this user is fetched and shown.
    ///
    /// # Errors
    /// [`LabError::PhoneIsOff`], [`LabError::Invalid`] or [`LabError::Device`].
    pub async fn sign_in(
        &self,
        user: &str,
        password: impl Into<SecretString>,
    ) -> Result<(), LabError> {
        let request = SignInRequest {
            backend: BackendOrigin::parse(&self.station.backend)?,
            user: UserName::parse(user)?,
            secret: SignInSecret::Password(password.into()),
            auth: Some(self.station.auth),
            backend_profile: None,
            vault: None,
            push: None,
            ca: None,
            allow_http: Vec::new(),
        };
        Ok(self.device()?.sign_in(request).await?)
    }

    /// Signs out: the registration is removed, the token ended and forgotten.
    ///
    /// # Errors
    /// [`LabError::PhoneIsOff`] or [`LabError::Device`].
    pub async fn sign_out(&self) -> Result<(), LabError> {
        self.device()?.sign_out().await?;
        Ok(())
    }

    /// Changes its conditions, each as `network=offline`.
    ///
    /// # Errors
    /// [`LabError::PhoneIsOff`], [`LabError::Invalid`] or [`LabError::Device`].
    pub async fn set(&self, conditions: &[&str]) -> Result<Conditions, LabError> {
        let wanted: Result<Vec<Condition>, _> = conditions
            .iter()
            .map(|condition| condition.parse())
            .collect();
        Ok(self.device()?.set_conditions(&wanted?).await?)
    }

    /// Its status, as `handset status --json` tells it.
    ///
    /// # Errors
    /// [`LabError::PhoneIsOff`].
    pub async fn status(&self) -> Result<Status, LabError> {
        Ok(self.device()?.status().await)
    }

    /// How many pushes wait in its inbox, and for what.
    ///
    /// # Errors
    /// [`LabError::PhoneIsOff`].
    pub fn inbox(&self) -> Result<InboxCounts, LabError> {
        Ok(self.device()?.inbox())
    }

    /// Kills it: no goodbye to anybody, nothing tidied up. [`super::Lab::resume`] goes on from what
    /// was durable.
    pub fn kill(self) {
        self.station.kill();
    }

    /// Switches it off in good order. Returns how many of its tasks did not end in time.
    pub async fn turn_off(self) -> usize {
        self.station.turn_off().await
    }
}

impl std::fmt::Debug for Phone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Phone").field(&self.name()).finish()
    }
}
