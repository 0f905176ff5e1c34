//! JSON Web Tokens (RFC 7519) that are signed with ES256, as APNs and VAPID want them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey};
use secrecy::SecretString;
use serde_json::Value;

/// A token in compact form.
pub(super) fn es256(key: &SigningKey, head: &Value, claims: &Value) -> SecretString {
    let encoded = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
    let signed = format!("{}.{}", encoded(head), encoded(claims));
    let signature: Signature = key.sign(signed.as_bytes());
    let signature = URL_SAFE_NO_PAD.encode(signature.to_bytes());
    format!("{signed}.{signature}").into()
}
