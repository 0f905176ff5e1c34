//! How the hub posts to each push service, one file each.

mod web_push;
mod wns;

use reqwest::{Client, Response, StatusCode};
use url::Url;

use crate::model::{NotificationId, Platform};
use crate::wire::app_backend::{Delivery, DeliveryOutcome};

use super::Installation;
use super::destination::Destinations;
use wns::WnsToken;

/// Posts pushes.
#[derive(Debug)]
pub(super) struct Senders {
    client: Client,
    destinations: Destinations,
    wns: WnsToken,
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
    pub(super) fn new(client: Client, local: Url, destinations: Destinations) -> Self {
        let wns = WnsToken::new(local);
        Self {
            client,
            destinations,
            wns,
        }
    }

    /// Sends the ID of a payload to one device.
    pub(super) async fn send(&self, to: &Installation, payload: &NotificationId) -> Sent {
        let url = match self.destinations.of(&to.handle) {
            Ok(url) => url,
            Err(forbidden) => return Sent::Refused(forbidden.to_string()),
        };
        let sent = match to.platform {
            Platform::Wns => wns::send(&self.client, &self.wns, url, payload).await,
            Platform::WebPush => web_push::send(&self.client, url, to.keys.as_ref(), payload).await,
            Platform::Apns | Platform::Fcm => {
                return Sent::Refused(format!("{} is not served yet", to.platform));
            }
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
