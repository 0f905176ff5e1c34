//! APNs: a notification with its `apns-` headers and a provider token that the hub signs.

use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE};
use reqwest::{Client, StatusCode};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use url::Url;

use crate::emulator::credentials::{ApnsKey, SenderCredentials};
use crate::emulator::hub::Content;
use crate::emulator::hub::outcome::Outcome;
use crate::lifecycle::Clock;
use crate::model::{Handle, Invalid};
use crate::wire::apns::{EXPIRATION, PRIORITY, PUSH_TYPE, TOPIC, UNIQUE_ID};
use crate::wire::notification_hub::{APNS_EXPIRY, read_apns_expiry};

use super::sent::{Answer, Sent};
use super::{header, pass};

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

/// The notification with what its sender left out: what wakes the app and shows nothing is a
/// background push, with the priority that one must have. The hub's own header with the expiry becomes
/// Apple's.
pub(super) fn complete(mut content: Content) -> Result<Content, Invalid> {
    if let Some(expiry) = content.header(APNS_EXPIRY) {
        let at = read_apns_expiry("APNs expiry", expiry)?.to_string();
        if content.header(EXPIRATION).is_none() {
            content = content.with(EXPIRATION, at);
        }
    }
    if content.header(PUSH_TYPE).is_none() {
        let kind = if is_silent(&content.body) {
            "background"
        } else {
            "alert"
        };
        content = content.with(PUSH_TYPE, kind);
    }
    if content.header(PRIORITY).is_none() {
        let background = content.header(PUSH_TYPE) == Some("background");
        content = content.with(PRIORITY, if background { "5" } else { "10" });
    }
    if content.header(TOPIC).is_none() {
        content = content.with(TOPIC, ApnsKey::TOPIC);
    }
    Ok(content)
}

/// True for a payload that wakes the app and shows nothing.
fn is_silent(body: &[u8]) -> bool {
    let payload: Value = serde_json::from_slice(body).unwrap_or_default();
    let aps = &payload["aps"];
    let shows = |name: &str| aps.get(name).is_some_and(|value| !value.is_null());
    aps["content-available"] == 1 && !["alert", "badge", "sound"].into_iter().any(shows)
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
        return Ok(Sent::taken(header(&response, UNIQUE_ID)));
    }
    let answer = Answer::of(&response);
    let body = super::json(response).await;
    let reason = body["reason"].as_str().unwrap_or_default();
    Ok(Sent::refused(&answer, outcome(answer, reason), reason))
}

/// Only a token that is no longer one is 410; one that never was is a bad request.
fn outcome(answer: Answer, reason: &str) -> Outcome {
    match (answer.status, reason) {
        (_, "BadDeviceToken" | "MissingDeviceToken") => Outcome::BadChannel,
        (_, "DeviceTokenNotForTopic") => Outcome::WrongChannel,
        (_, "TopicDisallowed" | "BadTopic" | "MissingTopic") => Outcome::InvalidCredentials,
        (_, "TooManyProviderTokenUpdates") => Outcome::Throttled,
        (StatusCode::TOO_MANY_REQUESTS, _) => Outcome::ChannelThrottled,
        // There is no such path: the device's address is not what is wrong.
        (StatusCode::NOT_FOUND, _) => Outcome::PnsInterfaceError,
        (_, _) => answer.outcome(),
    }
}
