//! `aesgcm`, the older encoding: records, whose salt and sender's key stand in the headers
//! (draft-ietf-webpush-encryption-04, draft-ietf-httpbis-encryption-encoding-03).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::key_ring::KeyRing;
use super::{
    Agreement, BASE64, CryptoError, DeviceKeys, GCM_TAG, PUBLIC_KEY, RECORD_SIZE, SALT, fresh_salt,
};
use crate::model::SubscriptionKeys;

/// The padding's length stands in the first two bytes of a record.
const PADDING_LENGTH: usize = 2;

/// The longest `Encryption` or `Crypto-Key` that is read, in bytes.
const MAX_HEADER: usize = 2048;

/// What the `Encryption` and `Crypto-Key` headers say of a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AesGcmHeaders {
    salt: [u8; SALT],
    record_size: u64,
    sender: [u8; PUBLIC_KEY],
}

impl AesGcmHeaders {
    /// Reads both headers, `salt=…;rs=…` and `dh=…`, with and without quotes, padding and spaces.
    /// Where there are several keys, the one with the `keyid` of the salt counts.
    ///
    /// # Errors
    /// [`CryptoError::BadAesGcmHeaders`], which says what is missing or unusable.
    pub fn read(encryption: &str, crypto_key: &str) -> Result<Self, CryptoError> {
        if encryption.len().max(crypto_key.len()) > MAX_HEADER {
            return Err(CryptoError::BadAesGcmHeaders("a header of it is too long"));
        }
        let (salt_set, salt) = sets(encryption)
            .find_map(|set| Some((set, value(set, "salt")?)))
            .ok_or(CryptoError::BadAesGcmHeaders(
                "its Encryption header has no salt",
            ))?;
        let sender = sender_key(crypto_key, value(salt_set, "keyid"))
            .ok_or(CryptoError::BadAesGcmHeaders("its Crypto-Key has no dh"))?;
        Ok(Self {
            salt: bytes(salt).ok_or(CryptoError::BadAesGcmHeaders("its salt is not 16 bytes"))?,
            record_size: record_size(salt_set)
                .ok_or(CryptoError::BadAesGcmHeaders("its rs is no record size"))?,
            sender: bytes(sender)
                .ok_or(CryptoError::BadAesGcmHeaders("its dh is no point of P-256"))?,
        })
    }
}

/// The parameter sets of a header.
fn sets(header: &str) -> impl Iterator<Item = &str> + Clone {
    header.split(',')
}

fn value<'a>(set: &'a str, name: &str) -> Option<&'a str> {
    set.split(';')
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, _)| key.trim_end().eq_ignore_ascii_case(name))
        .map(|(_, value)| value.trim().trim_matches('"'))
}

/// The sender's key under `keyid`; where there is none under it, the only one.
fn sender_key<'a>(crypto_key: &'a str, keyid: Option<&str>) -> Option<&'a str> {
    let mut keys =
        sets(crypto_key).filter_map(|set| Some((value(set, "keyid"), value(set, "dh")?)));
    if let Some((_, dh)) = keys.clone().find(|(id, _)| *id == keyid) {
        return Some(dh);
    }
    let (_, first) = keys.next()?;
    keys.next().is_none().then_some(first)
}

/// The record size, in bytes of plain text: 4096 where there is none, at least 3.
fn record_size(set: &str) -> Option<u64> {
    let Some(digits) = value(set, "rs") else {
        return Some(u64::from(RECORD_SIZE));
    };
    let smallest = PADDING_LENGTH as u64 + 1;
    digits.parse().ok().filter(|size| *size >= smallest)
}

fn bytes<const N: usize>(text: &str) -> Option<[u8; N]> {
    BASE64.decode(text).ok()?.try_into().ok()
}

impl DeviceKeys {
    /// Decrypts an `aesgcm` body. draft-ietf-webpush-encryption-04 §4 has one record; libraries send
    /// what is long in several, and browsers take them.
    ///
    /// # Errors
    /// [`CryptoError`]; the body is then to be acknowledged as undecryptable and dropped.
    pub fn decrypt_aesgcm(
        &self,
        headers: &AesGcmHeaders,
        body: &[u8],
    ) -> Result<Vec<u8>, CryptoError> {
        if body.len() < PADDING_LENGTH + GCM_TAG {
            return Err(CryptoError::TooShort);
        }
        let sealed_size = usize::try_from(headers.record_size)
            .unwrap_or(usize::MAX)
            .saturating_add(GCM_TAG);
        // The last record is shorter than a full one: where it is not, the rest was cut off.
        if body.len().is_multiple_of(sealed_size) {
            return Err(CryptoError::CutOff);
        }
        let agreement = self
            .agree(&headers.sender)
            .ok_or(CryptoError::BadAesGcmHeaders("its dh is no point of P-256"))?;
        key_ring(&agreement, &headers.salt)?.open(body, sealed_size, without_padding)
    }
}

fn without_padding(record: &[u8], _is_last: bool) -> Option<&[u8]> {
    let (length, rest) = record.split_first_chunk::<PADDING_LENGTH>()?;
    let (padding, plain) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
    padding.iter().all(|byte| *byte == 0).then_some(plain)
}

/// A body in `aesgcm`, with the headers it goes with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedAesGcm {
    /// The body.
    pub body: Vec<u8>,
    /// `Encryption`.
    pub encryption: String,
    /// `Crypto-Key`.
    pub crypto_key: String,
}

/// Encrypts `plain` for a subscription as older senders do, as one `aesgcm` record with a fresh key
/// and salt.
///
/// # Errors
/// [`CryptoError::BadKeys`] when the subscription's keys are unusable.
pub fn encrypt_aesgcm(keys: &SubscriptionKeys, plain: &[u8]) -> Result<SealedAesGcm, CryptoError> {
    let agreement = Agreement::with(keys)?;
    let salt = fresh_salt();
    let record = [&[0; PADDING_LENGTH], plain].concat();
    let record_size = (record.len() as u64 + 1).max(u64::from(RECORD_SIZE));
    Ok(SealedAesGcm {
        body: key_ring(&agreement, &salt)?.seal(&record)?,
        encryption: format!("salt={};rs={record_size}", URL_SAFE_NO_PAD.encode(salt)),
        crypto_key: format!("dh={}", URL_SAFE_NO_PAD.encode(&agreement.sender)),
    })
}

fn key_ring(agreement: &Agreement, salt: &[u8]) -> Result<KeyRing, CryptoError> {
    let material = agreement.keying_material(b"Content-Encoding: auth\0")?;
    KeyRing::derive(
        salt,
        material.as_slice(),
        &info(b"Content-Encoding: aesgcm\0", agreement),
        &info(b"Content-Encoding: nonce\0", agreement),
    )
}

/// A key's name with the context of the exchange: the curve and both public keys with their lengths.
fn info(name: &[u8], agreement: &Agreement) -> Vec<u8> {
    let mut info = [name, b"P-256\0"].concat();
    for key in [&agreement.receiver, &agreement.sender] {
        info.extend_from_slice(&(PUBLIC_KEY as u16).to_be_bytes());
        info.extend_from_slice(key);
    }
    info
}

#[cfg(test)]
mod tests;
