//! What the hub behind a backend refused: the sender hears the hub's reason, and a 403 of this kind
//! says nothing about the sign-in.

use super::BackendError;
use super::error::tame;
use super::exchange::Answer;
use crate::wire::app_backend::{REFUSED_BY, RefusalBody};

impl Answer<'_> {
    /// As [`Answer::success`], with the hub's reason where the backend says that it was the hub.
    pub(super) async fn pushed(self) -> Result<Self, BackendError> {
        if !self.response.headers().contains_key(REFUSED_BY) {
            return self.success();
        }
        let request = self.request.clone();
        let status = self.status().as_u16();
        let body: RefusalBody = self.body().await?.json()?;
        Err(BackendError::HubRefused {
            request,
            status,
            reason: tame(&body.message),
        })
    }
}
