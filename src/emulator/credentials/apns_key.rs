//! The key that signs APNs provider tokens, as Apple hands it out: a `.p8` file, its id, and the
//! team's.

use std::fmt;

use jiff::Timestamp;
use p256::ecdsa::signature::Verifier as _;
use p256::ecdsa::{Signature, SigningKey};
use p256::elliptic_curve::Generate as _;
use p256::pkcs8::{DecodePrivateKey as _, EncodePrivateKey as _, LineEnding};
use secrecy::SecretString;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::{CredentialsError, signing};

/// The characters of a key id.
const ALPHABET: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";

/// The APNs signing key.
pub struct ApnsKey {
    key: SigningKey,
    id: String,
}

impl ApnsKey {
    /// The team's id: ten characters, as Apple's are.
    pub const TEAM_ID: &str = "HANDSETDEV";

    /// The topic that the embedded app's pushes have: its bundle id.
    pub const TOPIC: &str = "handset.app";

    pub(super) fn generate() -> Self {
        Self::of(SigningKey::generate())
    }

    pub(super) fn from_pem(pem: &str) -> Option<Self> {
        SigningKey::from_pkcs8_pem(pem).ok().map(Self::of)
    }

    fn of(key: SigningKey) -> Self {
        // It follows from the key, so that the file says it all.
        let digest = Sha256::digest(key.verifying_key().to_sec1_point(false).as_bytes());
        let letter = |byte: &u8| char::from(ALPHABET[usize::from(byte % 32)]);
        let id = digest.iter().take(10).map(letter).collect();
        Self { key, id }
    }

    /// The key's id: ten characters, as Apple's are.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The content of the `.p8` file: PKCS#8 in PEM.
    ///
    /// # Errors
    /// [`CredentialsError::Generate`], if the key cannot be encoded.
    pub fn to_pem(&self) -> Result<SecretString, CredentialsError> {
        let pem = self.key.to_pkcs8_pem(LineEnding::LF);
        let pem = pem.map_err(|error| CredentialsError::Generate {
            what: "APNs key",
            cause: error.to_string(),
        })?;
        Ok(pem.as_str().into())
    }

    /// A provider token that was made at `now`.
    pub(in crate::emulator) fn provider_token(&self, now: Timestamp) -> SecretString {
        let head = json!({ "alg": "ES256", "kid": self.id });
        let claims = json!({ "iss": Self::TEAM_ID, "iat": now.as_second() });
        signing::es256(&self.key, &head, &claims)
    }

    /// True when this key made `signature` of `text`.
    pub(in crate::emulator) fn signed(&self, text: &str, signature: &Signature) -> bool {
        let key = self.key.verifying_key();
        key.verify(text.as_bytes(), signature).is_ok()
    }
}

impl fmt::Debug for ApnsKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApnsKey")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}
