//! The calls about toasts and the badge.

use bytes::Bytes;

use super::{ControlClient, ControlError, to_json};
use crate::action_centre::ShownToast;
use crate::control::api::{BadgeBody, BadgeState, Cleared, TapBody};
use crate::device::Tapped;

impl ControlClient {
    /// As [`crate::control::toasts`].
    ///
    /// # Errors
    /// [`ControlError`]
    pub async fn toasts(&self) -> Result<Vec<ShownToast>, ControlError> {
        self.get("toasts").await
    }

    /// As [`crate::control::tap`].
    ///
    /// # Errors
    /// [`ControlError`]
    pub async fn tap(&self, id: i64, body: &TapBody) -> Result<Tapped, ControlError> {
        self.post(&format!("toasts/{id}/tap"), to_json(body)).await
    }

    /// As [`crate::control::dismiss`].
    ///
    /// # Errors
    /// [`ControlError`]
    pub async fn dismiss(&self, id: i64) -> Result<ShownToast, ControlError> {
        self.post(&format!("toasts/{id}/dismiss"), Bytes::new())
            .await
    }

    /// As [`crate::control::clear`].
    ///
    /// # Errors
    /// [`ControlError`]
    pub async fn clear(&self) -> Result<Cleared, ControlError> {
        self.post("toasts/clear", Bytes::new()).await
    }

    /// As [`crate::control::badge`].
    ///
    /// # Errors
    /// [`ControlError`]
    pub async fn badge(&self) -> Result<BadgeState, ControlError> {
        self.get("badge").await
    }

    /// As [`crate::control::set_badge`].
    ///
    /// # Errors
    /// [`ControlError`]
    pub async fn set_badge(&self, body: &BadgeBody) -> Result<BadgeState, ControlError> {
        self.post("badge", to_json(body)).await
    }
}
