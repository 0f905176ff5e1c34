//! Registrations: asking for an id, putting the installation, removing it.

use uuid::Uuid;

use super::exchange::Answer;
use super::profile::{AnswerId, Kind, Values};
use super::{BackendClient, BackendError, Credential};
use crate::model::{Invalid, Platform, RegistrationId};
use crate::wire::app_backend::{MAX_TAGS, RegistrationBody, read_registration_id};

impl BackendClient {
    /// Asks for a registration id, such as with `POST /api/register`; the call may say what
    /// `installation` is. A backend that has the handle already may give the id it has. Where the
    /// backend gives out no ids, it is a new one of the phone's own.
    ///
    /// # Errors
    /// [`BackendError`].
    pub async fn create_registration(
        &self,
        credential: &Credential,
        installation: Option<&RegistrationBody>,
    ) -> Result<RegistrationId, BackendError> {
        let Some(create) = &self.api.create else {
            return Ok(RegistrationId::parse(Uuid::new_v4().to_string())?);
        };
        let values = installation.map_or_else(Values::default, |body| self.values(body));
        let call = self.call(&create.call, values)?.signed(credential);
        let answer = self.ask(call).await?;
        let request = answer.request.clone();
        let given = given_id(answer, &create.id).await?;
        given.ok_or_else(|| BackendError::Malformed {
            request,
            problem: "it has no registration id where the profile says".to_owned(),
        })
    }

    /// Puts the installation, such as with `PUT /api/register/{id}`. Returns the id to go on with,
    /// where the backend says another.
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
    ) -> Result<Option<RegistrationId>, BackendError> {
        Self::check_installation(body)?;
        let put = &self.api.put;
        let values = Values {
            id: Some(id.as_str()),
            ..self.values(body)
        };
        let call = self.call(&put.call, values)?.signed(credential);
        let answer = self.ask(call).await?;
        given_id(answer, &put.id).await
    }

    /// Removes a registration, such as with `DELETE /api/register/{id}`. One that is gone already
    /// is removed.
    ///
    /// # Errors
    /// [`BackendError`]; [`BackendError::NotOffered`] when the backend removes none.
    pub async fn delete_registration(
        &self,
        credential: &Credential,
        id: &RegistrationId,
    ) -> Result<(), BackendError> {
        let delete = self.api.delete.as_ref();
        let delete = delete.ok_or_else(|| self.not_offered(Kind::Delete))?;
        let values = Values {
            id: Some(id.as_str()),
            ..Values::default()
        };
        let call = self.call(delete, values)?.signed(credential);
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

    fn values<'a>(&'a self, body: &'a RegistrationBody) -> Values<'a> {
        let platform = Platform::from_backend_name(&body.platform);
        let platform = platform.map(|platform| self.api.platform(platform));
        Values {
            platform: Some(platform.unwrap_or(&body.platform)),
            handle: Some(body.handle.as_str()),
            keys: body.keys.as_ref(),
            tags: Some(&body.tags),
            ..Values::default()
        }
    }
}

/// The id that an answer has, if it is one that has.
async fn given_id(
    answer: Answer<'_>,
    place: &AnswerId,
) -> Result<Option<RegistrationId>, BackendError> {
    match place {
        AnswerId::Nowhere => Ok(None),
        AnswerId::Header(name) => {
            let Some(value) = answer.response.headers().get(name) else {
                return Ok(None);
            };
            let last = value.to_str().ok().and_then(last_segment);
            let id = last.and_then(|id| RegistrationId::parse(id).ok());
            id.map(Some).ok_or_else(|| BackendError::Malformed {
                problem: format!("its header {name} does not end with a registration id"),
                request: answer.request,
            })
        }
        AnswerId::Field(path) => {
            let body = answer.body().await?;
            // A backend that created nothing may have nothing to say.
            if body.is_empty() {
                return Ok(None);
            }
            body.registration_id(path).map(Some)
        }
        AnswerId::Body => {
            let body = answer.body().await?;
            let text = body.text()?;
            // Every visible character may be in an id, but a page, an object or a list is none.
            match read_registration_id(text) {
                Ok(id) if !text.trim_start().starts_with(['<', '{', '[']) => Ok(Some(id)),
                Ok(_) | Err(_) => {
                    Err(body.malformed("it is not a registration id, a short text in quotes"))
                }
            }
        }
    }
}

/// The last segment of a URL or a path; an encoded one is none, for it would be encoded again.
fn last_segment(value: &str) -> Option<&str> {
    let path = value.split(['?', '#']).next()?;
    let last = path.trim_end_matches('/').rsplit('/').next()?;
    (!last.contains('%')).then_some(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_segment_is_the_id() {
        for (value, id) in [
            ("https://h/devices/7", Some("7")),
            ("/devices/7/?x=1#y", Some("7")),
            ("7", Some("7")),
            ("/devices/a%20b", None),
        ] {
            assert_eq!(last_segment(value), id, "{value}");
        }
    }
}
