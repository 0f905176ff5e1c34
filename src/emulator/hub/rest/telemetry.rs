//! Telemetry: what became of a send.

use axum::response::Response;

use super::Call;
use super::answer::{self, Refusal, XML};

impl Call<'_> {
    pub(super) async fn read_telemetry(&self, id: &str) -> Result<Response, Refusal> {
        let found = self.hub.details(id.to_owned()).await?;
        let details = found.ok_or(Refusal::NotFound(""))?;
        let at = self.addresses.of(&["messages", id]);
        Ok(answer::ok(XML, details.write(&at)))
    }
}
