//! Asking the backend for a push.

use super::{Device, DeviceError};
use crate::backend::{BackendError, SentPush};
use crate::model::UserName;
use crate::wire::app_backend::{SecurePushRequest, SendPriority};

impl Device {
    /// Asks the backend for a secure push, to `to` or the signed-in user.
    ///
    /// # Errors
    /// [`DeviceError`]
    pub async fn send(
        &self,
        text: Option<String>,
        to: Option<UserName>,
        priority: Option<SendPriority>,
    ) -> Result<SentPush, DeviceError> {
        let link = self.core.link().ok_or_else(|| self.nobody())?;
        if let Err(error) = link.session.refresh_if_near_expiry(&link.client).await {
            tracing::info!(%error, "the token could not be renewed early");
        }
        let current = link
            .session
            .credential()
            .await?
            .ok_or_else(|| self.nobody())?;
        let request = SecurePushRequest {
            payload: text,
            to: to.map(|to| to.to_string()),
            priority,
        };
        let sent = link.client.send_secure(&current.credential, &request).await;
        if sent.as_ref().is_err_and(BackendError::needs_sign_in) {
            link.session.refused(current.generation);
        }
        Ok(sent?)
    }
}
