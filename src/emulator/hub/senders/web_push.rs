//! Web Push: the ID as an encrypted body (RFC 8291).

use reqwest::Client;
use reqwest::header::{CONTENT_ENCODING, LOCATION};
use url::Url;

use crate::model::{NotificationId, SubscriptionKeys};
use crate::wire::webpush;

use super::{Sent, header, refusal};

/// How long the service keeps a push for a device that is away, in seconds: four weeks.
const TTL: &str = "2419200";

pub(super) async fn send(
    client: &Client,
    url: Url,
    keys: Option<&SubscriptionKeys>,
    payload: &NotificationId,
) -> Result<Sent, reqwest::Error> {
    let Some(keys) = keys else {
        return Ok(Sent::Refused(
            "the registration has no subscription keys".to_owned(),
        ));
    };
    let body = match webpush::encrypt(keys, payload.as_str().as_bytes()) {
        Ok(body) => body,
        Err(error) => return Ok(Sent::Refused(error.to_string())),
    };
    let response = client
        .post(url)
        .header("TTL", TTL)
        .header("Urgency", "high")
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
