//! A Google service account, as firebase-admin and its like are constructed with.

use std::fmt;

use rand::RngExt as _;
use rsa::pkcs8::{DecodePrivateKey as _, EncodePrivateKey as _, LineEnding};
use rsa::traits::PublicKeyParts as _;
use rsa::{Pkcs1v15Sign, RsaPrivateKey, RsaPublicKey};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::CredentialsError;

/// The project that is generated; a file may name another.
pub(super) const PROJECT: &str = "handset-emulated";

/// Google's own token endpoint.
const TOKEN_URI: &str = "https://oauth2.googleapis.com/token";

/// The longest project id, domain and all.
const MAX_PROJECT: usize = 128;

/// The size of a generated key, in bits, and of the smallest and largest that are taken.
const BITS: usize = 2048;
const MOST_BITS: u32 = 4096;

/// The service account that may send through FCM.
pub struct ServiceAccount {
    file: File,
    key: RsaPublicKey,
}

/// The file, as Google hands it out. Fields that nobody here reads are kept.
#[derive(Serialize, Deserialize)]
struct File {
    r#type: String,
    project_id: String,
    private_key_id: String,
    #[serde(serialize_with = "super::folder::exposed")]
    private_key: SecretString,
    client_email: String,
    token_uri: String,
    #[serde(flatten)]
    more: Map<String, Value>,
}

impl ServiceAccount {
    /// A new one; it takes a while.
    pub(super) fn generate() -> Result<Self, CredentialsError> {
        let failed = |cause: String| CredentialsError::Generate {
            what: "RSA key",
            cause,
        };
        let key = RsaPrivateKey::new(&mut rand::rng(), BITS)
            .map_err(|error| failed(error.to_string()))?;
        let pem = key
            .to_pkcs8_pem(LineEnding::LF)
            .map_err(|error| failed(error.to_string()))?;
        let client_id: u64 = rand::rng().random();
        let more = [
            ("client_id", format!("1{client_id:020}")),
            (
                "auth_uri",
                "https://accounts.google.com/o/oauth2/auth".to_owned(),
            ),
            ("universe_domain", "googleapis.com".to_owned()),
        ];
        let file = File {
            r#type: "service_account".to_owned(),
            project_id: PROJECT.to_owned(),
            private_key_id: format!("{:040x}", rand::rng().random::<u128>()),
            private_key: pem.as_str().into(),
            client_email: format!("handset@{PROJECT}.iam.gserviceaccount.com"),
            token_uri: TOKEN_URI.to_owned(),
            more: more
                .map(|(name, value)| (name.to_owned(), value.into()))
                .into_iter()
                .collect(),
        };
        let key = key.to_public_key();
        Ok(Self { file, key })
    }

    /// Reads a file; the problem where it is none.
    pub(super) fn from_json(text: &[u8]) -> Result<Self, &'static str> {
        let file: File =
            serde_json::from_slice(text).map_err(|_| "is not a service account's JSON")?;
        if file.r#type != "service_account" {
            return Err("is not a service account's JSON");
        }
        if file.client_email.is_empty() || file.private_key_id.is_empty() {
            return Err("has no client_email or no private_key_id");
        }
        let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"-.:_".contains(&b);
        let project = file.project_id.as_bytes();
        if project.is_empty()
            || project.len() > MAX_PROJECT
            || !project.iter().copied().all(is_plain)
        {
            return Err("has no usable project_id");
        }
        let key = RsaPrivateKey::from_pkcs8_pem(file.private_key.expose_secret())
            .map_err(|_| "has no RSA key in PKCS#8 as its private_key")?;
        let key = key.to_public_key();
        if !(BITS as u32..=MOST_BITS).contains(&key.n().bits()) {
            return Err("has an RSA key of fewer than 2048 or more than 4096 bits");
        }
        Ok(Self { file, key })
    }

    pub(super) fn to_bytes(&self) -> Option<Zeroizing<Vec<u8>>> {
        serde_json::to_vec_pretty(&self.file)
            .ok()
            .map(Zeroizing::new)
    }

    /// Where its owner gets access tokens.
    #[must_use]
    pub fn token_uri(&self) -> &str {
        &self.file.token_uri
    }

    /// The same account with another token endpoint.
    #[must_use]
    pub fn with_token_uri(mut self, token_uri: &str) -> Self {
        token_uri.clone_into(&mut self.file.token_uri);
        self
    }

    /// The project's id.
    #[must_use]
    pub fn project(&self) -> &str {
        &self.file.project_id
    }

    /// Whom assertions are from.
    #[must_use]
    pub fn client_email(&self) -> &str {
        &self.file.client_email
    }

    /// The id of its key.
    #[must_use]
    pub fn key_id(&self) -> &str {
        &self.file.private_key_id
    }

    /// Its key: RSA in PKCS#8, in PEM.
    #[must_use]
    pub fn private_key(&self) -> &SecretString {
        &self.file.private_key
    }

    /// The content of its JSON file.
    #[must_use]
    pub fn to_json(&self) -> SecretString {
        let bytes = self.to_bytes().unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned().into()
    }

    /// True when its key made `signature` of `text` with RS256.
    pub(in crate::emulator) fn signed(&self, text: &str, signature: &[u8]) -> bool {
        let digest = Sha256::digest(text.as_bytes());
        let scheme = Pkcs1v15Sign::new::<Sha256>();
        self.key.verify(scheme, &digest, signature).is_ok()
    }
}

impl fmt::Debug for ServiceAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceAccount")
            .field("client_email", &self.file.client_email)
            .field("key_id", &self.file.private_key_id)
            .finish_non_exhaustive()
    }
}
