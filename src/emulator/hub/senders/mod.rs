//! How the hub posts to each push service, one file each: first a notification is completed as the
//! service wants it, once for all devices, then it is posted to each of them.

mod apns;
mod fcm;
mod gcm;
mod sent;
#[cfg(test)]
mod tests;
mod web_push;
mod wns;

use reqwest::{Client, RequestBuilder, Response};
use serde_json::Value;

use crate::model::{Invalid, Platform};
use crate::wire::notification_hub::{Format, HubPlatform, PnsHandle};

use super::Content;
use super::destination::Destinations;
use super::lanes::{Lanes, Urgency};
use super::outcome::Outcome;
pub(super) use apns::ApnsToken;
pub(super) use fcm::FcmToken;
pub(super) use sent::Sent;
pub(super) use web_push::VapidToken;
pub(super) use wns::WnsToken;

/// The largest answer that is read, in bytes.
const MAX_ANSWER: u64 = 16 * 1024;

/// Posts pushes.
#[derive(Debug)]
pub(super) struct Senders {
    client: Client,
    destinations: Destinations,
    tokens: Tokens,
    lanes: Lanes,
}

/// What the hub proves itself with, to each service that asks for it.
#[derive(Debug)]
pub(super) struct Tokens {
    pub(super) wns: WnsToken,
    pub(super) apns: ApnsToken,
    pub(super) fcm: FcmToken,
    pub(super) web_push: VapidToken,
}

/// A native notification as its push service wants it: what its sender left out is added.
///
/// # Errors
/// [`Invalid`] where no push service could take it.
pub(super) fn complete(content: Content) -> Result<Content, Invalid> {
    let Format::Native(platform) = content.format else {
        return Ok(content);
    };
    match platform {
        HubPlatform::Windows => Ok(wns::complete(content)),
        HubPlatform::Apple => apns::complete(content),
        HubPlatform::FcmV1 => fcm::complete(content),
        HubPlatform::Gcm => gcm::complete(content),
        HubPlatform::Browser
        | HubPlatform::Adm
        | HubPlatform::Baidu
        | HubPlatform::Xiaomi
        | HubPlatform::WindowsPhone => Ok(content),
    }
}

impl Senders {
    pub(super) fn new(
        client: Client,
        tokens: Tokens,
        destinations: Destinations,
        lanes: Lanes,
    ) -> Self {
        Self {
            client,
            destinations,
            tokens,
            lanes,
        }
    }

    /// Sends a native notification, which is complete, to one device of `platform`.
    pub(super) async fn send(
        &self,
        platform: Platform,
        to: &PnsHandle,
        content: &Content,
        urgency: Urgency,
    ) -> Sent {
        let url = match platform {
            Platform::Wns | Platform::WebPush => self.destinations.of(&to.text),
            Platform::Apns => self.destinations.embedded(&apns::path(&to.text)),
            Platform::Fcm => self.destinations.embedded(&self.tokens.fcm.path()),
        };
        let url = match url {
            Ok(url) => url,
            Err(forbidden) => return Sent::new(Outcome::PnsUnreachable, forbidden.to_string()),
        };
        let _turn = self.lanes.turn(platform, &url, urgency).await;
        let (client, tokens) = (&self.client, &self.tokens);
        let sent = match platform {
            Platform::Wns => wns::send(client, &tokens.wns, url, content).await,
            Platform::WebPush => web_push::send(client, &tokens.web_push, url, to, content).await,
            Platform::Apns => apns::send(client, &tokens.apns, url, content).await,
            Platform::Fcm => fcm::send(client, &tokens.fcm, url, &to.text, content).await,
        };
        sent.unwrap_or_else(|error| Sent::failed(&error))
    }
}

/// The headers of a notification whose names begin with `prefix`: the push service's own. Others, such
/// as credentials, are the hub's to set.
fn pass(mut request: RequestBuilder, content: &Content, prefix: &str) -> RequestBuilder {
    for (name, value) in &content.headers {
        if name.starts_with(prefix) {
            request = request.header(name, value);
        }
    }
    request
}

fn header(response: &Response, name: &str) -> Option<String> {
    let value = response.headers().get(name)?.to_str().ok()?;
    (value.len() <= 2048).then(|| value.to_owned())
}

/// A short answer as JSON; null where it is none.
async fn json(response: Response) -> Value {
    if response
        .content_length()
        .is_none_or(|length| length > MAX_ANSWER)
    {
        return Value::Null;
    }
    let body = response.bytes().await.unwrap_or_default();
    serde_json::from_slice(&body).unwrap_or_default()
}
