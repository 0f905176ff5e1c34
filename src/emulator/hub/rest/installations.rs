//! Installations: put, read, patched and deleted, as JSON.

use axum::body::Bytes;
use axum::http::{StatusCode, header};
use axum::response::Response;

use crate::model::Invalid;
use crate::wire::notification_hub::Installation;

use super::Call;
use super::answer::{self, Refusal, XML};

impl Call<'_> {
    pub(super) async fn put_installation(
        &self,
        id: &str,
        body: &[u8],
    ) -> Result<Response, Refusal> {
        let new = Installation::read(body)?;
        if new.id != id {
            return Err(
                Invalid::new("installationId", "is another than the one in the path").into(),
            );
        }
        self.hub.put_installation(new).await?;
        Ok(self.changed(id))
    }

    pub(super) async fn read_installation(&self, id: &str) -> Result<Response, Refusal> {
        let found = self.hub.installation(id.to_owned()).await?;
        let found = found.ok_or(Refusal::NotFound("Installation not found"))?;
        Ok(answer::ok(XML, found.write()))
    }

    pub(super) async fn patch_installation(
        &self,
        id: &str,
        patch: Bytes,
    ) -> Result<Response, Refusal> {
        let patched = self.hub.patch_installation(id.to_owned(), patch.into());
        patched.await?;
        Ok(self.changed(id))
    }

    pub(super) async fn delete_installation(&self, id: &str) -> Result<Response, Refusal> {
        self.hub.delete_installation(id.to_owned()).await?;
        Ok(answer::empty(StatusCode::NO_CONTENT))
    }

    fn changed(&self, id: &str) -> Response {
        let at = self.addresses.of(&["installations", id]);
        answer::with_url(
            answer::empty(StatusCode::OK),
            &header::CONTENT_LOCATION,
            &at,
        )
    }
}
