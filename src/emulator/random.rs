//! Names that nobody can guess.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::RngExt as _;

/// 128 random bits as 32 hex digits.
pub(super) fn hex_128() -> String {
    format!("{:032x}", rand::rng().random::<u128>())
}

/// 64 random bits as 16 hex digits: the longest `X-WNS-Msg-ID`.
pub(super) fn hex_64() -> String {
    format!("{:016X}", rand::rng().random::<u64>())
}

/// 256 random bits as 64 hex digits: an APNs device token.
pub(super) fn hex_256() -> String {
    let mut rng = rand::rng();
    format!("{:032x}{:032x}", rng.random::<u128>(), rng.random::<u128>())
}

/// So many random characters of base64url.
pub(super) fn base64_url(length: usize) -> String {
    let bytes: Vec<u8> = rand::rng().random_iter().take(length).collect();
    let mut text = URL_SAFE_NO_PAD.encode(bytes);
    text.truncate(length);
    text
}

/// 256 random bits in base64url: a bearer token, an access token, a channel's address.
pub(super) fn token_256() -> String {
    URL_SAFE_NO_PAD.encode(rand::rng().random::<[u8; 32]>())
}
