//! `aes128gcm`: one record behind a header of its own (RFC 8291 §4, RFC 8188).

use super::key_ring::KeyRing;
use super::{Agreement, CryptoError, DeviceKeys, GCM_TAG, RECORD_SIZE, SALT, fresh_salt};
use crate::model::SubscriptionKeys;

/// The header's length without the key: salt, record size, and the key's length (RFC 8188 §2.1).
const HEADER: usize = SALT + 4 + 1;

/// The padding delimiter of the last record (RFC 8188 §2).
const LAST_RECORD: u8 = 2;

/// How long the key in the header is: an uncompressed point of P-256.
const PUBLIC_KEY_LENGTH: u8 = 65;

impl DeviceKeys {
    /// Decrypts a body of one `aes128gcm` record (RFC 8291 §4).
    ///
    /// # Errors
    /// [`CryptoError`]; the body is then to be acknowledged as undecryptable and dropped.
    pub fn decrypt(&self, body: &[u8]) -> Result<Vec<u8>, CryptoError> {
        let (header, rest) = body
            .split_at_checked(HEADER)
            .ok_or(CryptoError::NotAes128Gcm)?;
        let (salt, sizes) = header.split_at(SALT);
        let &[a, b, c, d, key_length] = sizes else {
            return Err(CryptoError::NotAes128Gcm);
        };
        let record_size = u32::from_be_bytes([a, b, c, d]);
        let (key, record) = rest
            .split_at_checked(usize::from(key_length))
            .ok_or(CryptoError::NotAes128Gcm)?;
        let agreement = self.agree(key).ok_or(CryptoError::NotAes128Gcm)?;
        if record.len() <= GCM_TAG {
            return Err(CryptoError::NotAes128Gcm);
        }
        if u32::try_from(record.len()).map_or(true, |length| length > record_size) {
            return Err(CryptoError::NotOneRecord);
        }
        let mut plain = key_ring(&agreement, salt)?.open(record)?;
        while plain.last() == Some(&0) {
            plain.pop();
        }
        match plain.pop() {
            Some(LAST_RECORD) => Ok(plain),
            _ => Err(CryptoError::DoesNotDecrypt),
        }
    }
}

/// Encrypts `plain` for a subscription, as one `aes128gcm` record with a fresh key and salt.
///
/// # Errors
/// [`CryptoError::BadKeys`] when the subscription's keys are unusable.
pub fn encrypt(keys: &SubscriptionKeys, plain: &[u8]) -> Result<Vec<u8>, CryptoError> {
    let agreement = Agreement::with(keys)?;
    let salt = fresh_salt();
    let mut record = plain.to_vec();
    record.push(LAST_RECORD);
    let sealed = key_ring(&agreement, &salt)?.seal(&record)?;
    let mut body = salt.to_vec();
    body.extend_from_slice(
        &RECORD_SIZE
            .max(u32::try_from(sealed.len()).unwrap_or(u32::MAX))
            .to_be_bytes(),
    );
    body.push(PUBLIC_KEY_LENGTH);
    body.extend_from_slice(&agreement.sender);
    body.extend_from_slice(&sealed);
    Ok(body)
}

fn key_ring(agreement: &Agreement, salt: &[u8]) -> Result<KeyRing, CryptoError> {
    let mut info = b"WebPush: info\0".to_vec();
    info.extend_from_slice(&agreement.receiver);
    info.extend_from_slice(&agreement.sender);
    let material = agreement.keying_material(&info)?;
    KeyRing::derive(
        salt,
        material.as_slice(),
        b"Content-Encoding: aes128gcm\0",
        b"Content-Encoding: nonce\0",
    )
}
