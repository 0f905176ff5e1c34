//! Who is signed in where.

use std::fmt;

use serde::{Deserialize, Serialize};
use url::Url;

use super::{Invalid, UserName};

/// How a device proves who it is to the app backend.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AuthScheme {
    /// `Authorization: Basic base64(user:password)` (RFC 7617).
    #[default]
    Basic,
    /// `Authorization: Bearer token` (RFC 6750), from `POST /api/login` or an identity provider.
    Bearer,
}

impl AuthScheme {
    /// The scheme's name in an `Authorization` header.
    #[must_use]
    pub fn header_name(self) -> &'static str {
        match self {
            Self::Basic => "Basic",
            Self::Bearer => "Bearer",
        }
    }
}

/// The base URL of an app backend: http or https, a host, no credentials, query or fragment,
/// always with a trailing slash.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct BackendOrigin(Url);

impl BackendOrigin {
    /// Parses a base URL.
    ///
    /// # Errors
    /// [`Invalid`] when it is no URL, not http or https, or carries credentials, a query or a fragment.
    pub fn parse(value: &str) -> Result<Self, Invalid> {
        let bad = |problem: &str| Invalid::new("backend URL", problem.to_owned());
        if value.len() > 1024 {
            return Err(bad("is longer than 1024 bytes"));
        }
        let mut url = Url::parse(value).map_err(|e| {
            bad(&format!(
                "is not a URL ({e}): write it like http://127.0.0.1:8480"
            ))
        })?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(bad("must begin with http:// or https://"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(bad("must not carry a user name or password: use --user"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(bad("must not have a query or a fragment"));
        }
        if !url.path().ends_with('/') {
            let path = format!("{}/", url.path());
            url.set_path(&path);
        }
        Ok(Self(url))
    }

    /// The URL, with a trailing slash.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.0
    }

    /// True for `localhost` and loopback addresses: plain http is allowed there.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        match self.0.host() {
            Some(url::Host::Domain(name)) => {
                name.eq_ignore_ascii_case("localhost")
                    || name.to_ascii_lowercase().ends_with(".localhost")
            }
            Some(url::Host::Ipv4(address)) => address.is_loopback(),
            Some(url::Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        }
    }
}

impl fmt::Display for BackendOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

impl std::str::FromStr for BackendOrigin {
    type Err = Invalid;
    fn from_str(value: &str) -> Result<Self, Invalid> {
        Self::parse(value)
    }
}

impl TryFrom<String> for BackendOrigin {
    type Error = Invalid;
    fn try_from(value: String) -> Result<Self, Invalid> {
        Self::parse(&value)
    }
}

impl From<BackendOrigin> for String {
    fn from(value: BackendOrigin) -> Self {
        value.to_string()
    }
}

/// A user at a backend. Registrations and inbox entries belong to one; its text form is
/// `user@backend`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Account {
    /// The user.
    pub user: UserName,
    /// Where that user is known.
    pub backend: BackendOrigin,
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.user, self.backend)
    }
}

impl std::str::FromStr for Account {
    type Err = Invalid;
    fn from_str(value: &str) -> Result<Self, Invalid> {
        // A user's name may have an @ of its own, but no slash.
        let scheme = value.find("://").unwrap_or(0);
        let at = value.get(..scheme).and_then(|before| before.rfind('@'));
        let (user, backend) = at
            .and_then(|at| Some((value.get(..at)?, value.get(at + 1..)?)))
            .ok_or_else(|| Invalid::new("account", "is not of the form user@backend"))?;
        Ok(Self {
            user: UserName::parse(user)?,
            backend: BackendOrigin::parse(backend)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_read_as_it_is_written() {
        for text in ["alice@http://127.0.0.1:8480", "a@b:c@https://x.example/p@q"] {
            let account: Account = text.parse().unwrap();
            assert_eq!(account.to_string(), text);
        }
        let account: Account = "a@b:c@https://x.example/p@q".parse().unwrap();
        assert_eq!(account.user.as_str(), "a@b:c");
        for bad in [
            "",
            "alice",
            "alice@",
            "@http://x",
            "http://x",
            "a b@http://x",
        ] {
            assert!(bad.parse::<Account>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_backend_url_is_checked_and_normalised() {
        let origin = BackendOrigin::parse("http://127.0.0.1:8480").unwrap();
        assert_eq!(origin.to_string(), "http://127.0.0.1:8480");
        assert_eq!(
            origin.url().join("api/x").unwrap().as_str(),
            "http://127.0.0.1:8480/api/x"
        );
        assert!(origin.is_loopback());
        for bad in [
            "",
            "nope",
            "ftp://x",
            "http://u:p@x",
            "http://x?a=1",
            "http://x#f",
        ] {
            assert!(BackendOrigin::parse(bad).is_err(), "{bad}");
        }
        assert!(
            !BackendOrigin::parse("http://192.168.0.1")
                .unwrap()
                .is_loopback()
        );
        assert!(
            !BackendOrigin::parse("http://localhost.example.com")
                .unwrap()
                .is_loopback()
        );
    }
}
