//! Web Push: the keys of a subscription, the two encodings of a body, and the endpoint's error body.
//!
//! A body is encrypted for its device as `aes128gcm` (RFC 8291 over RFC 8188), or, by older senders,
//! as `aesgcm` (draft-ietf-webpush-encryption-04).

mod aes128gcm;
mod aesgcm;
mod key_ring;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use hkdf::Hkdf;
use p256::elliptic_curve::Generate as _;
use p256::{PublicKey, SecretKey};
use rand::RngExt as _;
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::model::{Invalid, SubscriptionKeys};

pub use aes128gcm::encrypt;
pub use aesgcm::{AesGcmHeaders, SealedAesGcm, encrypt_aesgcm};

/// The largest encrypted body the embedded service takes, in bytes (autopush: 5,630).
pub const MAX_BODY: usize = 5630;

/// The longest time to live, in seconds; a longer one is clamped (autopush: 30 days).
pub const MAX_TTL: u64 = 2_592_000;

/// The longest `Topic` (RFC 8030 §5.4).
pub const MAX_TOPIC: usize = 32;

/// The record size handset writes (RFC 8188 §2.1), which is also what `aesgcm` has where its header
/// names none.
const RECORD_SIZE: u32 = 4096;
const SALT: usize = 16;
const AUTH: usize = 16;
const PUBLIC_KEY: usize = 65;
const GCM_TAG: usize = 16;

/// Senders write base64url with and without padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A body could not be encrypted or decrypted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CryptoError {
    /// The body is shorter than its own header says, or its header is no `aes128gcm` header.
    #[error("the body is not aes128gcm (RFC 8188): have its sender encrypt it as RFC 8291 says")]
    NotAes128Gcm,
    /// The headers that `aesgcm` needs are missing or unusable; the text says which part.
    #[error(
        "the aesgcm body cannot be read, {0}: have its sender encrypt it as RFC 8291 says (aes128gcm)"
    )]
    BadAesGcmHeaders(&'static str),
    /// An `aesgcm` body that is shorter than its padding and its tag.
    #[error("the body is too short for aesgcm: it was cut on its way, or never encrypted")]
    TooShort,
    /// An `aesgcm` body whose last record is a full one.
    #[error("the body ends where another record must follow: it was cut on its way")]
    CutOff,
    /// The keys do not fit, or the body was changed on the way.
    #[error(
        "the body does not decrypt with this device's keys: give its sender the present subscription"
    )]
    DoesNotDecrypt,
    /// The subscription's keys are no P-256 point and 16-byte secret.
    #[error(
        "the subscription's keys are unusable: p256dh is a P-256 point, auth has 16 bytes, both base64url"
    )]
    BadKeys,
}

/// A device's private half of a Web Push subscription. Never shown in `Debug`.
pub struct DeviceKeys {
    secret: SecretKey,
    auth: Zeroizing<[u8; AUTH]>,
}

impl DeviceKeys {
    /// New random keys.
    #[must_use]
    pub fn generate() -> Self {
        Self {
            secret: SecretKey::generate(),
            auth: Zeroizing::new(rand::rng().random()),
        }
    }

    /// The 48 bytes to keep: the private scalar, then the authentication secret.
    #[must_use]
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let mut bytes = Zeroizing::new(self.secret.to_bytes().to_vec());
        bytes.extend_from_slice(self.auth.as_slice());
        bytes
    }

    /// Reads what [`Self::to_bytes`] wrote.
    ///
    /// # Errors
    /// [`Invalid`] when it is anything else.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Invalid> {
        let bad = || Invalid::new("web push keys", "are not 48 bytes of a key and a secret");
        let (scalar, auth) = bytes.split_at_checked(32).ok_or_else(bad)?;
        Ok(Self {
            secret: SecretKey::from_slice(scalar).map_err(|_| bad())?,
            auth: Zeroizing::new(auth.try_into().map_err(|_| bad())?),
        })
    }

    /// The public half, for the sender.
    #[must_use]
    pub fn public(&self) -> SubscriptionKeys {
        SubscriptionKeys {
            p256dh: URL_SAFE_NO_PAD.encode(self.secret.public_key().to_sec1_bytes()),
            auth: URL_SAFE_NO_PAD.encode(self.auth.as_slice()),
        }
    }

    /// What both sides of a message know: the shared point, and the device's public key.
    fn agree(&self, sender: &[u8]) -> Option<Agreement> {
        if sender.len() != PUBLIC_KEY {
            return None;
        }
        let sender_key = PublicKey::from_sec1_bytes(sender).ok()?;
        let shared = self.secret.diffie_hellman(&sender_key);
        Some(Agreement {
            shared: Zeroizing::new(shared.raw_secret_bytes().to_vec()),
            auth: Zeroizing::new(self.auth.to_vec()),
            receiver: self.secret.public_key().to_sec1_bytes().to_vec(),
            sender: sender.to_vec(),
        })
    }
}

impl std::fmt::Debug for DeviceKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DeviceKeys(…)")
    }
}

/// What a sender and a device have in common for one message, from which its key comes.
struct Agreement {
    shared: Zeroizing<Vec<u8>>,
    auth: Zeroizing<Vec<u8>>,
    receiver: Vec<u8>,
    sender: Vec<u8>,
}

impl Agreement {
    /// A sender's side, with a fresh key.
    fn with(keys: &SubscriptionKeys) -> Result<Self, CryptoError> {
        let receiver = decode(&keys.p256dh)?;
        let auth = decode(&keys.auth)?;
        let receiver_key =
            PublicKey::from_sec1_bytes(&receiver).map_err(|_| CryptoError::BadKeys)?;
        if auth.len() != AUTH || receiver.len() != PUBLIC_KEY {
            return Err(CryptoError::BadKeys);
        }
        let sender = SecretKey::generate();
        let shared = sender.diffie_hellman(&receiver_key);
        Ok(Self {
            shared: Zeroizing::new(shared.raw_secret_bytes().to_vec()),
            auth: Zeroizing::new(auth),
            receiver,
            sender: sender.public_key().to_sec1_bytes().to_vec(),
        })
    }

    /// The input keying material (RFC 8291 §3.3), under the name of the encoding.
    fn keying_material(&self, info: &[u8]) -> Result<Zeroizing<[u8; 32]>, CryptoError> {
        let mut material = Zeroizing::new([0_u8; 32]);
        let extracted = Hkdf::new(Some(self.auth.as_slice()), self.shared.as_slice());
        expand(&extracted, info, material.as_mut_slice())?;
        Ok(material)
    }
}

fn fresh_salt() -> [u8; SALT] {
    rand::rng().random()
}

fn expand(prk: &Hkdf<Sha256>, info: &[u8], into: &mut [u8]) -> Result<(), CryptoError> {
    prk.expand(info, into).map_err(|_| CryptoError::BadKeys)
}

fn decode(text: &str) -> Result<Vec<u8>, CryptoError> {
    BASE64.decode(text).map_err(|_| CryptoError::BadKeys)
}

/// The error body of an endpoint, as autopush writes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorBody {
    /// The HTTP status.
    pub code: u16,
    /// The service's own number; none for a bad message id.
    pub errno: Option<u16>,
    /// The status in words.
    pub error: String,
    /// What is wrong.
    pub message: String,
    /// Where the numbers are explained.
    pub more_info: String,
}

#[cfg(test)]
mod tests;
