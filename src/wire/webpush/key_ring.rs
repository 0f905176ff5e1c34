//! The content key and the nonce of a message, and the one record they seal.

use aes_gcm::Aes128Gcm;
use aes_gcm::aead::{Aead as _, KeyInit as _};
use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::Zeroizing;

use super::{CryptoError, expand};

/// The key and nonce of a message's first and only record.
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

    pub(super) fn open(&self, record: &[u8]) -> Result<Vec<u8>, CryptoError> {
        self.cipher
            .decrypt(&self.nonce.into(), record)
            .map_err(|_| CryptoError::DoesNotDecrypt)
    }

    pub(super) fn seal(&self, record: &[u8]) -> Result<Vec<u8>, CryptoError> {
        self.cipher
            .encrypt(&self.nonce.into(), record)
            .map_err(|_| CryptoError::BadKeys)
    }
}
