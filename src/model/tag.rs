//! Routing labels.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Invalid, UserName, check_chars};

/// The most characters of a tag.
const LONGEST: usize = 120;

/// What the hub's own tags begin with; an id in braces follows.
const INSTALLATION: &str = "$InstallationId:";
const USER_ID: &str = "$UserId:";

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

/// A routing label: 1 to 120 of `A-Z a-z 0-9 _@#.:-`, or one of the hub's own, which name an
/// installation or a user: `$InstallationId:{id}` and `$UserId:{id}`, whose id may have `=` as well.
/// Tags match case-insensitively.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Tag(String);

impl Tag {
    /// Parses a tag.
    ///
    /// # Errors
    /// [`Invalid`] when it is empty, over 120 characters, has a character tags do not have, or begins
    /// with `$` and is none of the hub's own.
    pub fn parse(value: impl Into<String>) -> Result<Self, Invalid> {
        let value = value.into();
        if value.starts_with('$') {
            check_own(&value)?;
        } else {
            check_chars(
                "tag",
                &value,
                LONGEST,
                "letters, digits and _@#.:-",
                is_plain,
            )?;
        }
        Ok(Self(value))
    }

    /// The tag that every installation has by itself: `$InstallationId:{id}`.
    ///
    /// # Errors
    /// [`Invalid`] when the id is empty, has a character that is none of `A-Z a-z 0-9 _@#.:=-`, or is
    /// too long for a tag.
    pub fn of_installation(id: &str) -> Result<Self, Invalid> {
        Self::parse(format!("{INSTALLATION}{{{id}}}"))
    }

    /// The tag that an installation with this user id has by itself: `$UserId:{id}`.
    ///
    /// # Errors
    /// As [`Self::of_installation`].
    pub fn of_user_id(id: &str) -> Result<Self, Invalid> {
        Self::parse(format!("{USER_ID}{{{id}}}"))
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

fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || "_@#.:-".contains(c)
}

/// Checks a tag that begins with `$`: the prefix in any case, and an id in braces.
fn check_own(value: &str) -> Result<(), Invalid> {
    if value.len() > LONGEST {
        return Err(Invalid::new(
            "tag",
            format!(
                "is {} bytes long, at most {LONGEST} are allowed",
                value.len()
            ),
        ));
    }
    let behind = |prefix: &str| {
        let start = value.get(..prefix.len())?;
        start
            .eq_ignore_ascii_case(prefix)
            .then(|| &value[prefix.len()..])
    };
    let id = behind(INSTALLATION)
        .or_else(|| behind(USER_ID))
        .and_then(|braced| braced.strip_prefix('{')?.strip_suffix('}'))
        .ok_or_else(|| {
            Invalid::new(
                "tag",
                "begins with $, but is neither $InstallationId:{…} nor $UserId:{…}",
            )
        })?;
    let allowed = |c| is_plain(c) || c == '=';
    let rule = "letters, digits and _@#.:=-";
    check_chars("id in a tag", id, LONGEST, rule, allowed)
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
            "$UserId:{x}",
            "$installationid:{y}",
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

    #[test]
    fn the_hubs_own_tags_name_an_installation_or_a_user() {
        for good in [
            "$InstallationId:{08c88ecf-32b5}",
            "$USERID:{a=b@c#d.e:f_g-H}",
            "$userid:{x}",
        ] {
            assert!(Tag::parse(good).unwrap().is_reserved(), "{good}");
        }
        for bad in [
            "$",
            "$news",
            "$UserId:x",
            "$UserId:{}",
            "$UserId:{x",
            "$UserId:x}",
            "$UserId:{x}y",
            "$UserId:{{x}}",
            "$UserId:{a b}",
            "$UserId:{é}",
            "$UserIdé:{x}",
            "$InstallationId{x}",
            "x$UserId:{x}",
            "{x}",
            "a=b",
        ] {
            assert!(Tag::parse(bad).is_err(), "{bad}");
        }
        let id = "i".repeat(120 - "$InstallationId:{}".len());
        assert_eq!(Tag::of_installation(&id).unwrap().as_str().len(), 120);
        assert!(Tag::of_installation(&format!("{id}i")).is_err());
        assert!(Tag::of_user_id("").is_err());
        assert_eq!(
            Tag::of_user_id("Alice").unwrap(),
            Tag::parse("$userid:{alice}").unwrap()
        );
    }
}
