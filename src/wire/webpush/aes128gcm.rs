//! `aes128gcm`: records behind a header of their own (RFC 8291 §4, RFC 8188).

use super::key_ring::KeyRing;
use super::{Agreement, CryptoError, DeviceKeys, GCM_TAG, RECORD_SIZE, SALT, fresh_salt};
use crate::model::SubscriptionKeys;

/// The header's length without the key: salt, record size, and the key's length (RFC 8188 §2.1).
const HEADER: usize = SALT + 4 + 1;

/// The padding delimiters of the last record, and of any other (RFC 8188 §2).
const LAST_RECORD: u8 = 2;
const OTHER_RECORD: u8 = 1;

/// The smallest record size: a delimiter, one byte, and the tag (RFC 8188 §2.1).
const SMALLEST_RECORD: usize = GCM_TAG + 2;

/// How long the key in the header is: an uncompressed point of P-256.
const PUBLIC_KEY_LENGTH: u8 = 65;

impl DeviceKeys {
    /// Decrypts an `aes128gcm` body. RFC 8291 §4 has one record; libraries send what is long in
    /// several, and browsers take them.
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
        let record_size = usize::try_from(u32::from_be_bytes([a, b, c, d]))
            .map_err(|_| CryptoError::NotAes128Gcm)?;
        let (key, records) = rest
            .split_at_checked(usize::from(key_length))
            .ok_or(CryptoError::NotAes128Gcm)?;
        let agreement = self.agree(key).ok_or(CryptoError::NotAes128Gcm)?;
        if records.len() <= GCM_TAG || record_size < SMALLEST_RECORD {
            return Err(CryptoError::NotAes128Gcm);
        }
        key_ring(&agreement, salt)?.open(records, record_size, without_padding)
    }
}

/// The content in front of the delimiter, which only zeros follow.
fn without_padding(record: &[u8], is_last: bool) -> Option<&[u8]> {
    let end = record.iter().rposition(|byte| *byte != 0)?;
    let (content, rest) = record.split_at_checked(end)?;
    let delimiter = if is_last { LAST_RECORD } else { OTHER_RECORD };
    (rest.first() == Some(&delimiter)).then_some(content)
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
