//! APNs: a notification with its `apns-` headers and a provider token that the hub signs.

use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE};
use reqwest::{Client, StatusCode};
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use crate::emulator::credentials::{ApnsKey, SenderCredentials};
use crate::emulator::hub::Content;
use crate::lifecycle::Clock;
use crate::model::Handle;
use crate::wire::apns::{TOPIC, UNIQUE_ID};

use super::{Sent, header, pass, refusal};

/// How long a token is used; Apple wants a new one after 20 minutes at the earliest and after an
/// hour at the latest.
const USED_FOR: SignedDuration = SignedDuration::from_mins(40);

/// The hub's provider token, signed when it is first needed and again when it is old.
#[derive(Debug)]
pub(in crate::emulator::hub) struct ApnsToken {
    credentials: SenderCredentials,
    clock: Clock,
    current: Mutex<Option<(SecretString, Timestamp)>>,
}

impl ApnsToken {
    pub(in crate::emulator::hub) fn new(credentials: SenderCredentials, clock: Clock) -> Self {
        Self {
            credentials,
            clock,
            current: Mutex::new(None),
        }
    }

    fn get(&self) -> SecretString {
        let now = self.clock.now();
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((token, signed_at)) = &*current
            && (SignedDuration::ZERO..USED_FOR).contains(&now.duration_since(*signed_at))
        {
            return token.clone();
        }
        let token = self.credentials.apns().provider_token(now);
        *current = Some((token.clone(), now));
        token
    }
}

/// Where to post for a device token.
pub(super) fn path(handle: &Handle) -> [&str; 3] {
    ["3", "device", handle.as_str()]
}

pub(super) async fn send(
    client: &Client,
    token: &ApnsToken,
    url: Url,
    content: &Content,
) -> Result<Sent, reqwest::Error> {
    let token = token.get();
    let mut request = client
        .post(url)
        .header(AUTHORIZATION, format!("bearer {}", token.expose_secret()))
        .header(CONTENT_TYPE, "application/json")
        .body(content.body.clone());
    if content.header(TOPIC).is_none() {
        request = request.header(TOPIC, ApnsKey::TOPIC);
    }
    let response = pass(request, content, "apns-").send().await?;
    if response.status() == StatusCode::OK {
        return Ok(Sent::Received(header(&response, UNIQUE_ID)));
    }
    let gone = response.status() == StatusCode::GONE;
    let refused = refusal(response.status());
    let reason = super::json(response).await;
    let reason = reason["reason"].as_str().unwrap_or_default();
    Ok(match &refused {
        // Only a token that is no longer one is 410; one that never was is a bad request.
        _ if reason == "BadDeviceToken" || gone => Sent::Gone(format!(
            "the push service answered {reason}: the handle is gone"
        )),
        Sent::Refused(text) => Sent::Refused(format!("{text} {reason}")),
        Sent::Received(_) | Sent::Dropped(_) | Sent::Gone(_) => refused,
    })
}
