//! The key pair of a Web Push application server (RFC 8292), written as web-push and pywebpush take
//! it: raw, in base64url.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use p256::ecdsa::SigningKey;
use p256::elliptic_curve::Generate as _;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::json;
use zeroize::Zeroizing;

use super::signing;

/// How long a token of the hub is good for, in seconds; 24 hours is the most.
pub(in crate::emulator) const TOKEN_SECONDS: i64 = 12 * 3600;

/// Whom a push service may write to about these pushes; nobody reads it.
const SUBJECT: &str = "mailto:hub@handset.invalid";

/// The VAPID key pair.
pub struct VapidKey {
    key: SigningKey,
    public: [u8; 65],
}

/// The file, as `web-push generate-vapid-keys --json` prints it.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Pair {
    public_key: String,
    #[serde(serialize_with = "super::folder::exposed")]
    private_key: SecretString,
}

impl VapidKey {
    pub(super) fn generate() -> Self {
        Self::of(SigningKey::generate())
    }

    pub(super) fn from_json(text: &[u8]) -> Option<Self> {
        let pair: Pair = serde_json::from_slice(text).ok()?;
        let private = pair.private_key.expose_secret().trim_end_matches('=');
        let private = Zeroizing::new(URL_SAFE_NO_PAD.decode(private).ok()?);
        let own = Self::of(SigningKey::from_slice(&private).ok()?);
        (pair.public_key.trim_end_matches('=') == own.public_key()).then_some(own)
    }

    pub(super) fn to_json(&self) -> Option<Zeroizing<Vec<u8>>> {
        let pair = Pair {
            public_key: self.public_key(),
            private_key: self.private_key(),
        };
        serde_json::to_vec_pretty(&pair).ok().map(Zeroizing::new)
    }

    fn of(key: SigningKey) -> Self {
        let mut public = [0; 65];
        let point = key.verifying_key().to_sec1_point(false);
        // An uncompressed point has 65 bytes.
        for (to, from) in public.iter_mut().zip(point.as_bytes()) {
            *to = *from;
        }
        Self { key, public }
    }

    /// The public key, an uncompressed P-256 point of 65 bytes, in base64url.
    #[must_use]
    pub fn public_key(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.public)
    }

    /// The private key, 32 bytes, in base64url.
    #[must_use]
    pub fn private_key(&self) -> SecretString {
        let bytes = Zeroizing::new(<[u8; 32]>::from(self.key.to_bytes()));
        URL_SAFE_NO_PAD.encode(bytes.as_slice()).into()
    }

    /// The public key's 65 bytes.
    pub(in crate::emulator) fn public_bytes(&self) -> &[u8] {
        &self.public
    }

    /// An `Authorization` header for the push service whose origin is `audience`.
    pub(in crate::emulator) fn authorization(
        &self,
        audience: &str,
        now: Timestamp,
    ) -> SecretString {
        let head = json!({ "typ": "JWT", "alg": "ES256" });
        let expires = now.as_second().saturating_add(TOKEN_SECONDS);
        let claims = json!({ "aud": audience, "exp": expires, "sub": SUBJECT });
        let token = signing::es256(&self.key, &head, &claims);
        let (token, key) = (token.expose_secret(), self.public_key());
        format!("vapid t={token}, k={key}").into()
    }
}

impl fmt::Debug for VapidKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VapidKey")
            .field("public_key", &self.public_key())
            .finish_non_exhaustive()
    }
}
