//! Who may post to an endpoint that was made for one application server (RFC 8292).

use axum::http::{HeaderMap, header};
use jiff::Timestamp;
use p256::ecdsa::signature::Verifier as _;
use p256::ecdsa::{Signature, VerifyingKey};
use serde::Deserialize;
use url::Url;

use crate::emulator::credentials::SenderCredentials;
use crate::emulator::origins::Origins;
use crate::emulator::push::handles::Channel;
use crate::emulator::push::header as header_text;
use crate::emulator::push::jwt::{self, Jwt};

use super::answer::Refusal;

/// How far in the future a token may expire, in seconds (RFC 8292 §2: 24 hours).
const LONGEST: i64 = 24 * 3600;

/// How far clocks may differ, in seconds.
const LEEWAY: i64 = 60;

/// The longest `Authorization` header that is read.
const MAX_HEADER: usize = 4096;

/// Reads an application server's public key: an uncompressed P-256 point in base64url.
pub(in crate::emulator::push) fn read_key(text: &str) -> Option<Vec<u8>> {
    if text.len() > 128 {
        return None;
    }
    let key = jwt::decode(text)?;
    VerifyingKey::from_sec1_bytes(&key).ok()?;
    (key.len() == 65).then_some(key)
}

/// Under strict credentials the sender must show the generated key, whatever the channel was
/// registered with; that the key is its own is seen in [`check`].
pub(super) fn check_only(
    headers: &HeaderMap,
    only: Option<&SenderCredentials>,
) -> Result<(), Refusal> {
    let Some(only) = only else {
        return Ok(());
    };
    let (_, key) = read_credentials(headers).ok_or(Refusal::Vapid("Missing VAPID public key"))?;
    let key = read_key(key).ok_or(Refusal::Vapid("Invalid VAPID public key"))?;
    if key != only.vapid().public_bytes() {
        return Err(Refusal::Vapid("VAPID public key mismatch"));
    }
    Ok(())
}

/// Checks the sender of a push: required where the channel was registered with a key, and right
/// wherever it is given.
pub(super) fn check(
    headers: &HeaderMap,
    channel: &Channel,
    own: &Origins,
    now: Timestamp,
) -> Result<(), Refusal> {
    let credentials = read_credentials(headers);
    let (token, key) = match (credentials, &channel.sender) {
        (Some(credentials), _) => credentials,
        (None, Some(_)) => return Err(Refusal::Vapid("Missing VAPID public key")),
        (None, None) => return Ok(()),
    };
    let key = read_key(key).ok_or(Refusal::Vapid("Invalid VAPID public key"))?;
    if channel.sender.as_ref().is_some_and(|wanted| *wanted != key) {
        return Err(Refusal::Vapid("VAPID public key mismatch"));
    }
    check_token(token, &key, own, now)
}

/// The token and the key: `vapid t=…, k=…` (RFC 8292 §3), or `WebPush …` with the key as
/// `p256ecdsa` of `Crypto-Key` (draft-ietf-webpush-vapid-01), which the first senders call `Bearer`.
fn read_credentials(headers: &HeaderMap) -> Option<(&str, &str)> {
    let value = header_text(headers, header::AUTHORIZATION.as_str())?;
    if value.len() > MAX_HEADER {
        return None;
    }
    let (scheme, rest) = value.split_once(' ')?;
    let is = |name: &str| scheme.eq_ignore_ascii_case(name);
    if is("vapid") {
        return Some((field(rest, "t"), field(rest, "k")));
    }
    if !is("webpush") && !is("bearer") {
        return None;
    }
    let crypto_key = header_text(headers, "crypto-key").unwrap_or_default();
    Some((rest.trim(), field(crypto_key, "p256ecdsa")))
}

/// A parameter, whatever stands between it and the others; empty where there is none.
fn field<'a>(parameters: &'a str, name: &str) -> &'a str {
    parameters
        .split([',', ';'])
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, _)| *key == name)
        .map_or("", |(_, value)| value.trim_matches('"'))
}

#[derive(Deserialize)]
struct Head {
    alg: String,
}

#[derive(Deserialize)]
struct Claims {
    aud: String,
    exp: i64,
}

fn check_token(token: &str, key: &[u8], own: &Origins, now: Timestamp) -> Result<(), Refusal> {
    let malformed = || Refusal::Vapid("Invalid VAPID token");
    let token = Jwt::read(token).ok_or_else(malformed)?;
    let head: Head = token.head().ok_or_else(malformed)?;
    if head.alg != "ES256" {
        return Err(malformed());
    }
    let signature = Signature::from_slice(&token.signature).map_err(|_| malformed())?;
    let key = VerifyingKey::from_sec1_bytes(key).map_err(|_| malformed())?;
    if key.verify(token.signed.as_bytes(), &signature).is_err() {
        return Err(Refusal::Vapid("VAPID signature does not match the key"));
    }
    let claims: Claims = token.claims().ok_or_else(malformed)?;
    let now = now.as_second();
    if claims.exp <= now.saturating_sub(LEEWAY) {
        return Err(Refusal::Vapid("VAPID token expired"));
    }
    if claims.exp > now.saturating_add(LONGEST + LEEWAY) {
        return Err(Refusal::Vapid(
            "VAPID token expires more than 24 hours from now",
        ));
    }
    let audience = Url::parse(&claims.aud).map_err(|_| malformed())?;
    if !own.is_own(&audience) {
        return Err(Refusal::Vapid("VAPID audience is not this push service"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::emulator::origins::tests::origins;
    use crate::model::Platform;
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use p256::ecdsa::SigningKey;
    use p256::ecdsa::signature::Signer as _;
    use p256::elliptic_curve::Generate as _;
    use serde_json::json;
    use uuid::Uuid;

    const NOW: i64 = 1_800_000_000;

    fn public(key: &SigningKey) -> Vec<u8> {
        key.verifying_key().to_sec1_point(false).as_bytes().to_vec()
    }

    fn header_for(key: &SigningKey, aud: &str, exp: i64) -> HeaderMap {
        let head = URL_SAFE_NO_PAD.encode(r#"{"typ":"JWT","alg":"ES256"}"#);
        let claims = URL_SAFE_NO_PAD.encode(json!({"aud": aud, "exp": exp}).to_string());
        let signature: Signature = key.sign(format!("{head}.{claims}").as_bytes());
        let signature = URL_SAFE_NO_PAD.encode(signature.to_bytes());
        let point = URL_SAFE_NO_PAD.encode(public(key));
        let value = format!("vapid t={head}.{claims}.{signature}, k={point}");
        HeaderMap::from_iter([(header::AUTHORIZATION, value.parse().unwrap())])
    }

    fn checked(headers: &HeaderMap, sender: Option<Vec<u8>>) -> Result<(), Refusal> {
        let channel = Channel {
            id: 1,
            agent: 1,
            uaid: Uuid::nil(),
            channel_id: Uuid::nil(),
            platform: Platform::WebPush,
            sender,
            extended: false,
        };
        let own = origins(None, false);
        check(
            headers,
            &channel,
            &own,
            Timestamp::from_second(NOW).unwrap(),
        )
    }

    #[test]
    fn the_registered_key_alone_may_post() {
        let (own, other) = (SigningKey::generate(), SigningKey::generate());
        let good = header_for(&own, "http://127.0.0.1:8480", NOW + 3600);
        assert_eq!(checked(&good, Some(public(&own))), Ok(()));
        let secure = header_for(&own, "https://localhost:8443", NOW + 3600);
        assert_eq!(checked(&secure, Some(public(&own))), Ok(()));
        assert!(checked(&good, Some(public(&other))).is_err());
        assert!(checked(&HeaderMap::new(), Some(public(&own))).is_err());
        assert_eq!(checked(&HeaderMap::new(), None), Ok(()));
    }

    #[test]
    fn audience_expiry_and_signature_count() {
        let key = SigningKey::generate();
        for (aud, exp) in [
            ("http://127.0.0.1:8481", NOW + 3600),
            ("https://push.example:8443", NOW + 3600),
            ("https://updates.push.services.mozilla.com", NOW + 3600),
            ("junk", NOW + 3600),
            ("http://127.0.0.1:8480", NOW - 3600),
            ("http://127.0.0.1:8480", NOW + 2 * LONGEST),
        ] {
            let headers = header_for(&key, aud, exp);
            assert!(
                checked(&headers, Some(public(&key))).is_err(),
                "{aud} {exp}"
            );
        }
        for junk in ["vapid t=abc,k=def", "vapid ", "vapid t=a.b.c,k=", "Basic x"] {
            let headers = HeaderMap::from_iter([(header::AUTHORIZATION, junk.parse().unwrap())]);
            assert!(checked(&headers, Some(public(&key))).is_err(), "{junk}");
        }
    }

    #[test]
    fn the_draft_s_headers_are_as_good() {
        let (own, other) = (SigningKey::generate(), SigningKey::generate());
        let good = header_for(&own, "http://127.0.0.1:8480", NOW + 3600);
        let (token, key) = read_credentials(&good).unwrap();
        for scheme in ["WebPush", "webpush", "Bearer"] {
            let with = |crypto_key: String| {
                HeaderMap::from_iter([
                    (
                        header::AUTHORIZATION,
                        format!("{scheme} {token}").parse().unwrap(),
                    ),
                    (
                        header::HeaderName::from_static("crypto-key"),
                        crypto_key.parse().unwrap(),
                    ),
                ])
            };
            for crypto_key in [
                format!("p256ecdsa={key}"),
                format!("dh=BA;p256ecdsa={key}"),
                format!("keyid=\"a\"; dh=\"BA\", p256ecdsa=\"{key}\""),
            ] {
                let headers = with(crypto_key.clone());
                assert_eq!(
                    checked(&headers, Some(public(&own))),
                    Ok(()),
                    "{crypto_key}"
                );
                assert_eq!(checked(&headers, None), Ok(()));
                assert!(checked(&headers, Some(public(&other))).is_err());
            }
            let foreign = format!("p256ecdsa={}", URL_SAFE_NO_PAD.encode(public(&other)));
            for crypto_key in ["dh=BA".to_owned(), foreign] {
                let headers = with(crypto_key.clone());
                assert!(checked(&headers, None).is_err(), "{crypto_key}");
            }
        }
    }

    #[test]
    fn a_key_that_is_no_point_is_refused() {
        assert!(read_key("af1883%&!@#*(").is_none());
        assert!(read_key("").is_none());
        assert!(read_key(&URL_SAFE_NO_PAD.encode(public(&SigningKey::generate()))).is_some());
    }
}
