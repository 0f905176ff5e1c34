//! Web Push: the notification as an encrypted body (RFC 8291), with a VAPID token (RFC 8292).

use std::fmt;
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use reqwest::header::{AUTHORIZATION, CONTENT_ENCODING, LOCATION};
use reqwest::{Client, Response, StatusCode};
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use crate::emulator::credentials::SenderCredentials;
use crate::emulator::hub::Content;
use crate::emulator::hub::outcome::Outcome;
use crate::lifecycle::Clock;
use crate::wire::notification_hub::PnsHandle;
use crate::wire::webpush;

use super::header;
use super::sent::{Answer, Sent};

/// How long the service keeps a push for a device that is away, in seconds: four weeks.
const TTL: &str = "2419200";

/// How long a token is used, of the twelve hours that it is good for.
const USED_FOR: SignedDuration = SignedDuration::from_hours(6);

/// The hub's VAPID header, signed when it is first needed, when it is old, and for another service.
pub(in crate::emulator::hub) struct VapidToken {
    credentials: SenderCredentials,
    clock: Clock,
    current: Mutex<Option<Current>>,
}

struct Current {
    audience: String,
    header: SecretString,
    signed_at: Timestamp,
}

impl VapidToken {
    pub(in crate::emulator::hub) fn new(credentials: SenderCredentials, clock: Clock) -> Self {
        Self {
            credentials,
            clock,
            current: Mutex::new(None),
        }
    }

    /// The header for the push service of this endpoint; none where it has no origin.
    fn get(&self, endpoint: &str) -> Option<SecretString> {
        let audience = Url::parse(endpoint).ok()?.origin().ascii_serialization();
        let now = self.clock.now();
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = &*current
            && known.audience == audience
            && (SignedDuration::ZERO..USED_FOR).contains(&now.duration_since(known.signed_at))
        {
            return Some(known.header.clone());
        }
        let header = self.credentials.vapid().authorization(&audience, now);
        *current = Some(Current {
            audience,
            header: header.clone(),
            signed_at: now,
        });
        Some(header)
    }
}

impl fmt::Debug for VapidToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VapidToken").finish_non_exhaustive()
    }
}

/// Posts to `url`, which may be another name of the endpoint that `to` has: the token is for the
/// endpoint, as its service knows that one.
pub(super) async fn send(
    client: &Client,
    token: &VapidToken,
    url: Url,
    to: &PnsHandle,
    content: &Content,
) -> Result<Sent, reqwest::Error> {
    let refused = |text: String| Ok(Sent::new(Outcome::InvalidNotificationFormat, text));
    let Some(keys) = &to.keys else {
        return refused("the registration has no subscription keys".to_owned());
    };
    let body = match webpush::encrypt(keys, &content.body) {
        Ok(body) => body,
        Err(error) => return refused(error.to_string()),
    };
    let Some(authorization) = token.get(to.text.as_str()) else {
        return refused("the handle is not a URL".to_owned());
    };
    let mut request = client
        .post(url)
        .header(AUTHORIZATION, authorization.expose_secret())
        .header("TTL", content.header("ttl").unwrap_or(TTL))
        .header("Urgency", content.header("urgency").unwrap_or("normal"))
        .header(CONTENT_ENCODING, "aes128gcm")
        .body(body);
    if let Some(topic) = content.header("topic") {
        request = request.header("Topic", topic);
    }
    let response = request.send().await?;
    if !response.status().is_success() {
        return Ok(read(&response));
    }
    // The message's id is the last part of its address.
    let message = header(&response, LOCATION.as_str())
        .and_then(|location| location.rsplit('/').next().map(str::to_owned));
    Ok(Sent::taken(message))
}

fn read(response: &Response) -> Sent {
    let answer = Answer::of(response);
    let outcome = match answer.status {
        // What is counted there is what came for one subscription.
        StatusCode::TOO_MANY_REQUESTS => Outcome::ChannelThrottled,
        _ => answer.outcome(),
    };
    Sent::refused(&answer, outcome, "")
}
