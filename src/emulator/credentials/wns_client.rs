//! The client that gets access tokens for WNS: a package's security identifier and a secret.

use rand::RngExt as _;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use crate::emulator::random;

/// What a package's security identifier begins with.
const PREFIX: &str = "ms-app://S-1-15-2-";

/// How many numbers follow it.
const SUB_AUTHORITIES: usize = 7;

/// The longest id and secret.
const MAX_LENGTH: usize = 512;

/// The WNS client.
#[derive(Debug, Serialize, Deserialize)]
pub struct WnsClient {
    client_id: String,
    #[serde(serialize_with = "super::folder::exposed")]
    client_secret: SecretString,
}

impl WnsClient {
    pub(super) fn generate() -> Self {
        let numbers = rand::rng().random::<[u32; SUB_AUTHORITIES]>();
        let numbers = numbers.map(|number| number.to_string()).join("-");
        Self {
            client_id: format!("{PREFIX}{numbers}"),
            client_secret: random::token_256().into(),
        }
    }

    pub(super) fn from_json(text: &[u8]) -> Option<Self> {
        let client: Self = serde_json::from_slice(text).ok()?;
        let (id, secret) = (&client.client_id, client.client_secret.expose_secret());
        let fits = id.starts_with("ms-app://")
            && id.len() <= MAX_LENGTH
            && (1..=MAX_LENGTH).contains(&secret.len());
        fits.then_some(client)
    }

    pub(super) fn to_json(&self) -> Option<Zeroizing<Vec<u8>>> {
        serde_json::to_vec_pretty(self).ok().map(Zeroizing::new)
    }

    /// The package's security identifier: `ms-app://S-1-15-2-…`.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.client_id
    }

    /// The client's secret.
    #[must_use]
    pub fn secret(&self) -> &SecretString {
        &self.client_secret
    }

    /// True for this client's id and secret; how long it takes says nothing about either.
    pub(in crate::emulator) fn is(&self, id: &str, secret: &str) -> bool {
        let id = self.client_id.as_bytes().ct_eq(id.as_bytes());
        let own = self.client_secret.expose_secret();
        (id & own.as_bytes().ct_eq(secret.as_bytes())).into()
    }
}
