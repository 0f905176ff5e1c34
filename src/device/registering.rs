//! Registering by hand: what the phone is to its push service and to the backend.

use std::time::Duration;

use super::profile::Profile;
use super::registration_keeper::RegisterFailure;
use super::state::{Line, LineProblem, OpenLine, Registered};
use super::{Device, DeviceError, Mode};
use crate::channel::PushUrl;
use crate::model::{Platform, Tag};

/// A wish to register. What it leaves open stays as it was remembered.
#[derive(Debug, Clone, Default)]
pub struct RegisterRequest {
    /// The platform.
    pub platform: Option<Platform>,
    /// The tags, in the place of the earlier ones.
    pub tags: Option<Vec<Tag>>,
    /// Where the channel is opened.
    pub push: Option<String>,
    /// The sender's VAPID key.
    pub vapid_key: Option<String>,
}

impl Device {
    /// Changes what the phone is and where it opens its channel, and remembers it. A phone that is
    /// on opens its channel anew and registers again where that is needed.
    ///
    /// # Errors
    /// [`DeviceError`] when a value makes no sense or could not be remembered.
    pub async fn configure(&self, request: RegisterRequest) -> Result<(), DeviceError> {
        let before = self.core.profile();
        if let Some(push) = &request.push {
            PushUrl::parse(push, &before.allow_http)?;
        }
        self.core
            .change_profile(|profile| {
                profile.platform = request.platform.unwrap_or(profile.platform);
                profile.tags = request.tags.unwrap_or_else(|| profile.tags.clone());
                profile.push = request.push.or_else(|| profile.push.take());
                profile.vapid_key = request.vapid_key.or_else(|| profile.vapid_key.take());
                profile.registers = true;
            })
            .await?;
        let after = self.core.profile();
        let channel = |profile: &Profile| {
            (
                profile.platform,
                profile.push.clone(),
                profile.vapid_key.clone(),
            )
        };
        if channel(&before) != channel(&after) {
            self.core.state.reopen_channel();
        }
        self.core.state.registered(Registered::No);
        self.core.registration_due.notify_one();
        Ok(())
    }

    /// Opens the channel if it is not, registers the handle with these tags, and returns the
    /// registration's id. What a push service refuses for good is not remembered.
    ///
    /// # Errors
    /// [`DeviceError`]
    pub async fn register(
        &self,
        request: RegisterRequest,
        limit: Duration,
    ) -> Result<String, DeviceError> {
        let before = self.core.profile();
        self.configure(request).await?;
        self.core.online()?;
        let link = self.core.link().ok_or_else(|| self.nobody())?;
        self.turn_on(Mode::RegisterOnly).await?;
        let line = match self.open_line(limit).await {
            Ok(line) => line,
            Err(error) => {
                if matches!(error, DeviceError::NotRegistered { .. }) {
                    self.configure_as(&before).await?;
                }
                return Err(error);
            }
        };
        match self.core.register(&link, &line, true).await {
            Ok(id) => Ok(id),
            Err(RegisterFailure::Registration(error)) => Err(error.into()),
            Err(RegisterFailure::Session(error)) => Err(error.into()),
            Err(RegisterFailure::SignInNeeded(_)) => Err(self.nobody()),
        }
    }

    /// Takes back what a push service refused for good.
    async fn configure_as(&self, before: &Profile) -> Result<(), DeviceError> {
        self.core
            .change_profile(|profile| {
                profile.platform = before.platform;
                profile.tags.clone_from(&before.tags);
                profile.push.clone_from(&before.push);
                profile.vapid_key.clone_from(&before.vapid_key);
            })
            .await?;
        self.core.state.reopen_channel();
        Ok(())
    }

    /// Removes the registration at the backend and does not renew it until [`Device::register`].
    ///
    /// # Errors
    /// [`DeviceError`] when nobody is signed in or the backend did not do it.
    pub async fn unregister(&self) -> Result<(), DeviceError> {
        let _turn = self.core.account_turn.lock().await;
        let link = self.core.link().ok_or_else(|| self.nobody())?;
        let current = link
            .session
            .credential()
            .await?
            .ok_or_else(|| self.nobody())?;
        self.core
            .change_profile(|profile| profile.registers = false)
            .await?;
        self.core
            .registrar
            .remove(&link.client, &current.credential, &link.account)
            .await?;
        self.core.state.registered(Registered::No);
        Ok(())
    }

    /// Gives the handle back to the push service, which refuses pushes to it from then on. The
    /// channel is not opened again before the phone is switched off and on.
    ///
    /// # Errors
    /// [`DeviceError::NotGivenBack`] when the push service did not take it, and
    /// [`DeviceError::TimedOut`] when the channel is closed, or the push service silent.
    pub async fn give_back_handle(&self, limit: Duration) -> Result<(), DeviceError> {
        let given = tokio::time::timeout(limit, self.core.give_back.ask()).await;
        let given = given.map_err(|_| DeviceError::TimedOut {
            what: "the handle was not given back",
            limit,
            last: self.core.state.now().problem(),
        })?;
        given.map_err(|error| DeviceError::NotGivenBack(Box::new(error)))
    }

    /// Waits until the channel is open.
    async fn open_line(&self, limit: Duration) -> Result<OpenLine, DeviceError> {
        let mut phone = self.core.state.watch();
        let open = async {
            loop {
                match &phone.borrow_and_update().line {
                    Line::Open(open) => return Ok(open.clone()),
                    Line::Closed(Some(LineProblem {
                        text,
                        lasting: Some(kind),
                    })) => {
                        return Err(DeviceError::NotRegistered {
                            kind: *kind,
                            reason: text.clone(),
                        });
                    }
                    Line::Closed(_) => {}
                }
                // The sender lives as long as the device.
                phone.changed().await.ok();
            }
        };
        tokio::time::timeout(limit, open).await.unwrap_or_else(|_| {
            Err(DeviceError::TimedOut {
                what: "the push channel did not open",
                limit,
                last: self.core.state.now().problem(),
            })
        })
    }
}
