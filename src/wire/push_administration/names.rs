//! Names of what is administered, each bounded.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::model::{DisplayText, Invalid};

/// The longest name of a site or a hosting provider, in bytes.
const MAX_NAME: usize = 64;

/// The longest comment, in characters.
const MAX_COMMENT: usize = 256;

/// Letters, digits, and `. , _ -` and blanks between them, as names of companies have.
fn check_name(what: &'static str, text: &str) -> Result<(), Invalid> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || " .,_-".contains(c);
    let trimmed = text.trim_matches(' ') == text;
    if text.is_empty() || text.len() > MAX_NAME || !text.chars().all(allowed) || !trimmed {
        let shown = DisplayText::excerpt(text, 60);
        let problem = format!(
            "{shown:?} cannot be taken: up to {MAX_NAME} letters, digits and .,_- are allowed, and blanks between them"
        );
        return Err(Invalid::new(what, problem));
    }
    Ok(())
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $what:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The name as it was written.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = Invalid;
            fn from_str(text: &str) -> Result<Self, Invalid> {
                check_name($what, text)?;
                Ok(Self(text.to_owned()))
            }
        }

        impl TryFrom<String> for $name {
            type Error = Invalid;
            fn try_from(text: String) -> Result<Self, Invalid> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                self.0.eq_ignore_ascii_case(&other.0)
            }
        }

        impl Eq for $name {}
    };
}

name!(
    /// The name of a site; two that differ in upper and lower case alone are one.
    SiteName, "site"
);

name!(
    /// The identity of a hosting provider; two that differ in upper and lower case alone are one.
    ProviderName, "hosting provider"
);

/// Whose a push configuration is: everybody's, or a site's alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum ConfigurationIdentity {
    /// `global`: of every site that has none of its own.
    Global,
    /// `site:NAME`.
    Site(SiteName),
}

impl ConfigurationIdentity {
    /// True when the identity fits a pattern in which `*` stands for any text and `?` for any
    /// character, in upper or lower case.
    #[must_use]
    pub fn matches(&self, pattern: &str) -> bool {
        let lower = |text: &str| text.to_ascii_lowercase().into_bytes();
        fits(&lower(pattern), &lower(&self.to_string()))
    }

    /// As a shell takes it: in quotes where there are blanks.
    #[must_use]
    pub fn in_shell(&self) -> String {
        let identity = self.to_string();
        match identity.contains(' ') {
            true => format!("'{identity}'"),
            false => identity,
        }
    }
}

/// Goes back to the last star alone, so that no pattern costs more than both lengths multiplied.
fn fits(pattern: &[u8], text: &[u8]) -> bool {
    let (mut at, mut from) = (0, 0);
    let mut star = None;
    while from < text.len() {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at, from));
                at += 1;
            }
            Some(b'?') => (at, from) = (at + 1, from + 1),
            Some(byte) if *byte == text[from] => (at, from) = (at + 1, from + 1),
            Some(_) | None => {
                let Some((starred, taken)) = star else {
                    return false;
                };
                star = Some((starred, taken + 1));
                (at, from) = (starred + 1, taken + 1);
            }
        }
    }
    pattern[at..].iter().all(|byte| *byte == b'*')
}

impl FromStr for ConfigurationIdentity {
    type Err = Invalid;
    fn from_str(text: &str) -> Result<Self, Invalid> {
        if text.eq_ignore_ascii_case("global") {
            return Ok(Self::Global);
        }
        let site = text
            .get(..5)
            .filter(|scope| scope.eq_ignore_ascii_case("site:"))
            .and_then(|scope| text.get(scope.len()..))
            .ok_or_else(|| {
                let shown = DisplayText::excerpt(text, 60);
                let problem = format!("{shown:?} is none: write global or site:NAME");
                Invalid::new("identity", problem)
            })?;
        if site.contains(['*', '?']) {
            let problem = "takes no wildcards: name one site, as in site:Redmond";
            return Err(Invalid::new("identity", problem));
        }
        site.parse().map(Self::Site)
    }
}

impl fmt::Display for ConfigurationIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Global => f.write_str("global"),
            Self::Site(site) => write!(f, "site:{site}"),
        }
    }
}

impl TryFrom<String> for ConfigurationIdentity {
    type Error = Invalid;
    fn try_from(text: String) -> Result<Self, Invalid> {
        text.parse()
    }
}

impl From<ConfigurationIdentity> for String {
    fn from(identity: ConfigurationIdentity) -> Self {
        identity.to_string()
    }
}

/// Global comes first, then the sites by their names.
impl Ord for ConfigurationIdentity {
    fn cmp(&self, other: &Self) -> Ordering {
        let key = |identity: &Self| match identity {
            Self::Global => (false, String::new()),
            Self::Site(site) => (true, site.as_str().to_ascii_lowercase()),
        };
        key(self).cmp(&key(other))
    }
}

impl PartialOrd for ConfigurationIdentity {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// What a person notes about a partner: one line, up to 256 characters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Comment(String);

impl Comment {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Comment {
    type Err = Invalid;
    fn from_str(text: &str) -> Result<Self, Invalid> {
        let harmless = text.len() <= 4 * MAX_COMMENT
            && DisplayText::excerpt(text, MAX_COMMENT) == text
            && !text.is_empty();
        if !harmless {
            let problem = format!(
                "is not usable: write one line of up to {MAX_COMMENT} characters, none of which steers a terminal"
            );
            return Err(Invalid::new("comment", problem));
        }
        Ok(Self(text.to_owned()))
    }
}

impl TryFrom<String> for Comment {
    type Error = Invalid;
    fn try_from(text: String) -> Result<Self, Invalid> {
        text.parse()
    }
}

impl From<Comment> for String {
    fn from(comment: Comment) -> Self {
        comment.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_identity_is_global_or_one_site() {
        for (text, shown) in [
            ("global", "global"),
            ("GLOBAL", "global"),
            ("site:Redmond", "site:Redmond"),
            ("Site:New York", "site:New York"),
        ] {
            let identity: ConfigurationIdentity = text.parse().unwrap();
            assert_eq!(identity.to_string(), shown);
        }
        for bad in [
            "", "Redmond", "site:", "site:*", "site: x", "tag:x", "sité:", "site:a/b", "*",
        ] {
            assert!(bad.parse::<ConfigurationIdentity>().is_err(), "{bad}");
        }
        let long = format!("site:{}", "x".repeat(65));
        assert!(long.parse::<ConfigurationIdentity>().is_err());
        let one: ConfigurationIdentity = "site:Paris".parse().unwrap();
        assert_eq!(one, "site:PARIS".parse().unwrap());
        assert!(one > ConfigurationIdentity::Global);
    }

    #[test]
    fn a_filter_has_wildcards() {
        let identity: ConfigurationIdentity = "site:Redmond".parse().unwrap();
        for pattern in ["site:*", "*", "SITE:red*", "site:?edmond", "*mon*", "**"] {
            assert!(identity.matches(pattern), "{pattern}");
        }
        for pattern in ["", "site:", "global", "site:*x", "?", "site:Redmond?"] {
            assert!(!identity.matches(pattern), "{pattern}");
        }
    }

    #[test]
    fn a_comment_is_one_harmless_line() {
        assert!(
            "Contact: Ken Myer (ken@example.com)"
                .parse::<Comment>()
                .is_ok()
        );
        for bad in [
            "",
            "a\nb",
            "a\u{1b}[31m",
            "a\u{202e}b",
            "x\u{0}",
            &"é".repeat(257),
        ] {
            assert!(bad.parse::<Comment>().is_err(), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn a_pattern_fits_as_its_definition_says(pattern in "[ab*?]{0,8}", text in "[ab]{0,8}") {
            fn slow(pattern: &[u8], text: &[u8]) -> bool {
                match (pattern.split_first(), text.split_first()) {
                    (None, None) => true,
                    (Some((b'*', rest)), _) => {
                        slow(rest, text) || text.split_first().is_some_and(|(_, t)| slow(pattern, t))
                    }
                    (Some((p, rest)), Some((t, more))) => {
                        (*p == b'?' || p == t) && slow(rest, more)
                    }
                    (None, Some(_)) | (Some(_), None) => false,
                }
            }
            let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
            prop_assert_eq!(fits(pattern, text), slow(pattern, text));
        }
    }
}
