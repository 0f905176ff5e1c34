//! Routing labels.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Invalid, UserName, check_chars};

/// Prefixes of tags that name a user or an installation: only the backend may set them.
const RESERVED: [&str; 7] = [
    "username:",
    "facebook:",
    "google:",
    "twitter:",
    "microsoftaccount:",
    "$userid:",
    "$installationid:",
];

/// A routing label: 1 to 120 of `A-Z a-z 0-9 _@#.:-`, and a leading `$` for the hub's own.
/// Tags match case-insensitively.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Tag(String);

impl Tag {
    /// Parses a tag.
    ///
    /// # Errors
    /// [`Invalid`] when it is empty, over 120 characters, or has a character tags do not have.
    pub fn parse(value: impl Into<String>) -> Result<Self, Invalid> {
        let value = value.into();
        let rest = value.strip_prefix('$').unwrap_or(&value);
        check_chars("tag", rest, 120, "letters, digits and _@#.:-", |c| {
            c.is_ascii_alphanumeric() || "_@#.:-".contains(c)
        })?;
        Ok(Self(value))
    }

    /// The tag that the backend gives to every device of `user`.
    #[must_use]
    pub fn of_user(user: &UserName) -> Self {
        Self(format!("username:{user}"))
    }

    /// True when the tag names a user or an installation, in any case: a client may not set it.
    #[must_use]
    pub fn is_reserved(&self) -> bool {
        let lower = self.0.to_ascii_lowercase();
        RESERVED.iter().any(|prefix| lower.starts_with(prefix))
    }

    /// The tag as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl PartialEq for Tag {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for Tag {}

impl std::hash::Hash for Tag {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.to_ascii_lowercase().hash(state);
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::str::FromStr for Tag {
    type Err = Invalid;
    fn from_str(value: &str) -> Result<Self, Invalid> {
        Self::parse(value)
    }
}

impl TryFrom<String> for Tag {
    type Error = Invalid;
    fn try_from(value: String) -> Result<Self, Invalid> {
        Self::parse(value)
    }
}

impl From<Tag> for String {
    fn from(value: Tag) -> Self {
        value.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_tags_are_reserved_in_any_case() {
        for tag in [
            "username:bob",
            "UserName:bob",
            "Google:1",
            "$UserId:x",
            "$installationid:y",
        ] {
            assert!(Tag::parse(tag).unwrap().is_reserved(), "{tag}");
        }
        assert!(!Tag::parse("news").unwrap().is_reserved());
    }

    #[test]
    fn tags_match_in_any_case_and_carry_no_expression() {
        assert_eq!(Tag::parse("News").unwrap(), Tag::parse("nEWS").unwrap());
        for bad in ["a||b", "a && b", "(a)", "!a", "a,b"] {
            assert!(Tag::parse(bad).is_err(), "{bad}");
        }
        assert!(Tag::parse("t".repeat(121)).is_err());
    }
}
