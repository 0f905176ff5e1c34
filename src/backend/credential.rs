//! What a request proves the user's identity with.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use reqwest::header::HeaderValue;
use secrecy::{ExposeSecret as _, SecretString};
use zeroize::Zeroizing;

use crate::model::{AuthScheme, Invalid, UserName};

/// The longest password, in bytes.
const MAX_PASSWORD: usize = 1024;

/// The longest token, in bytes: what fits into one header of common servers.
const MAX_TOKEN: usize = 8 * 1024;

/// What goes into the header for credentials: a scheme and its token. It is zeroised on drop and shows
/// nothing in `Debug`.
#[derive(Clone)]
pub struct Credential {
    scheme: AuthScheme,
    token: SecretString,
}

impl Credential {
    /// HTTP Basic (RFC 7617): the token is `base64(user:password)`.
    ///
    /// # Errors
    /// [`Invalid`] when the password is unusable ([`Credential::check_password`]), or the user name
    /// has a colon: a server would read what follows it as the password.
    pub fn basic(user: &UserName, password: &SecretString) -> Result<Self, Invalid> {
        Self::check_password(password)?;
        if user.as_str().contains(':') {
            return Err(Invalid::new(
                "user name",
                "contains ':', which Basic cannot carry: sign in with --auth bearer",
            ));
        }
        let mut pair = Zeroizing::new(String::with_capacity(
            user.as_str().len() + 1 + password.expose_secret().len(),
        ));
        pair.push_str(user.as_str());
        pair.push(':');
        pair.push_str(password.expose_secret());
        Ok(Self {
            scheme: AuthScheme::Basic,
            token: STANDARD.encode(pair.as_bytes()).into(),
        })
    }

    /// A bearer token (RFC 6750), from `POST /api/login` or an identity provider.
    ///
    /// # Errors
    /// [`Invalid`] when it is empty, over 8 KiB or not visible ASCII.
    pub fn bearer(token: SecretString) -> Result<Self, Invalid> {
        Self::of(AuthScheme::Bearer, token)
    }

    /// A credential whose token was made before, such as one from the vault.
    ///
    /// # Errors
    /// [`Invalid`] when the token is empty, over 8 KiB or not visible ASCII.
    pub fn of(scheme: AuthScheme, token: SecretString) -> Result<Self, Invalid> {
        let text = token.expose_secret();
        let bad = |problem: String| Err(Invalid::new("token", problem));
        if text.is_empty() {
            return bad("is empty".to_owned());
        }
        if text.len() > MAX_TOKEN {
            return bad(format!(
                "is {} bytes long, at most {MAX_TOKEN} are allowed",
                text.len()
            ));
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return bad("contains something else than visible ASCII".to_owned());
        }
        Ok(Self { scheme, token })
    }

    /// Checks that a password can be sent: 1 to 1,024 bytes, no control characters.
    ///
    /// # Errors
    /// [`Invalid`], which does not show it.
    pub fn check_password(password: &SecretString) -> Result<(), Invalid> {
        let text = password.expose_secret();
        let bad = |problem: String| Err(Invalid::new("password", problem));
        if text.is_empty() {
            return bad("is empty".to_owned());
        }
        if text.len() > MAX_PASSWORD {
            return bad(format!(
                "is {} bytes long, at most {MAX_PASSWORD} are allowed",
                text.len()
            ));
        }
        if text.chars().any(char::is_control) {
            return bad("contains a control character, such as NUL or a line break".to_owned());
        }
        Ok(())
    }

    /// The scheme.
    #[must_use]
    pub fn scheme(&self) -> AuthScheme {
        self.scheme
    }

    /// The token: for the vault alone.
    #[must_use]
    pub fn token(&self) -> &SecretString {
        &self.token
    }

    /// The header's value, marked sensitive; its buffer is zeroised on drop. `around` is what
    /// stands before and after a token; Basic is as RFC 7617 has it.
    pub(super) fn header(&self, around: &(String, String)) -> Result<HeaderValue, Invalid> {
        let token = self.token.expose_secret();
        let (before, after) = match self.scheme {
            AuthScheme::Basic => ("Basic ", ""),
            AuthScheme::Bearer => (around.0.as_str(), around.1.as_str()),
        };
        let mut value =
            Zeroizing::new(Vec::with_capacity(before.len() + token.len() + after.len()));
        for part in [before, token, after] {
            value.extend_from_slice(part.as_bytes());
        }
        let mut header = HeaderValue::from_maybe_shared(Bytes::from_owner(value))
            .map_err(|_| Invalid::new("token", "cannot be a header"))?;
        header.set_sensitive(true);
        Ok(header)
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credential({} …)", self.scheme.header_name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bearer() -> (String, String) {
        ("Bearer ".to_owned(), String::new())
    }

    fn user(name: &str) -> UserName {
        UserName::parse(name).unwrap()
    }

    #[test]
    fn basic_is_the_pair_in_base64_with_the_name_in_lower_case() {
        let credential = Credential::basic(&user("Alice"), &"s3 cr:ét".into()).unwrap();
        let header = credential.header(&bearer()).unwrap();
        assert!(header.is_sensitive());
        let token = header.to_str().unwrap().strip_prefix("Basic ").unwrap();
        let pair = STANDARD.decode(token).unwrap();
        assert_eq!(String::from_utf8(pair).unwrap(), "alice:s3 cr:ét");
    }

    #[test]
    fn a_token_stands_where_the_profile_has_it_and_basic_does_not_change() {
        let around = ("Token token=\"".to_owned(), "\"".to_owned());
        let token = Credential::bearer("t-1".into()).unwrap();
        let header = token.header(&around).unwrap();
        assert_eq!(header, "Token token=\"t-1\"");
        assert!(header.is_sensitive());
        let basic = Credential::basic(&user("a"), &"b".into()).unwrap();
        assert_eq!(basic.header(&around).unwrap(), "Basic YTpi");
    }

    #[test]
    fn nothing_of_a_token_is_shown() {
        let credential = Credential::bearer("very-secret".into()).unwrap();
        let shown = format!("{credential:?} {:?}", credential.header(&bearer()).unwrap());
        assert!(!shown.contains("very-secret"), "{shown}");
    }

    #[test]
    fn unusable_passwords_and_tokens_are_refused_without_showing_them() {
        for bad in [
            String::new(),
            "hunter2\0".into(),
            "hunter2\n".into(),
            "hunter2\u{9b}".into(),
            "hunter2".repeat(200),
        ] {
            let error = Credential::basic(&user("alice"), &bad.into()).unwrap_err();
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
        for bad in [
            String::new(),
            "a b".into(),
            "tok\r\nX-Injected: 1".into(),
            "tokén".into(),
            "t".repeat(MAX_TOKEN + 1),
        ] {
            let error = Credential::bearer(bad.into()).unwrap_err().to_string();
            assert!(
                !error.contains("tok\r") && !error.contains("tokén"),
                "{error}"
            );
        }
    }

    #[test]
    fn a_name_that_basic_would_cut_is_refused() {
        let error = Credential::basic(&user("a:b"), &"p".into()).unwrap_err();
        assert!(error.to_string().contains("--auth bearer"), "{error}");
    }
}
