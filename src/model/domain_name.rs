//! The name of a domain, such as the one that an app backend speaks for.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use url::Host;

use super::{DisplayText, Invalid};

/// The longest name, in bytes (RFC 1035 §2.3.4, without the last dot).
const MAX: usize = 253;

/// The longest part between two dots, in bytes.
const MAX_LABEL: usize = 63;

/// The longest text that is looked at, in bytes: what is not ASCII grows shorter or longer.
const MAX_TEXT: usize = 1024;

/// The name of a domain in lower case, without a last dot, as DNS has it (RFC 1123 §2.1): labels of
/// letters, digits and inner hyphens. One that is not ASCII is kept as IDNA writes it. The last
/// label has a letter, and is no number such as `0x7f`, so that no address is a name.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DomainName(String);

impl DomainName {
    /// Parses a name.
    ///
    /// # Errors
    /// [`Invalid`] when it is none.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let invalid = || {
            let shown = DisplayText::excerpt(text, 60);
            let problem = format!(
                "{shown:?} is not the name of a domain: write one such as push.example.com"
            );
            Invalid::new("domain", problem)
        };
        if text.len() > MAX_TEXT {
            return Err(invalid());
        }
        let name = if text.is_ascii() {
            text.to_ascii_lowercase()
        } else {
            match Host::parse(text) {
                Ok(Host::Domain(name)) => name,
                Ok(Host::Ipv4(_) | Host::Ipv6(_)) | Err(_) => return Err(invalid()),
            }
        };
        let name = name.strip_suffix('.').unwrap_or(&name);
        let last = name.rsplit('.').next().unwrap_or_default();
        if name.len() > MAX || is_number(last) || !name.split('.').all(is_label) {
            return Err(invalid());
        }
        Ok(Self(name.to_owned()))
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// True for what stands last in addresses: no letter, or digits as URLs may have them (WHATWG URL,
/// "ends in a number").
fn is_number(label: &str) -> bool {
    let hexadecimal = label.strip_prefix("0x");
    hexadecimal.is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_hexdigit()))
        || !label.bytes().any(|byte| byte.is_ascii_lowercase())
}

fn is_label(label: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=MAX_LABEL).contains(&label.len())
        && label.bytes().all(inner)
        && !label.starts_with('-')
        && !label.ends_with('-')
}

/// The one that the embedded app backend speaks for unless it is told otherwise: a name that leads
/// nowhere but to this machine (RFC 6761 §6.3).
impl Default for DomainName {
    fn default() -> Self {
        Self("backend.handset.localhost".to_owned())
    }
}

impl fmt::Display for DomainName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for DomainName {
    type Err = Invalid;
    fn from_str(text: &str) -> Result<Self, Invalid> {
        Self::parse(text)
    }
}

impl TryFrom<String> for DomainName {
    type Error = Invalid;
    fn try_from(text: String) -> Result<Self, Invalid> {
        Self::parse(&text)
    }
}

impl From<DomainName> for String {
    fn from(name: DomainName) -> Self {
        name.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_name_is_kept_as_dns_compares_it() {
        for (text, name) in [
            ("push.lync.com", "push.lync.com"),
            ("Push.Lync.COM.", "push.lync.com"),
            ("localhost", "localhost"),
            ("xn--bcher-kva.example", "xn--bcher-kva.example"),
            ("Bücher.example", "xn--bcher-kva.example"),
            ("3com.example", "3com.example"),
            ("0x7f.example", "0x7f.example"),
            ("example.0xyz", "example.0xyz"),
        ] {
            assert_eq!(DomainName::parse(text).unwrap().as_str(), name, "{text}");
        }
    }

    #[test]
    fn the_usual_name_is_one() {
        let usual = DomainName::default();
        assert_eq!(DomainName::parse(usual.as_str()).unwrap(), usual);
    }

    #[test]
    fn what_is_no_name_is_refused_and_shown_harmless() {
        let long_label = format!("{}.example", "a".repeat(64));
        let long_name = format!("{}example", "abc.".repeat(62));
        for text in [
            "",
            ".",
            "a..b",
            ".a",
            "-a.example",
            "a-.example",
            "a_b.example",
            "a b.example",
            "*.example",
            "a.example:443",
            "http://a.example",
            "a@b.example",
            "127.0.0.1",
            "::1",
            "[::1]",
            "example.1",
            "1-2",
            "example.1-2",
            "0x7f000001",
            "127.0.0.0x1",
            "127.0.0X",
            "a.example..",
            "a\u{202e}b.example",
            "\u{0}",
            &long_label,
            &long_name,
            &"é".repeat(4000),
        ] {
            let error = DomainName::parse(text).unwrap_err().to_string();
            assert!(error.len() < 300, "{error}");
            assert!(!error.contains('\u{202e}'), "{error}");
        }
    }

    proptest! {
        #[test]
        fn no_text_is_an_accident_and_a_name_stays_itself(text in ".{0,40}") {
            if let Ok(name) = DomainName::parse(&text) {
                prop_assert_eq!(DomainName::parse(name.as_str()).unwrap(), name);
            }
        }
    }
}
