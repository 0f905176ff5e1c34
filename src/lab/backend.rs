//! The app backend from the outside: what its team would do.

use secrecy::SecretString;

use super::{Lab, LabError};
use crate::backend::{Credential, SentPush};
use crate::model::UserName;
use crate::wire::app_backend::{Notification, SecurePushRequest, SendPriority};

/// The lab's app backend.
#[derive(Debug, Clone, Copy)]
pub struct LabBackend<'a> {
    lab: &'a Lab,
}

impl<'a> LabBackend<'a> {
    pub(super) fn new(lab: &'a Lab) -> Self {
        Self { lab }
    }

    /// Asks for a secure push to `user`, over HTTP, signed in as that user with the demo rule's
    /// password. The answer says what became of it at each device.
    ///
    /// # Errors
    /// [`LabError::Invalid`] or [`LabError::Backend`].
    pub async fn send_secure(&self, user: &str, text: &str) -> Result<SentPush, LabError> {
        self.send_secure_as(user, user, user, text).await
    }

    /// As [`LabBackend::send_secure`], as urgent as `priority` says.
    ///
    /// # Errors
    /// [`LabError::Invalid`] or [`LabError::Backend`].
    pub async fn send_with_priority(
        &self,
        user: &str,
        text: &str,
        priority: SendPriority,
    ) -> Result<SentPush, LabError> {
        let request = SecurePushRequest {
            priority: Some(priority),
            ..to(user, text)
        };
        self.post(user, user, &request).await
    }

    /// Stores a payload for `user` and pushes nothing: its ID is for a sender of one's own.
    ///
    /// # Errors
    /// [`LabError::Invalid`] or [`LabError::Backend`].
    pub async fn store_secure(&self, user: &str, text: &str) -> Result<SentPush, LabError> {
        let request = SecurePushRequest {
            push: Some(false),
            ..to(user, text)
        };
        self.post(user, user, &request).await
    }

    /// As [`LabBackend::send_secure`], signed in as somebody else or with another password.
    ///
    /// # Errors
    /// [`LabError::Invalid`] or [`LabError::Backend`].
    pub async fn send_secure_as(
        &self,
        sender: &str,
        password: impl Into<SecretString>,
        user: &str,
        text: &str,
    ) -> Result<SentPush, LabError> {
        self.post(sender, password, &to(user, text)).await
    }

    async fn post(
        &self,
        sender: &str,
        password: impl Into<SecretString>,
        request: &SecurePushRequest,
    ) -> Result<SentPush, LabError> {
        let credential = Credential::basic(&UserName::parse(sender)?, &password.into())?;
        let sent = self.lab.sender.send_secure(&credential, request).await?;
        Ok(sent)
    }

    /// What `user` has not read yet, the oldest first.
    ///
    /// # Errors
    /// [`LabError::Invalid`] or [`LabError::Backend`].
    pub async fn unread(&self, user: &str) -> Result<Vec<Notification>, LabError> {
        let name = UserName::parse(user)?;
        let credential = Credential::basic(&name, &user.into())?;
        Ok(self.lab.sender.unread(&credential).await?)
    }

    /// Ends every bearer token: the next call of each phone that has one is refused. Returns how
    /// many there were. A Basic sign-in does not end.
    ///
    /// # Errors
    /// [`LabError::Services`].
    pub async fn expire_tokens(&self) -> Result<usize, LabError> {
        Ok(self.lab.services.revoke_tokens().await?)
    }

    /// Lets every registration expire: the next put of each phone is answered 410. Returns how many
    /// there were.
    ///
    /// # Errors
    /// [`LabError::Services`].
    pub async fn expire_registrations(&self) -> Result<usize, LabError> {
        Ok(self.lab.services.expire_registrations().await?)
    }
}

fn to(user: &str, text: &str) -> SecurePushRequest {
    SecurePushRequest {
        payload: Some(text.to_owned()),
        to: Some(user.to_owned()),
        ..SecurePushRequest::default()
    }
}
