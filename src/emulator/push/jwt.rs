//! JSON Web Tokens as senders make them: taken apart, not judged.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::de::DeserializeOwned;

/// The longest token that is read, in bytes.
const MAX_LENGTH: usize = 4096;

const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);

/// What the standard says (RFC 7515 §2), with or without padding.
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);

/// What the Rust library a2 writes.
const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);

/// A token in compact form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Jwt<'a> {
    /// What is signed: head and claims, as they were sent.
    pub(super) signed: &'a str,
    pub(super) signature: Vec<u8>,
    head: Vec<u8>,
    claims: Vec<u8>,
}

impl<'a> Jwt<'a> {
    /// Takes a token apart; none where it has not three parts of base64.
    pub(super) fn read(text: &'a str) -> Option<Self> {
        if text.len() > MAX_LENGTH {
            return None;
        }
        let (signed, signature) = text.rsplit_once('.')?;
        let (head, claims) = signed.split_once('.')?;
        Some(Self {
            signed,
            signature: decode(signature)?,
            head: decode(head)?,
            claims: decode(claims)?,
        })
    }

    /// The head, if it has these fields.
    pub(super) fn head<T: DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_slice(&self.head).ok()
    }

    /// The claims, if they have these fields.
    pub(super) fn claims<T: DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_slice(&self.claims).ok()
    }
}

/// Base64 of either alphabet, with or without padding.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    URL_SAFE
        .decode(text)
        .or_else(|_| STANDARD.decode(text))
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    #[test]
    fn a_token_is_taken_apart_in_either_alphabet() {
        for text in ["eyJhIjoiPz8ifQ.e30.-_8", "eyJhIjoiPz8ifQ==.e30=.+/8="] {
            let jwt = Jwt::read(text).unwrap();
            assert_eq!(jwt.head::<Value>().unwrap()["a"], "??");
            assert_eq!(jwt.signature, [0xfb, 0xff]);
        }
        let long = format!("e30.e30.{}", "A".repeat(MAX_LENGTH));
        for junk in [
            "",
            "a",
            "e30.e30",
            "e30.e30.e30.e30",
            "!.e30.e30",
            long.as_str(),
        ] {
            assert!(Jwt::read(junk).is_none(), "{junk:.20}");
        }
    }
}
