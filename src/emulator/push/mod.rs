//! The embedded push services: WNS, APNs, FCM, Web Push, and the device socket they share.
//!
//! A sender's push goes through its service's front door into the [`queue`], which alone decides
//! whether it is kept, and from there over the [`socket`] to the device.

pub(super) mod access_tokens;
pub(super) mod apns;
pub(super) mod body;
pub(super) mod fcm;
pub(super) mod handles;
mod jwt;
pub(super) mod on_demand;
pub(super) mod queue;
pub(super) mod socket;
pub(super) mod throttle;
pub(super) mod webpush;
pub(super) mod wns;

/// After how many seconds a sender is asked to try again, where nothing better is known. The embedded
/// services are well again at once, and a test should not wait for an SDK's patience.
const RETRY_AFTER: u64 = 1;

/// A header's value as text; none where it is missing or not visible ASCII.
fn header<'a>(headers: &'a axum::http::HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get(name)
        .and_then(|value| value.to_str().ok())
        .map(str::trim)
}

/// A number as a header has it: digits alone, without a sign or a space.
fn digits<T: std::str::FromStr>(text: &str) -> Option<T> {
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}

/// The sender's W3C trace context, if it has the form of one.
fn traceparent(headers: &axum::http::HeaderMap) -> Option<String> {
    header(headers, "traceparent")
        .filter(|value| (55..=128).contains(&value.len()))
        .filter(|value| value.bytes().all(|byte| byte.is_ascii_graphic()))
        .map(str::to_owned)
}
