//! Web Push: the ID, or the text of a toast, as an encrypted body (RFC 8291).

use reqwest::Client;
use reqwest::header::{CONTENT_ENCODING, LOCATION};
use url::Url;

use crate::emulator::hub::Push;
use crate::model::SubscriptionKeys;
use crate::wire::app_backend::SendPriority;
use crate::wire::webpush;

use super::{Sent, header, refusal};

/// How long the service keeps a push for a device that is away, in seconds: four weeks.
const TTL: &str = "2419200";

pub(super) async fn send(
    client: &Client,
    url: Url,
    keys: Option<&SubscriptionKeys>,
    push: &Push,
) -> Result<Sent, reqwest::Error> {
    let Some(keys) = keys else {
        return Ok(Sent::Refused(
            "the registration has no subscription keys".to_owned(),
        ));
    };
    let (text, urgency) = match push {
        Push::Secure { id, priority } => (id.as_str(), *priority),
        Push::Toast(text) => (text.as_str(), SendPriority::High),
    };
    let body = match webpush::encrypt(keys, text.as_bytes()) {
        Ok(body) => body,
        Err(error) => return Ok(Sent::Refused(error.to_string())),
    };
    let response = client
        .post(url)
        .header("TTL", TTL)
        .header("Urgency", urgency.as_str())
        .header(CONTENT_ENCODING, "aes128gcm")
        .body(body)
        .send()
        .await?;
    if !response.status().is_success() {
        return Ok(refusal(response.status()));
    }
    // The message's id is the last part of its address.
    let message = header(&response, LOCATION.as_str())
        .and_then(|location| location.rsplit('/').next().map(str::to_owned));
    Ok(Sent::Received(message))
}
