//! What the hub posts with: one HTTP client for all push services.

use crate::emulator::EmulatorError;
use crate::lifecycle::{self, timeouts};

use super::destination::{CheckedResolver, Destinations};
use super::hub_parts::HubParts;
use super::lanes::Lanes;
use super::senders::{ApnsToken, FcmToken, Senders, Tokens, VapidToken, WnsToken};

/// The senders of a hub.
///
/// # Errors
/// [`EmulatorError::Client`]
pub(super) fn senders(parts: &HubParts<'_>) -> Result<Senders, EmulatorError> {
    let builder = lifecycle::http_client();
    // The embedded services speak plain HTTP: the system's certificates are read only for others.
    let builder = if parts.allowed.is_empty() {
        builder.tls_certs_only([])
    } else {
        builder
    };
    let client = builder
        .no_proxy()
        .dns_resolver(CheckedResolver)
        .connect_timeout(timeouts::HUB_CONNECT)
        .timeout(timeouts::HUB_REQUEST)
        .user_agent("handset-hub")
        .build()
        .map_err(|error| EmulatorError::Client {
            cause: error.to_string(),
        })?;
    let (credentials, clock) = (&parts.credentials, &parts.clock);
    let tokens = Tokens {
        wns: WnsToken::new(parts.own.local().clone(), credentials.clone()),
        apns: ApnsToken::new(credentials.clone(), clock.clone()),
        fcm: FcmToken::new(
            parts.fcm_tokens.clone(),
            credentials.project(),
            clock.clone(),
        ),
        web_push: VapidToken::new(credentials.clone(), clock.clone()),
    };
    let destinations = Destinations::new(parts.own.clone(), parts.allowed);
    let lanes = Lanes::new(parts.own.clone(), destinations.allowed().map(str::to_owned));
    Ok(Senders::new(client, tokens, destinations, lanes))
}
