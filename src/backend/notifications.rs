//! Secure notifications: sending, fetching by id, marking as read.

use std::collections::HashSet;

use reqwest::header::LINK;
use reqwest::{Method, Response};
use url::Url;

use super::body::Body;
use super::exchange::Call;
use super::{BackendClient, BackendError, Credential};
use crate::model::{Invalid, NotificationId, Platform, UserName};
use crate::wire::app_backend::{
    Delivery, MAX_PAYLOAD, MAX_TOAST, Notification, SecurePushAnswer, SecurePushRequest,
    ToastAnswer,
};

/// The most pages of unread notifications that one sync fetches; a page is one body.
pub const MOST_PAGES: usize = 64;

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
        sent(&self.exchange(call).await?.pushed().await?.body().await?)
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
    /// after the platform says that messages were deleted. Oldest first, page by page as long as
    /// the backend says that there are more (`Link` with `rel="next"`), at most [`MOST_PAGES`].
    ///
    /// # Errors
    /// [`BackendError`]; the original backend does not have it.
    pub async fn unread(&self, credential: &Credential) -> Result<Vec<Notification>, BackendError> {
        let mut all: Vec<Notification> = Vec::new();
        let mut seen = HashSet::new();
        let mut url = self.unread_url();
        for _ in 0..MOST_PAGES {
            let call = Call::new(Method::GET, url).signed(credential);
            let answer = self.ask(call).await?;
            let more = says_more(&answer.response);
            let page: Vec<Notification> = answer.json().await?;
            let before = all.len();
            all.extend(
                page.into_iter()
                    .filter(|entry| seen.insert(entry.id.clone())),
            );
            // A page without anything new would come again for ever.
            let next = all.get(before..).and_then(<[Notification]>::last);
            let Some(last) = next.filter(|_| more) else {
                break;
            };
            url = self.unread_url();
            url.query_pairs_mut().append_pair("after", last.id.as_str());
        }
        Ok(all)
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

    /// Asks for a plain toast on `to`'s devices of one platform (notify users): `POST
    /// /api/notifications?pns=…&to_tag=…`. The backend puts the sender's name before the text. The
    /// original answers nothing about devices.
    ///
    /// # Errors
    /// [`BackendError`]; [`BackendError::Unusable`] for a text over [`MAX_TOAST`].
    pub async fn send_toast(
        &self,
        credential: &Credential,
        platform: Platform,
        to: &UserName,
        text: &str,
    ) -> Result<Vec<Delivery>, BackendError> {
        if text.len() > MAX_TOAST {
            let problem = format!(
                "is {} bytes long, at most {MAX_TOAST} are allowed",
                text.len()
            );
            return Err(Invalid::new("toast", problem).into());
        }
        let json = serde_json::to_vec(text)
            .map_err(|_| Invalid::new("toast", "cannot be written as JSON"))?;
        let mut url = self.url(&["api", "notifications"]);
        url.query_pairs_mut()
            .append_pair("pns", platform.backend_name())
            .append_pair("to_tag", to.as_str());
        let call = Call::new(Method::POST, url).signed(credential).json(json);
        let body = self.exchange(call).await?.pushed().await?.body().await?;
        if body.is_empty() {
            return Ok(Vec::new());
        }
        Ok(body.json::<ToastAnswer>()?.deliveries)
    }

    pub(super) fn unread_url(&self) -> Url {
        let mut url = self.url(&["api", "notifications"]);
        url.set_query(Some("unread=true"));
        url
    }
}

/// True when the backend has another page. Where its link leads is not followed: the token would
/// go along.
fn says_more(response: &Response) -> bool {
    let links = response.headers().get_all(LINK).iter();
    let mut links = links.filter_map(|link| link.to_str().ok());
    links.any(|link| link.contains(r#"rel="next""#) || link.contains("rel=next"))
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
