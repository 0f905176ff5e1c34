//! The provider token: a JSON Web Token that the sender's server signs with its key.
//!
//! Any well-formed token of the last hour passes; under strict credentials it must be signed with
//! the generated key, and name its id and team.

use axum::http::{HeaderMap, header};
use jiff::Timestamp;
use p256::ecdsa::Signature;
use serde::Deserialize;

use crate::emulator::credentials::{ApnsKey, SenderCredentials};
use crate::emulator::push::header as header_text;
use crate::emulator::push::jwt::Jwt;
use crate::lifecycle::ClientCertificate;
use crate::wire::apns::TOKEN_SECONDS;

use super::answer::Refusal;

/// How far clocks may differ, in seconds.
const LEEWAY: i64 = 60;

/// The longest key id and team id; Apple's have 10 characters.
const MAX_NAME: usize = 64;

#[derive(Deserialize)]
struct Head {
    alg: String,
    kid: String,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    iat: f64,
}

/// Checks who sends: by the `authorization` header, whose token must be of the key in `only` where
/// there is one, or without the header by the certificate that the connection came with, of which
/// none is good where `only` is.
pub(super) fn check(
    headers: &HeaderMap,
    certificate: Option<ClientCertificate>,
    only: Option<&SenderCredentials>,
    now: Timestamp,
) -> Result<(), Refusal> {
    match certificate {
        Some(_) if headers.contains_key(header::AUTHORIZATION) => check_token(headers, only, now),
        Some(_) if only.is_some() => Err(Refusal::BadCertificate),
        Some(_) => Ok(()),
        None => check_token(headers, only, now),
    }
}

fn check_token(
    headers: &HeaderMap,
    only: Option<&SenderCredentials>,
    now: Timestamp,
) -> Result<(), Refusal> {
    let value = header_text(headers, header::AUTHORIZATION.as_str()).unwrap_or_default();
    let (scheme, token) = value.split_once(' ').unwrap_or_default();
    if !scheme.eq_ignore_ascii_case("bearer") || token.trim().is_empty() {
        return Err(Refusal::MissingProviderToken);
    }
    let invalid = Refusal::InvalidProviderToken;
    let token = Jwt::read(token.trim()).ok_or(invalid)?;
    let head: Head = token.head().ok_or(invalid)?;
    let claims: Claims = token.claims().ok_or(invalid)?;
    let named = |name: &str| (1..=MAX_NAME).contains(&name.len());
    if head.alg != "ES256" || !named(&head.kid) || !named(&claims.iss) {
        return Err(invalid);
    }
    // The Rust library a2 writes the signature in DER, all others as 64 raw bytes.
    let signature = Signature::from_slice(&token.signature)
        .or_else(|_| Signature::from_der(&token.signature))
        .map_err(|_| invalid)?;
    if let Some(key) = only.map(SenderCredentials::apns) {
        let named = head.kid == key.id() && claims.iss == ApnsKey::TEAM_ID;
        if !named || !key.signed(token.signed, &signature) {
            return Err(invalid);
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "seconds since 1970 fit")]
    let age = now.as_second() as f64 - claims.iat;
    if !age.is_finite() || age < -(LEEWAY as f64) {
        return Err(invalid);
    }
    if age > (TOKEN_SECONDS + LEEWAY) as f64 {
        return Err(Refusal::ExpiredProviderToken);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
    use p256::ecdsa::SigningKey;
    use p256::ecdsa::signature::Signer as _;
    use p256::elliptic_curve::Generate as _;
    use p256::pkcs8::DecodePrivateKey as _;
    use secrecy::ExposeSecret as _;
    use serde_json::{Value, json};

    const NOW: i64 = 1_800_000_000;

    fn checked(value: &str) -> Result<(), Refusal> {
        let headers = HeaderMap::from_iter([(header::AUTHORIZATION, value.parse().unwrap())]);
        check_token(&headers, None, Timestamp::from_second(NOW).unwrap())
    }

    fn checked_strictly(value: &str, only: &SenderCredentials) -> Result<(), Refusal> {
        let headers = HeaderMap::from_iter([(header::AUTHORIZATION, value.parse().unwrap())]);
        check_token(&headers, Some(only), Timestamp::from_second(NOW).unwrap())
    }

    fn signed(head: &Value, claims: &Value) -> String {
        signed_by(&SigningKey::generate(), head, claims)
    }

    fn signed_by(key: &SigningKey, head: &Value, claims: &Value) -> String {
        let text = [head, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
        let text = text.join(".");
        let signature: Signature = key.sign(text.as_bytes());
        format!(
            "bearer {text}.{}",
            URL_SAFE_NO_PAD.encode(signature.to_bytes())
        )
    }

    fn head() -> Value {
        json!({"alg": "ES256", "kid": "KEY4567890"})
    }

    #[test]
    fn a_token_of_the_last_hour_passes() {
        for iat in [json!(NOW), json!(NOW - 3600), json!(NOW + 30), json!(1.8e9)] {
            let value = signed(&head(), &json!({"iss": "TEAM567890", "iat": iat}));
            assert_eq!(checked(&value), Ok(()), "{iat}");
            assert_eq!(checked(&value.replacen("bearer", "Bearer", 1)), Ok(()));
        }
        let stale = signed(&head(), &json!({"iss": "TEAM567890", "iat": NOW - 3700}));
        assert_eq!(checked(&stale), Err(Refusal::ExpiredProviderToken));
    }

    #[test]
    fn what_the_library_a2_writes_passes() {
        let claims = json!({"iss": "TEAM567890", "iat": NOW}).to_string();
        let text = [head().to_string(), claims].map(|part| STANDARD.encode(part));
        let text = text.join(".");
        let signature: Signature = SigningKey::generate().sign(text.as_bytes());
        let signature = STANDARD.encode(signature.to_der().as_bytes());
        assert_eq!(checked(&format!("Bearer {text}.{signature}")), Ok(()));
    }

    #[test]
    fn under_strict_credentials_only_the_generated_key_passes() {
        let credentials = SenderCredentials::generate();
        let now = Timestamp::from_second(NOW).unwrap();
        let bearer = |credentials: &SenderCredentials| {
            let token = credentials.apns().provider_token(now);
            format!("bearer {}", token.expose_secret())
        };
        let good = bearer(&credentials);
        assert_eq!(checked_strictly(&good, &credentials), Ok(()));
        // As a2 writes it: padded standard base64, and the signature in DER.
        let (text, signature) = good["bearer ".len()..].rsplit_once('.').unwrap();
        let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
        let der = Signature::from_slice(&signature).unwrap().to_der();
        let der = format!("bearer {text}.{}", STANDARD.encode(der.as_bytes()));
        assert_eq!(checked_strictly(&der, &credentials), Ok(()));
        let pem = credentials.apns().to_pem().unwrap();
        let key = SigningKey::from_pkcs8_pem(pem.expose_secret()).unwrap();
        let own = json!({"alg": "ES256", "kid": credentials.apns().id()});
        let team = json!({"iss": ApnsKey::TEAM_ID, "iat": NOW});
        for (head, claims, right) in [
            (&own, &team, true),
            (&head(), &team, false),
            (&own, &json!({"iss": "TEAM567890", "iat": NOW}), false),
        ] {
            let value = signed_by(&key, head, claims);
            let taken = checked_strictly(&value, &credentials).is_ok();
            assert_eq!(taken, right, "{head} {claims}");
        }
        for foreign in [
            bearer(&SenderCredentials::generate()),
            signed(&own, &team),
            format!("{good}AA"),
        ] {
            assert_eq!(
                checked_strictly(&foreign, &credentials),
                Err(Refusal::InvalidProviderToken)
            );
        }
        assert_eq!(
            checked_strictly("", &credentials),
            Err(Refusal::MissingProviderToken)
        );
    }

    #[test]
    fn anything_else_is_named_as_missing_or_invalid() {
        for none in ["", "bearer", "bearer ", "Basic x"] {
            assert_eq!(
                checked(none),
                Err(Refusal::MissingProviderToken),
                "{none:?}"
            );
        }
        let claims = json!({"iss": "TEAM567890", "iat": NOW});
        for (head, claims) in [
            (json!({"alg": "RS256", "kid": "K"}), claims.clone()),
            (json!({"alg": "ES256"}), claims.clone()),
            (json!({"alg": "ES256", "kid": ""}), claims.clone()),
            (head(), json!({"iat": NOW})),
            (head(), json!({"iss": "T"})),
            (head(), json!({"iss": "T", "iat": "soon"})),
            (head(), json!({"iss": "T", "iat": NOW + 600})),
        ] {
            let value = signed(&head, &claims);
            assert_eq!(
                checked(&value),
                Err(Refusal::InvalidProviderToken),
                "{head} {claims}"
            );
        }
        let unsigned = signed(&head(), &claims);
        let unsigned = unsigned.rsplit_once('.').unwrap().0;
        for junk in [
            "bearer junk",
            &format!("{unsigned}."),
            &format!("{unsigned}.AAAA"),
        ] {
            assert_eq!(checked(junk), Err(Refusal::InvalidProviderToken), "{junk}");
        }
    }
}
