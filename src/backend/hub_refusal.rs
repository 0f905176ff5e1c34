//! What the hub behind a backend refused: whoever asked hears the hub's reason, and a 403 of this
//! kind says nothing about the sign-in.

use super::BackendError;
use super::error::tame;
use super::exchange::Answer;
use crate::wire::app_backend::{REFUSED_BY, RefusalBody};

impl Answer<'_> {
    /// True when the backend says that it was the hub.
    pub(super) fn is_of_hub(&self) -> bool {
        self.response.headers().contains_key(REFUSED_BY)
    }

    /// The hub's reason.
    pub(super) async fn hub_refusal(self) -> BackendError {
        let (request, status) = (self.request.clone(), self.status().as_u16());
        let retry_after = self.retry_after();
        let body = self.body().await;
        match body.and_then(|body| body.json::<RefusalBody>()) {
            Ok(body) => BackendError::HubRefused {
                request,
                status,
                reason: tame(&body.message),
                retry_after,
            },
            Err(error) => error,
        }
    }
}
