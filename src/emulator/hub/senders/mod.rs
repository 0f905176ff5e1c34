//! How the hub posts to each push service, one file each.

mod apns;
mod fcm;
mod web_push;
mod wns;

use reqwest::{Client, RequestBuilder, Response, StatusCode};
use serde_json::Value;

use crate::model::Platform;
use crate::wire::app_backend::{Delivery, DeliveryOutcome};
use crate::wire::notification_hub::{Format, PnsHandle};

use super::Content;
use super::destination::Destinations;
pub(super) use apns::ApnsToken;
pub(super) use fcm::FcmToken;
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
}

/// What the hub proves itself with, to each service that asks for it.
#[derive(Debug)]
pub(super) struct Tokens {
    pub(super) wns: WnsToken,
    pub(super) apns: ApnsToken,
    pub(super) fcm: FcmToken,
    pub(super) web_push: VapidToken,
}

/// What a push service answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Sent {
    Received(Option<String>),
    Dropped(Option<String>),
    /// The handle is no longer one: it is to be removed.
    Gone(String),
    Refused(String),
}

impl Senders {
    pub(super) fn new(client: Client, tokens: Tokens, destinations: Destinations) -> Self {
        Self {
            client,
            destinations,
            tokens,
        }
    }

    /// Sends a native notification to one device.
    pub(super) async fn send(&self, to: &PnsHandle, content: &Content) -> Sent {
        let platform = match content.format {
            Format::Native(platform) => platform.embedded(),
            Format::Template => None,
        };
        let Some(platform) = platform else {
            return Sent::Refused("no push service here takes this format".to_owned());
        };
        let url = match platform {
            Platform::Wns | Platform::WebPush => self.destinations.of(&to.text),
            Platform::Apns => self.destinations.embedded(&apns::path(&to.text)),
            Platform::Fcm => self.destinations.embedded(&self.tokens.fcm.path()),
        };
        let url = match url {
            Ok(url) => url,
            Err(forbidden) => return Sent::Refused(forbidden.to_string()),
        };
        let (client, tokens) = (&self.client, &self.tokens);
        let sent = match platform {
            Platform::Wns => wns::send(client, &tokens.wns, url, content).await,
            Platform::WebPush => web_push::send(client, &tokens.web_push, url, to, content).await,
            Platform::Apns => apns::send(client, &tokens.apns, url, content).await,
            Platform::Fcm => fcm::send(client, &tokens.fcm, url, &to.text, content).await,
        };
        sent.unwrap_or_else(|error| Sent::Refused(describe(&error)))
    }
}

impl Sent {
    pub(super) fn into_delivery(self, platform: Platform) -> Delivery {
        let (outcome, message, reason) = match self {
            Self::Received(message) => (DeliveryOutcome::Received, message, None),
            Self::Dropped(message) => {
                let reason = "the device is offline and its platform keeps no such push";
                (DeliveryOutcome::Dropped, message, Some(reason.to_owned()))
            }
            Self::Gone(reason) | Self::Refused(reason) => {
                (DeliveryOutcome::Refused, None, Some(reason))
            }
        };
        Delivery {
            platform: platform.as_str().to_owned(),
            outcome,
            message,
            reason,
        }
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

/// What an answer that is no success says.
fn refusal(status: StatusCode) -> Sent {
    let text = format!("the push service answered {}", status.as_u16());
    match status {
        StatusCode::NOT_FOUND | StatusCode::GONE => {
            Sent::Gone(format!("{text}: the handle is gone"))
        }
        _ => Sent::Refused(text),
    }
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

/// Handles are addresses of devices, so no error text shows one.
fn describe(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        "the push service did not answer in time".to_owned()
    } else if error.is_connect() {
        "the push service could not be reached".to_owned()
    } else {
        "the push service's answer could not be read".to_owned()
    }
}
