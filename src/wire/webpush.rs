//! Web Push: message encryption (RFC 8291 over RFC 8188 `aes128gcm`) and the endpoint's error body.

use aes_gcm::Aes128Gcm;
use aes_gcm::aead::{Aead as _, KeyInit as _};
use base64::Engine as _;
use base64::engine::general_purpose::{URL_SAFE, URL_SAFE_NO_PAD};
use hkdf::Hkdf;
use p256::elliptic_curve::Generate as _;
use p256::{PublicKey, SecretKey};
use rand::RngExt as _;
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::model::{Invalid, SubscriptionKeys};

/// The largest encrypted body the embedded service takes, in bytes (autopush: 5,630).
pub const MAX_BODY: usize = 5630;

/// The longest time to live, in seconds; a longer one is clamped (autopush: 30 days).
pub const MAX_TTL: u64 = 2_592_000;

/// The longest `Topic` (RFC 8030 §5.4).
pub const MAX_TOPIC: usize = 32;

/// The record size handset writes, and the header's length without the key (RFC 8188 §2.1).
const RECORD_SIZE: u32 = 4096;
const SALT: usize = 16;
const HEADER: usize = SALT + 4 + 1;
const PUBLIC_KEY: usize = 65;
const GCM_TAG: usize = 16;

/// A body could not be encrypted or decrypted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CryptoError {
    /// The body is shorter than its own header says, or its header is no `aes128gcm` header.
    #[error("the body is not aes128gcm (RFC 8188)")]
    NotAes128Gcm,
    /// The keys do not fit, or the body was changed on the way.
    #[error("the body does not decrypt with this device's keys")]
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
    auth: Zeroizing<[u8; 16]>,
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

    /// Decrypts a body of one `aes128gcm` record (RFC 8291 §4).
    ///
    /// # Errors
    /// [`CryptoError`]; the body is then to be acknowledged as undecryptable and dropped.
    pub fn decrypt(&self, body: &[u8]) -> Result<Vec<u8>, CryptoError> {
        let (header, rest) = body
            .split_at_checked(HEADER)
            .ok_or(CryptoError::NotAes128Gcm)?;
        let (salt, sizes) = header.split_at(SALT);
        let key_length = usize::from(*sizes.last().ok_or(CryptoError::NotAes128Gcm)?);
        let (key, record) = rest
            .split_at_checked(key_length)
            .ok_or(CryptoError::NotAes128Gcm)?;
        let sender = PublicKey::from_sec1_bytes(key).map_err(|_| CryptoError::NotAes128Gcm)?;
        if key_length != PUBLIC_KEY || record.len() <= GCM_TAG {
            return Err(CryptoError::NotAes128Gcm);
        }
        let shared = self.secret.diffie_hellman(&sender);
        let receiver = self.secret.public_key().to_sec1_bytes();
        let ring = KeyRing::derive(
            shared.raw_secret_bytes(),
            self.auth.as_slice(),
            &receiver,
            key,
            salt,
        )?;
        let mut plain = ring
            .cipher
            .decrypt(&ring.nonce.into(), record)
            .map_err(|_| CryptoError::DoesNotDecrypt)?;
        // The padding ends with the last-record delimiter 2 and zeros after it (RFC 8188 §2).
        while plain.last() == Some(&0) {
            plain.pop();
        }
        match plain.pop() {
            Some(2) => Ok(plain),
            _ => Err(CryptoError::DoesNotDecrypt),
        }
    }
}

impl std::fmt::Debug for DeviceKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DeviceKeys(…)")
    }
}

/// Encrypts `plain` for a subscription, as one `aes128gcm` record with a fresh key and salt.
///
/// # Errors
/// [`CryptoError::BadKeys`] when the subscription's keys are unusable.
pub fn encrypt(keys: &SubscriptionKeys, plain: &[u8]) -> Result<Vec<u8>, CryptoError> {
    let receiver = decode(&keys.p256dh)?;
    let auth = decode(&keys.auth)?;
    let receiver_key = PublicKey::from_sec1_bytes(&receiver).map_err(|_| CryptoError::BadKeys)?;
    if auth.len() != 16 || receiver.len() != PUBLIC_KEY {
        return Err(CryptoError::BadKeys);
    }
    let sender = SecretKey::generate();
    let sender_public = sender.public_key().to_sec1_bytes();
    let salt: [u8; SALT] = rand::rng().random();
    let shared = sender.diffie_hellman(&receiver_key);
    let ring = KeyRing::derive(
        shared.raw_secret_bytes(),
        &auth,
        &receiver,
        &sender_public,
        &salt,
    )?;
    let mut record = plain.to_vec();
    record.push(2);
    let sealed = ring
        .cipher
        .encrypt(&ring.nonce.into(), record.as_slice())
        .map_err(|_| CryptoError::BadKeys)?;
    let mut body = salt.to_vec();
    body.extend_from_slice(
        &RECORD_SIZE
            .max(u32::try_from(sealed.len()).unwrap_or(u32::MAX))
            .to_be_bytes(),
    );
    body.push(65);
    body.extend_from_slice(&sender_public);
    body.extend_from_slice(&sealed);
    Ok(body)
}

/// The content key and nonce of a message (RFC 8291 §3.4).
struct KeyRing {
    cipher: Aes128Gcm,
    nonce: [u8; 12],
}

impl KeyRing {
    fn derive(
        shared: &[u8],
        auth: &[u8],
        receiver: &[u8],
        sender: &[u8],
        salt: &[u8],
    ) -> Result<Self, CryptoError> {
        let mut info = b"WebPush: info\0".to_vec();
        info.extend_from_slice(receiver);
        info.extend_from_slice(sender);
        let mut ikm = Zeroizing::new([0_u8; 32]);
        expand(&Hkdf::new(Some(auth), shared), &info, ikm.as_mut_slice())?;
        let prk = Hkdf::<Sha256>::new(Some(salt), ikm.as_slice());
        let mut key = Zeroizing::new([0_u8; 16]);
        let mut nonce = [0_u8; 12];
        expand(&prk, b"Content-Encoding: aes128gcm\0", key.as_mut_slice())?;
        expand(&prk, b"Content-Encoding: nonce\0", &mut nonce)?;
        let cipher = Aes128Gcm::new_from_slice(key.as_slice()).map_err(|_| CryptoError::BadKeys)?;
        Ok(Self { cipher, nonce })
    }
}

fn expand(prk: &Hkdf<Sha256>, info: &[u8], into: &mut [u8]) -> Result<(), CryptoError> {
    prk.expand(info, into).map_err(|_| CryptoError::BadKeys)
}

/// Senders hand keys on with and without padding.
fn decode(text: &str) -> Result<Vec<u8>, CryptoError> {
    URL_SAFE_NO_PAD
        .decode(text)
        .or_else(|_| URL_SAFE.decode(text))
        .map_err(|_| CryptoError::BadKeys)
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
mod tests {
    use super::*;

    /// RFC 8291, appendix A.
    const BODY: &str = "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN";
    const SECRET: &str = "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94";
    const AUTH: &str = "BTBZMqHH6r4Tts7J_aSIgg";

    fn rfc_keys() -> DeviceKeys {
        let mut bytes = URL_SAFE_NO_PAD.decode(SECRET).unwrap();
        bytes.extend(URL_SAFE_NO_PAD.decode(AUTH).unwrap());
        DeviceKeys::from_bytes(&bytes).unwrap()
    }

    #[test]
    fn the_example_of_rfc_8291_decrypts() {
        let plain = rfc_keys()
            .decrypt(&URL_SAFE_NO_PAD.decode(BODY).unwrap())
            .unwrap();
        assert_eq!(plain, b"When I grow up, I want to be a watermelon");
    }

    #[test]
    fn what_is_encrypted_for_a_device_decrypts_there_alone() {
        let device = DeviceKeys::generate();
        let body = encrypt(&device.public(), b"sec-1").unwrap();
        let again = DeviceKeys::from_bytes(&device.to_bytes()).unwrap();
        assert_eq!(again.decrypt(&body).unwrap(), b"sec-1");
        assert_eq!(
            DeviceKeys::generate().decrypt(&body),
            Err(CryptoError::DoesNotDecrypt)
        );
    }

    #[test]
    fn hostile_bodies_are_errors() {
        let device = DeviceKeys::generate();
        let body = encrypt(&device.public(), b"sec-1").unwrap();
        for cut in 0..body.len() {
            assert!(device.decrypt(&body[..cut]).is_err(), "cut at {cut}");
        }
        for place in 0..body.len() {
            let mut changed = body.clone();
            changed[place] ^= 1;
            let sizes = SALT..SALT + 4; // the record size of a single record decides nothing
            assert!(
                sizes.contains(&place) || device.decrypt(&changed).is_err(),
                "changed at {place}"
            );
        }
        assert!(DeviceKeys::from_bytes(&[0; 48]).is_err());
    }

    #[test]
    fn unusable_subscription_keys_are_refused() {
        let good = DeviceKeys::generate().public();
        for (p256dh, auth) in [
            ("", ""),
            ("AAAA", good.auth.as_str()),
            (good.p256dh.as_str(), "AAAA"),
            ("!", "!"),
        ] {
            let keys = SubscriptionKeys {
                p256dh: p256dh.to_owned(),
                auth: auth.to_owned(),
            };
            assert_eq!(encrypt(&keys, b"x"), Err(CryptoError::BadKeys));
        }
    }
}
