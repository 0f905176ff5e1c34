//! Connection strings: `Endpoint=sb://…/;SharedAccessKeyName=…;SharedAccessKey=…`.

use url::Url;

use crate::model::Invalid;

use super::SasKey;

/// Where a hub's namespace is, and with which key one may ask there. `Debug` does not show the key.
#[derive(Debug, Clone)]
pub struct ConnectionString {
    /// The namespace's base: `https`, without a path.
    pub endpoint: Url,
    /// The key.
    pub key: SasKey,
    /// The hub, where the string names one (`EntityPath`).
    pub hub: Option<String>,
}

impl ConnectionString {
    /// Reads a connection string: parts in any order, names in any case; `sb`, `https` and, on
    /// loopback alone, `http` endpoints.
    ///
    /// # Errors
    /// [`Invalid`] names the part that is missing or wrong, and never shows the key.
    pub fn parse(_text: &str) -> Result<Self, Invalid> {
        unimplemented!()
    }

    /// The string as SDKs take it: `Endpoint=sb://host:port/;SharedAccessKeyName=…;SharedAccessKey=…`.
    #[must_use]
    pub fn to_text(&self) -> zeroize::Zeroizing<String> {
        unimplemented!()
    }
}
