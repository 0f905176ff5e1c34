//! The content key and the nonces of a message, and the records they seal.

use aes_gcm::Aes128Gcm;
use aes_gcm::aead::{Aead as _, KeyInit as _};
use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::Zeroizing;

use super::{CryptoError, expand};

/// The key of a message and the nonce of its first record.
pub(super) struct KeyRing {
    cipher: Aes128Gcm,
    nonce: [u8; 12],
}

impl KeyRing {
    /// Derives both under the names that an encoding gives them (RFC 8188 §2.2 and §2.3).
    pub(super) fn derive(
        salt: &[u8],
        material: &[u8],
        key_info: &[u8],
        nonce_info: &[u8],
    ) -> Result<Self, CryptoError> {
        let prk = Hkdf::<Sha256>::new(Some(salt), material);
        let mut key = Zeroizing::new([0_u8; 16]);
        let mut nonce = [0_u8; 12];
        expand(&prk, key_info, key.as_mut_slice())?;
        expand(&prk, nonce_info, &mut nonce)?;
        let cipher = Aes128Gcm::new_from_slice(key.as_slice()).map_err(|_| CryptoError::BadKeys)?;
        Ok(Self { cipher, nonce })
    }

    /// Opens a body of records of `size` bytes, tag included, of which the last may be shorter.
    /// `unpad` is told whether it is the last.
    pub(super) fn open(
        &self,
        body: &[u8],
        size: usize,
        unpad: impl Fn(&[u8], bool) -> Option<&[u8]>,
    ) -> Result<Vec<u8>, CryptoError> {
        let mut plain = Vec::with_capacity(body.len());
        let records = body.chunks(size);
        let last = records.len().saturating_sub(1);
        for (number, record) in records.enumerate() {
            let opened = self
                .cipher
                .decrypt(&self.nonce_of(number as u64).into(), record)
                .map(Zeroizing::new)
                .map_err(|_| CryptoError::DoesNotDecrypt)?;
            let content = unpad(&opened, number == last).ok_or(CryptoError::DoesNotDecrypt)?;
            plain.extend_from_slice(content);
        }
        Ok(plain)
    }

    /// Seals the first record.
    pub(super) fn seal(&self, record: &[u8]) -> Result<Vec<u8>, CryptoError> {
        self.cipher
            .encrypt(&self.nonce.into(), record)
            .map_err(|_| CryptoError::BadKeys)
    }

    /// The nonce of a record: the first one's, xor the record's number (RFC 8188 §2.3).
    fn nonce_of(&self, number: u64) -> [u8; 12] {
        let mut nonce = self.nonce;
        let low = nonce.iter_mut().rev().zip(number.to_le_bytes());
        low.for_each(|(byte, of_number)| *byte ^= of_number);
        nonce
    }
}
