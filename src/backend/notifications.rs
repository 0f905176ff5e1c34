//! Secure notifications: sending, fetching by id, marking as read.

use reqwest::Method;
use url::Url;

use super::body::Body;
use super::exchange::Call;
use super::{BackendClient, BackendError, Credential};
use crate::model::{Invalid, NotificationId};
use crate::wire::app_backend::{
    Delivery, MAX_PAYLOAD, Notification, SecurePushAnswer, SecurePushRequest,
};

/// What a backend said about a secure push it accepted. The original says nothing at all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SentPush {
    /// The payload's id.
    pub id: Option<NotificationId>,
    /// The user it was sent to.
    pub to: Option<String>,
    /// What became of it, one entry a device.
    pub deliveries: Vec<Delivery>,
}

impl BackendClient {
    /// Asks for a secure push: `POST /api/notifications`. The backend stores the payload and
    /// sends its id alone.
    ///
    /// # Errors
    /// [`BackendError`]; [`BackendError::Unusable`] for a payload over [`MAX_PAYLOAD`].
    pub async fn send_secure(
        &self,
        credential: &Credential,
        request: &SecurePushRequest,
    ) -> Result<SentPush, BackendError> {
        let length = request.payload.as_ref().map_or(0, String::len);
        if length > MAX_PAYLOAD {
            let problem = format!("is {length} bytes long, at most {MAX_PAYLOAD} are allowed");
            return Err(Invalid::new("payload", problem).into());
        }
        let json = serde_json::to_vec(request)
            .map_err(|_| Invalid::new("payload", "cannot be written as JSON"))?;
        let url = self.url(&["api", "notifications"]);
        let call = Call::new(Method::POST, url).signed(credential).json(json);
        sent(&self.ask(call).await?.body().await?)
    }

    /// Fetches a payload: `GET /api/notifications/{id}`. An answer with another id is an error.
    ///
    /// # Errors
    /// [`BackendError`]; [`BackendError::is_gone`] when it is unknown or another user's.
    pub async fn fetch_notification(
        &self,
        credential: &Credential,
        id: &NotificationId,
    ) -> Result<Notification, BackendError> {
        let url = self.url(&["api", "notifications", id.as_str()]);
        let answer = self
            .ask(Call::new(Method::GET, url).signed(credential))
            .await?;
        let request = answer.request.clone();
        let notification: Notification = answer.json().await?;
        if notification.id != *id {
            let got = notification.id;
            return Err(BackendError::WrongNotification { request, got });
        }
        Ok(notification)
    }

    /// Fetches what the user has not read: `GET /api/notifications?unread=true`, for a full sync
    /// after the platform says that messages were deleted.
    ///
    /// # Errors
    /// [`BackendError`]; the original backend does not have it.
    pub async fn unread(&self, credential: &Credential) -> Result<Vec<Notification>, BackendError> {
        let call = Call::new(Method::GET, self.unread_url()).signed(credential);
        self.ask(call).await?.json().await
    }

    /// Marks a payload as read: `PUT /api/notifications/{id}/read`.
    ///
    /// # Errors
    /// [`BackendError`]; the original backend does not have it.
    pub async fn mark_read(
        &self,
        credential: &Credential,
        id: &NotificationId,
    ) -> Result<(), BackendError> {
        let url = self.url(&["api", "notifications", id.as_str(), "read"]);
        self.ask(Call::new(Method::PUT, url).signed(credential))
            .await
            .map(drop)
    }

    pub(super) fn unread_url(&self) -> Url {
        let mut url = self.url(&["api", "notifications"]);
        url.set_query(Some("unread=true"));
        url
    }
}

/// Reads the answer to a secure push: nothing, the deliveries, or the notification alone.
fn sent(body: &Body) -> Result<SentPush, BackendError> {
    if body.is_empty() {
        return Ok(SentPush::default());
    }
    if let Ok(answer) = body.json::<SecurePushAnswer>() {
        return Ok(SentPush {
            id: Some(answer.id),
            to: Some(answer.to),
            deliveries: answer.deliveries,
        });
    }
    let notification: Notification = body.json()?;
    Ok(SentPush {
        id: Some(notification.id),
        ..SentPush::default()
    })
}
