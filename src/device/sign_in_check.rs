//! Asking the backend whether the sign-in is still good.

use serde::{Deserialize, Serialize};

use super::{Device, DeviceError};

/// What is known of a sign-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignInCheck {
    /// The backend takes the token.
    Verified,
    /// There is a token, and the backend profile has no call that would tell whether it is taken.
    NotVerified,
}

impl Device {
    /// Asks the backend whether it takes the token.
    ///
    /// # Errors
    /// [`DeviceError`], such as [`DeviceError::SignInNeeded`] without a token, and for one that the
    /// backend refuses.
    pub async fn check_sign_in(&self) -> Result<SignInCheck, DeviceError> {
        let link = self.core.link().ok_or_else(|| self.nobody())?;
        let credential = link.session.credential().await?;
        let current = credential.ok_or_else(|| self.nobody())?;
        if !self.core.profile().way_to_backend().checks_sign_in() {
            return Ok(SignInCheck::NotVerified);
        }
        let checked = link.client.check_credential(&current.credential).await;
        if checked.as_ref().is_err_and(|error| error.needs_sign_in()) {
            link.session.refused(current.generation);
        }
        checked?;
        Ok(SignInCheck::Verified)
    }
}
