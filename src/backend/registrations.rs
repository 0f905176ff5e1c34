//! Registrations: asking for an id, putting the installation, removing it.

use reqwest::Method;

use super::exchange::Call;
use super::{BackendClient, BackendError, Credential};
use crate::model::{Handle, Invalid, RegistrationId};
use crate::wire::app_backend::{MAX_TAGS, RegistrationBody, read_registration_id};

impl BackendClient {
    /// Asks for a registration id: `POST /api/register`. With a handle the backend gives the id
    /// that the handle has already, and deletes its others.
    ///
    /// # Errors
    /// [`BackendError`].
    pub async fn create_registration(
        &self,
        credential: &Credential,
        handle: Option<&Handle>,
    ) -> Result<RegistrationId, BackendError> {
        let mut url = self.url(&["api", "register"]);
        if let Some(handle) = handle {
            url.query_pairs_mut().append_pair("handle", handle.as_str());
        }
        let call = Call::new(Method::POST, url).signed(credential);
        let body = self.ask(call).await?.body().await?;
        let text = body.text()?;
        // Every visible character may be in an id, but a page, an object or a list is none.
        match read_registration_id(text) {
            Ok(id) if !text.trim_start().starts_with(['<', '{', '[']) => Ok(id),
            Ok(_) | Err(_) => {
                Err(body.malformed("it is not a registration id, a short text in quotes"))
            }
        }
    }

    /// Puts the installation: `PUT /api/register/{id}`.
    ///
    /// # Errors
    /// [`BackendError`]; [`BackendError::is_gone`] when the backend does not know the id (any
    /// more): ask for a new one and put once more. [`BackendError::Unusable`] before anything is
    /// sent when there are too many tags or one that only the backend may set.
    pub async fn put_registration(
        &self,
        credential: &Credential,
        id: &RegistrationId,
        body: &RegistrationBody,
    ) -> Result<(), BackendError> {
        Self::check_installation(body)?;
        let json = serde_json::to_vec(body)
            .map_err(|_| Invalid::new("registration", "cannot be written as JSON"))?;
        let url = self.url(&["api", "register", id.as_str()]);
        let call = Call::new(Method::PUT, url).signed(credential).json(json);
        self.ask(call).await.map(drop)
    }

    /// Removes a registration: `DELETE /api/register/{id}`. One that is gone already is removed.
    ///
    /// # Errors
    /// [`BackendError`].
    pub async fn delete_registration(
        &self,
        credential: &Credential,
        id: &RegistrationId,
    ) -> Result<(), BackendError> {
        let url = self.url(&["api", "register", id.as_str()]);
        let call = Call::new(Method::DELETE, url).signed(credential);
        match self.ask(call).await {
            Err(error) if !error.is_gone() => Err(error),
            Ok(_) | Err(_) => Ok(()),
        }
    }

    /// Checks an installation before anything is sent: at most [`MAX_TAGS`] tags, and none that
    /// names a user or an installation.
    ///
    /// # Errors
    /// [`Invalid`], which names the tag.
    pub fn check_installation(body: &RegistrationBody) -> Result<(), Invalid> {
        if body.tags.len() > MAX_TAGS {
            return Err(Invalid::new(
                "registration",
                format!(
                    "has {} tags, at most {MAX_TAGS} are allowed",
                    body.tags.len()
                ),
            ));
        }
        match body.tags.iter().find(|tag| tag.is_reserved()) {
            Some(tag) => Err(Invalid::new(
                "tag",
                format!(
                    "{tag} names a user or an installation, which only the backend may do: leave it out"
                ),
            )),
            None => Ok(()),
        }
    }
}
