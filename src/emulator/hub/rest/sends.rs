//! Sends: to tags, to all, to one device, and tests that say what became of them.

use axum::body::Bytes;
use axum::http::{StatusCode, header};
use axum::response::Response;

use crate::emulator::hub::send::Send;

use super::Call;
use super::answer::{self, Refusal, XML};
use super::send_headers;

impl Call<'_> {
    pub(super) async fn send(&self, body: Bytes) -> Result<Response, Refusal> {
        send_headers::refuse_schedule_time(self.headers)?;
        let content = send_headers::content(self.headers, body)?;
        self.check_service(content.format)?;
        let to = send_headers::target(self.headers, &self.query, content.format)?;
        self.accept(Send { to, content }).await
    }

    /// Gives a send to the hub. A test is carried out before the answer, all else behind it.
    pub(super) async fn accept(&self, send: Send) -> Result<Response, Refusal> {
        if !self.query.test {
            let id = self.hub.accept(send).await?;
            return Ok(self.sent(answer::empty(StatusCode::CREATED), &id));
        }
        let (id, outcome) = self.hub.test(send).await?;
        let mut response = answer::ok(XML, outcome.write());
        *response.status_mut() = StatusCode::CREATED;
        Ok(self.sent(response, &id))
    }

    fn sent(&self, response: Response, id: &str) -> Response {
        let at = self.addresses.of(&["messages", id]);
        answer::with_url(response, &header::LOCATION, &at)
    }
}
