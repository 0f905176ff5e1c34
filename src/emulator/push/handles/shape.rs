//! What a platform's handle looks like, and how long it lasts.

use jiff::SignedDuration;
use url::Url;

use crate::emulator::random;
use crate::model::Platform;
use crate::wire::{fcm, wns};

/// How long a handle lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lifetime {
    /// Until it is given back.
    Endless,
    /// So long; the device is told, and asks for another one before.
    Fixed(SignedDuration),
    /// So long from the last time the device asked for it; the device is not told.
    Idle(SignedDuration),
}

impl Lifetime {
    pub(super) fn of(platform: Platform) -> Self {
        let seconds = |seconds| SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(0));
        match platform {
            Platform::Wns => Self::Fixed(seconds(wns::CHANNEL_SECONDS)),
            Platform::Fcm => Self::Idle(seconds(fcm::IDLE_SECONDS)),
            Platform::WebPush | Platform::Apns => Self::Endless,
        }
    }

    pub(super) fn duration(self) -> Option<SignedDuration> {
        match self {
            Self::Endless => None,
            Self::Fixed(duration) | Self::Idle(duration) => Some(duration),
        }
    }
}

/// A new token, which nobody can guess.
pub(super) fn token(platform: Platform) -> String {
    match platform {
        Platform::Wns | Platform::WebPush => random::token_256(),
        Platform::Apns => random::hex_256(),
        Platform::Fcm => fcm_token(),
    }
}

/// The handle in which `token` stands. APNs and FCM senders are given the token itself.
pub(super) fn handle(base: &Url, platform: Platform, keyed: bool, token: &str) -> String {
    let base = base.as_str().trim_end_matches('/');
    match (platform, keyed) {
        (Platform::WebPush, true) => format!("{base}/wpush/v2/{token}"),
        (Platform::WebPush, false) => format!("{base}/wpush/v1/{token}"),
        (Platform::Wns, _) => format!("{base}/w/?token={token}"),
        (Platform::Apns | Platform::Fcm, _) => token.to_owned(),
    }
}

/// A registration token as FCM writes them: the installation's id, of 22 characters that begin
/// with one of `c` to `f`, and 140 more behind a colon, the first of which are always the same.
fn fcm_token() -> String {
    let (id, rest) = (random::base64_url(21), random::base64_url(134));
    let first = ["c", "d", "e", "f"];
    let first = first[usize::from(id.as_bytes().first().copied().unwrap_or(0) % 4)];
    format!("{first}{id}:APA91b{rest}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn handles_look_like_their_platforms() {
        let base = Url::parse("http://127.0.0.1:8480/").unwrap();
        let apns = handle(&base, Platform::Apns, false, &token(Platform::Apns));
        assert_eq!(apns.len(), 64);
        assert!(apns.bytes().all(|b| b.is_ascii_hexdigit()));
        let fcm = handle(&base, Platform::Fcm, false, &token(Platform::Fcm));
        let (id, rest) = fcm.split_once(':').unwrap();
        assert_eq!((id.len(), rest.len()), (22, 140));
        assert!(rest.starts_with("APA91b"), "{fcm}");
        assert!(
            id.starts_with(['c', 'd', 'e', 'f']) && !id.contains(':'),
            "{fcm}"
        );
        assert_ne!(token(Platform::Fcm), token(Platform::Fcm));
        let keyed = handle(&base, Platform::WebPush, true, "t");
        assert_eq!(keyed, "http://127.0.0.1:8480/wpush/v2/t");
    }
}
