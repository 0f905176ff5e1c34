//! Asking the backend for a push.

use super::{Device, DeviceError};
use crate::backend::{BackendError, SentPush};
use crate::wire::app_backend::SecurePushRequest;

impl Device {
    /// Asks the backend for a secure push, to the named or the signed-in user.
    ///
    /// # Errors
    /// [`DeviceError`]
    pub async fn send(&self, request: &SecurePushRequest) -> Result<SentPush, DeviceError> {
        let link = self.core.link().ok_or_else(|| self.nobody())?;
        if let Err(error) = link.session.refresh_if_near_expiry(&link.client).await {
            tracing::info!(%error, "the token could not be renewed early");
        }
        let current = link
            .session
            .credential()
            .await?
            .ok_or_else(|| self.nobody())?;
        let sent = link.client.send_secure(&current.credential, request).await;
        if sent.as_ref().is_err_and(BackendError::needs_sign_in) {
            link.session.refused(current.generation);
        }
        Ok(sent?)
    }
}
