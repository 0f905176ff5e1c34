//! Secure notifications: sending, fetching by id, marking as read.

use std::collections::HashSet;

use reqwest::Response;
use reqwest::header::LINK;

use super::body::Body;
use super::profile::{FieldPath, Kind, Placeholder, SendCall, Values};
use super::{BackendClient, BackendError, Credential};
use crate::model::{Invalid, NotificationId, Platform, UserName};
use crate::wire::app_backend::{
    Delivery, MAX_PAYLOAD, MAX_TOAST, Notification, SecurePushAnswer, SecurePushRequest,
    SendPriority, ToastAnswer,
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
    /// Asks for a secure push, such as with `POST /api/notifications`. The backend stores the
    /// payload and sends its id alone.
    ///
    /// # Errors
    /// [`BackendError`]; [`BackendError::Unusable`] for a payload over [`MAX_PAYLOAD`] and for what
    /// the profile's call cannot say, [`BackendError::NotOffered`] when there is no such call.
    pub async fn send_secure(
        &self,
        credential: &Credential,
        request: &SecurePushRequest,
    ) -> Result<SentPush, BackendError> {
        let send = self.api.send.as_ref();
        let send = send.ok_or_else(|| self.not_offered(Kind::Send))?;
        let length = request.payload.as_ref().map_or(0, String::len);
        if length > MAX_PAYLOAD {
            let problem = format!("is {length} bytes long, at most {MAX_PAYLOAD} are allowed");
            return Err(Invalid::new("payload", problem).into());
        }
        self.check_sayable(send, request)?;
        let sender = self.user.as_ref().map(UserName::as_str);
        let to = request.to.as_deref();
        let values = Values {
            payload: request.payload.as_deref(),
            to,
            recipient: to.or(sender),
            priority: request.priority.map(SendPriority::as_str),
            push: request.push,
            ..Values::default()
        };
        let call = self.call(&send.call, values)?.signed(credential);
        let body = self.ask(call).await?.body().await?;
        sent(&body, send.id.as_ref())
    }

    /// What is wished for must be said to the backend, not left out in silence.
    fn check_sayable(&self, send: &SendCall, request: &SecurePushRequest) -> Result<(), Invalid> {
        let wishes = [
            (
                "text",
                request.payload.is_some(),
                &[Placeholder::Payload][..],
            ),
            (
                "recipient",
                request.to.is_some(),
                &[Placeholder::To, Placeholder::Recipient],
            ),
            (
                "priority",
                request.priority.is_some(),
                &[Placeholder::Priority],
            ),
            ("not pushing", request.push.is_some(), &[Placeholder::Push]),
        ];
        let unsaid = |(_, wished, ways): &(_, bool, &[Placeholder])| {
            *wished && !ways.iter().any(|way| send.can_say(*way))
        };
        match wishes.iter().find(|wish| unsaid(wish)) {
            Some((what, _, _)) => Err(Invalid::new(
                what,
                format!(
                    "cannot be told to this backend: [send] of the backend profile {} has no place for it; leave it out",
                    self.profile.name()
                ),
            )),
            None => Ok(()),
        }
    }

    /// Fetches a payload, such as with `GET /api/notifications/{id}`. An answer with another id is
    /// an error.
    ///
    /// # Errors
    /// [`BackendError`]; [`BackendError::is_gone`] when it is unknown or another user's.
    pub async fn fetch_notification(
        &self,
        credential: &Credential,
        id: &NotificationId,
    ) -> Result<Notification, BackendError> {
        let fetch = &self.api.fetch;
        let call = self.call(&fetch.call, of_notification(id))?;
        let answer = self.ask(call.signed(credential)).await?;
        let request = answer.request.clone();
        let notification = answer.body().await?.notification(fetch, id)?;
        if notification.id != *id {
            let got = notification.id;
            return Err(BackendError::WrongNotification { request, got });
        }
        Ok(notification)
    }

    /// Fetches what the user has not read, such as with `GET /api/notifications?unread=true`, for a
    /// full sync after the platform says that messages were deleted. Oldest first, page by page as
    /// long as the backend says that there are more (`Link` with `rel="next"`) and the profile says
    /// how to ask for them, at most [`MOST_PAGES`].
    ///
    /// # Errors
    /// [`BackendError`]; [`BackendError::NotOffered`] when there is no such call.
    pub async fn unread(&self, credential: &Credential) -> Result<Vec<Notification>, BackendError> {
        let unread = self.api.unread.as_ref();
        let unread = unread.ok_or_else(|| self.not_offered(Kind::Unread))?;
        let mut all: Vec<Notification> = Vec::new();
        let mut seen = HashSet::new();
        let mut last: Option<NotificationId> = None;
        for _ in 0..MOST_PAGES {
            let mut call = self.call(&unread.call, Values::default())?;
            if let (Some(parameter), Some(last)) = (&unread.after, &last) {
                call.url
                    .query_pairs_mut()
                    .append_pair(parameter, last.as_str());
            }
            let answer = self.ask(call.signed(credential)).await?;
            let more = says_more(&answer.response) && unread.after.is_some();
            let page = answer.body().await?.notifications(unread)?;
            let before = all.len();
            all.extend(
                page.into_iter()
                    .filter(|entry| seen.insert(entry.id.clone())),
            );
            // A page without anything new would come again for ever.
            let next = all.get(before..).and_then(<[Notification]>::last);
            let Some(next) = next.filter(|_| more) else {
                break;
            };
            last = Some(next.id.clone());
        }
        Ok(all)
    }

    /// Marks a payload as read, such as with `PUT /api/notifications/{id}/read`.
    ///
    /// # Errors
    /// [`BackendError`]; [`BackendError::NotOffered`] when there is no such call.
    pub async fn mark_read(
        &self,
        credential: &Credential,
        id: &NotificationId,
    ) -> Result<(), BackendError> {
        let read = self.api.read.as_ref();
        let read = read.ok_or_else(|| self.not_offered(Kind::Read))?;
        let call = self.call(read, of_notification(id))?;
        self.ask(call.signed(credential)).await.map(drop)
    }

    /// Asks for a plain toast on `to`'s devices of one platform (notify users): `POST
    /// /api/notifications?pns=…&to_tag=…`. The backend puts the sender's name before the text. The
    /// original answers nothing about devices.
    ///
    /// # Errors
    /// [`BackendError`]; [`BackendError::Unusable`] for a text over [`MAX_TOAST`],
    /// [`BackendError::NotOffered`] when there is no such call.
    pub async fn send_toast(
        &self,
        credential: &Credential,
        platform: Platform,
        to: &UserName,
        text: &str,
    ) -> Result<Vec<Delivery>, BackendError> {
        let api = &self.api;
        let toast = api.toast.as_ref();
        let toast = toast.ok_or_else(|| self.not_offered(Kind::Toast))?;
        if text.len() > MAX_TOAST {
            let problem = format!(
                "is {} bytes long, at most {MAX_TOAST} are allowed",
                text.len()
            );
            return Err(Invalid::new("toast", problem).into());
        }
        let values = Values {
            platform: Some(api.platform(platform)),
            to: Some(to.as_str()),
            payload: Some(text),
            ..Values::default()
        };
        let call = self.call(toast, values)?.signed(credential);
        let body = self.ask(call).await?.body().await?;
        // Whatever else is answered, the toast is sent.
        let answer = body.json::<ToastAnswer>();
        Ok(answer.map(|answer| answer.deliveries).unwrap_or_default())
    }
}

fn of_notification(id: &NotificationId) -> Values<'_> {
    Values {
        id: Some(id.as_str()),
        ..Values::default()
    }
}

/// True when the backend has another page. Where its link leads is not followed: the token would
/// go along.
fn says_more(response: &Response) -> bool {
    let links = response.headers().get_all(LINK).iter();
    let mut links = links.filter_map(|link| link.to_str().ok());
    links.any(|link| link.contains(r#"rel="next""#) || link.contains("rel=next"))
}

/// Reads the answer to a secure push: nothing, the deliveries, or the payload's id where the profile
/// says that it has one.
fn sent(body: &Body, id: Option<&FieldPath>) -> Result<SentPush, BackendError> {
    let Some(id) = id.filter(|_| !body.is_empty()) else {
        return Ok(SentPush::default());
    };
    if let Ok(answer) = body.json::<SecurePushAnswer>() {
        return Ok(SentPush {
            id: Some(answer.id),
            to: Some(answer.to),
            deliveries: answer.deliveries,
        });
    }
    Ok(SentPush {
        id: Some(body.notification_id(id)?),
        ..SentPush::default()
    })
}
