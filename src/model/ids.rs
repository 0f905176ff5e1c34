//! Names and ids that cross a wire, each bounded to the characters it may have.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{Invalid, check_chars};

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $what:literal, $max:literal, $rule:literal, $allowed:expr
     $(, refuse $refused:pat)?) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Parses a value from outside.
            ///
            /// # Errors
            /// [`Invalid`] when it is empty, too long, or has a character that is not allowed.
            pub fn parse(value: impl Into<String>) -> Result<Self, Invalid> {
                let value = value.into();
                check_chars($what, &value, $max, $rule, $allowed)?;
                $(if matches!(value.as_str(), $refused) {
                    return Err(Invalid::new($what, format!("must not be {value:?}")));
                })?
                Ok(Self(value))
            }

            /// The value as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = Invalid;
            fn from_str(value: &str) -> Result<Self, Invalid> {
                Self::parse(value)
            }
        }

        impl TryFrom<String> for $name {
            type Error = Invalid;
            fn try_from(value: String) -> Result<Self, Invalid> {
                Self::parse(value)
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> Self {
                value.0
            }
        }
    };
}

text_id!(
    /// The id of a secure payload in the app backend: all that a push carries.
    /// 1 to 128 characters of RFC 3986 *unreserved*, so that it can never leave its path segment;
    /// `.` and `..` are refused as well: URL parsers take them as directions, even percent-encoded.
    NotificationId, "notification id", 128, "letters, digits and ._~-",
    |c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '~' | '-'),
    refuse "." | ".."
);

text_id!(
    /// The push service's own id of a message (autopush: `version`; WNS: `X-WNS-Msg-ID`).
    /// Opaque, up to 1,024 visible ASCII characters. The same id is accepted once.
    MessageId, "message id", 1024, "visible ASCII", |c| c.is_ascii_graphic()
);

text_id!(
    /// The id of a registration at the app backend; opaque, up to 256 visible ASCII characters.
    /// `.` and `..` are refused: in a URL they would name another place.
    RegistrationId, "registration id", 256, "visible ASCII", |c| c.is_ascii_graphic(),
    refuse "." | ".."
);

text_id!(
    /// The name of a simulated device, also the name of its folder: 1 to 64 of `a-z A-Z 0-9 _ -`.
    DeviceName, "device name", 64, "letters, digits, _ and -",
    |c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-')
);

impl Default for DeviceName {
    fn default() -> Self {
        Self("phone".to_owned())
    }
}

/// The name of a user, in lower case, made of the characters a tag may have, so that no name
/// injects a tag expression or collides with another in other letters.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct UserName(String);

impl UserName {
    /// Parses a user name and lowers its letters.
    ///
    /// # Errors
    /// [`Invalid`] when it does not match `[a-z0-9_@#.:-]{1,100}` after lowering.
    pub fn parse(value: &str) -> Result<Self, Invalid> {
        let lower = value.to_ascii_lowercase();
        check_chars(
            "user name",
            &lower,
            100,
            "letters, digits and _@#.:-",
            |c| c.is_ascii_lowercase() || c.is_ascii_digit() || "_@#.:-".contains(c),
        )?;
        Ok(Self(lower))
    }

    /// The name in lower case.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for UserName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for UserName {
    type Err = Invalid;
    fn from_str(value: &str) -> Result<Self, Invalid> {
        Self::parse(value)
    }
}

impl TryFrom<String> for UserName {
    type Error = Invalid;
    fn try_from(value: String) -> Result<Self, Invalid> {
        Self::parse(&value)
    }
}

impl From<UserName> for String {
    fn from(value: UserName) -> Self {
        value.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notification_ids_stay_in_their_path_segment() {
        for bad in [
            "",
            ".",
            "..",
            "../../admin",
            "a/b",
            "a b",
            "a%2f",
            "é",
            "a\0",
            "a\n",
        ] {
            assert!(NotificationId::parse(bad).is_err(), "{bad:?} was accepted");
        }
        assert!(NotificationId::parse("x".repeat(128)).is_ok());
        assert!(NotificationId::parse("x".repeat(129)).is_err());
        assert!(NotificationId::parse("sec-1ada577c_4.7~1").is_ok());
    }

    #[test]
    fn a_registration_id_is_no_direction() {
        for bad in [".", "..", "", "a b"] {
            assert!(RegistrationId::parse(bad).is_err(), "{bad:?} was accepted");
        }
        assert!(RegistrationId::parse("../x").is_ok());
    }

    #[test]
    fn user_names_are_compared_in_lower_case() {
        assert_eq!(
            UserName::parse("Alice").unwrap(),
            UserName::parse("aLICE").unwrap()
        );
        for bad in ["", "a b", "a&&b", "(a)", "a!b", "ä"] {
            assert!(UserName::parse(bad).is_err(), "{bad:?} was accepted");
        }
        assert!(UserName::parse(&"u".repeat(101)).is_err());
    }

    #[test]
    fn device_names_are_safe_as_folder_names() {
        for bad in ["..", "a/b", "", "a.b", "c:\\x"] {
            assert!(DeviceName::parse(bad).is_err(), "{bad:?} was accepted");
        }
    }
}
