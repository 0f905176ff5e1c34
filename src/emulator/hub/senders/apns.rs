//! APNs: a background push whose payload is the ID, or an alert, with a provider token that the
//! hub signs.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey};
use p256::elliptic_curve::Generate as _;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE};
use reqwest::{Client, StatusCode};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use url::Url;

use crate::emulator::hub::Push;
use crate::lifecycle::Clock;
use crate::model::Handle;
use crate::wire::apns::{PRIORITY, PUSH_TYPE, TOPIC, UNIQUE_ID};

use super::{Sent, header, refusal};

/// The app's bundle id, as its manifest has it.
const BUNDLE: &str = "handset.app";

/// The key's id and the team's, of ten characters as Apple's are.
const KEY_ID: &str = "HANDSETKEY";
const TEAM_ID: &str = "HANDSETHUB";

/// How long a token is used; Apple wants a new one after 20 minutes at the earliest and after an
/// hour at the latest.
const USED_FOR: SignedDuration = SignedDuration::from_mins(40);

/// The hub's provider token, signed when it is first needed and again when it is old.
pub(in crate::emulator::hub) struct ApnsToken {
    key: SigningKey,
    clock: Clock,
    current: Mutex<Option<(SecretString, Timestamp)>>,
}

impl ApnsToken {
    pub(in crate::emulator::hub) fn new(clock: Clock) -> Self {
        Self {
            key: SigningKey::generate(),
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
        let token = self.sign(now);
        *current = Some((token.clone(), now));
        token
    }

    fn sign(&self, now: Timestamp) -> SecretString {
        let head = json!({ "alg": "ES256", "kid": KEY_ID });
        let claims = json!({ "iss": TEAM_ID, "iat": now.as_second() });
        let encoded = |part: Value| URL_SAFE_NO_PAD.encode(part.to_string());
        let signed = format!("{}.{}", encoded(head), encoded(claims));
        let signature: Signature = self.key.sign(signed.as_bytes());
        let signature = URL_SAFE_NO_PAD.encode(signature.to_bytes());
        format!("{signed}.{signature}").into()
    }
}

impl fmt::Debug for ApnsToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApnsToken").finish_non_exhaustive()
    }
}

/// Where to post for a device token.
pub(super) fn path(handle: &Handle) -> [&str; 3] {
    ["3", "device", handle.as_str()]
}

/// A push without UI has priority 5, whatever its sender wishes: with 10 it is an error (Apple,
/// "Pushing background updates to your App").
pub(super) async fn send(
    client: &Client,
    token: &ApnsToken,
    url: Url,
    push: &Push,
) -> Result<Sent, reqwest::Error> {
    let (kind, priority, payload) = match push {
        Push::Secure { id, .. } => (
            "background",
            "5",
            json!({ "aps": { "content-available": 1 }, "secureId": id.as_str() }),
        ),
        Push::Toast(text) => ("alert", "10", json!({ "aps": { "alert": text } })),
    };
    let token = token.get();
    let response = client
        .post(url)
        .header(AUTHORIZATION, format!("bearer {}", token.expose_secret()))
        .header(TOPIC, BUNDLE)
        .header(PUSH_TYPE, kind)
        .header(PRIORITY, priority)
        .header(CONTENT_TYPE, "application/json")
        .body(payload.to_string())
        .send()
        .await?;
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
