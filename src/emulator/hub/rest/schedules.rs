//! Sends for later, and their canceling.

use axum::body::Bytes;
use axum::http::{StatusCode, header};
use axum::response::Response;

use crate::emulator::hub::send::Send;

use super::Call;
use super::answer::{self, Refusal};
use super::send_headers;

impl Call<'_> {
    /// Takes a send for later; one whose time has come already is sent at once.
    pub(super) async fn schedule(&self, body: Bytes) -> Result<Response, Refusal> {
        let at = send_headers::schedule_time(self.headers)?;
        let content = send_headers::content(self.headers, body)?;
        let to = send_headers::target(self.headers, &self.query, content.format)?;
        let id = self.hub.schedule(Send { to, content }, at).await?;
        let at = self.addresses.of(&["schedulednotifications", &id]);
        Ok(answer::with_url(
            answer::empty(StatusCode::CREATED),
            &header::LOCATION,
            &at,
        ))
    }

    pub(super) async fn cancel(&self, id: &str) -> Result<Response, Refusal> {
        self.hub.cancel(id.to_owned()).await?;
        Ok(answer::empty(StatusCode::OK))
    }
}
