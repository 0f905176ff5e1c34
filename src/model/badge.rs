//! What stands on the app's icon.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::Invalid;

/// The badge on the app's icon.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Badge {
    /// None.
    #[default]
    Clear,
    /// A number from 1; above 99 it is shown as `99+`.
    Number(u32),
    /// One of the twelve pictures.
    Glyph(Glyph),
}

impl Badge {
    /// The largest number that is shown as it is.
    pub const LARGEST_SHOWN: u32 = 99;

    /// The badge of a number: zero clears it.
    #[must_use]
    pub fn of_number(number: u32) -> Self {
        if number == 0 {
            Self::Clear
        } else {
            Self::Number(number)
        }
    }

    /// What stands on the icon; none when nothing does.
    #[must_use]
    pub fn shown(self) -> Option<String> {
        match self {
            Self::Clear => None,
            Self::Number(number) if number > Self::LARGEST_SHOWN => Some("99+".to_owned()),
            Self::Number(number) => Some(number.to_string()),
            Self::Glyph(glyph) => Some(glyph.as_str().to_owned()),
        }
    }
}

/// Writes the value: the whole number, the glyph's name, or `none`.
impl fmt::Display for Badge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Clear => f.write_str("none"),
            Self::Number(number) => write!(f, "{number}"),
            Self::Glyph(glyph) => f.write_str(glyph.as_str()),
        }
    }
}

impl FromStr for Badge {
    type Err = Invalid;
    fn from_str(value: &str) -> Result<Self, Invalid> {
        if value == "none" {
            return Ok(Self::Clear);
        }
        if !value.is_empty() && value.chars().all(|c| c.is_ascii_digit()) {
            // A number beyond every counter is a large one all the same.
            return Ok(Self::of_number(value.parse().unwrap_or(u32::MAX)));
        }
        Glyph::ALL
            .iter()
            .copied()
            .find(|glyph| glyph.as_str().eq_ignore_ascii_case(value))
            .map(Self::Glyph)
            .ok_or_else(|| {
                let names: Vec<_> = Glyph::ALL.iter().map(|glyph| glyph.as_str()).collect();
                Invalid::new(
                    "badge",
                    format!(
                        "{value:.40?} is no number, not none, and none of {}",
                        names.join(", ")
                    ),
                )
            })
    }
}

impl TryFrom<String> for Badge {
    type Error = Invalid;
    fn try_from(value: String) -> Result<Self, Invalid> {
        value.parse()
    }
}

impl From<Badge> for String {
    fn from(badge: Badge) -> Self {
        badge.to_string()
    }
}

macro_rules! glyphs {
    ($($name:ident = $text:literal),+ $(,)?) => {
        /// A picture of the badge schema (`wns/badge`).
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[allow(missing_docs, reason = "the names say all there is")]
        pub enum Glyph { $($name),+ }

        impl Glyph {
            /// Every picture; `none` is no picture but [`Badge::Clear`].
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The name in the badge schema.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text),+ }
            }
        }
    };
}

glyphs! {
    Activity = "activity",
    Alarm = "alarm",
    Alert = "alert",
    Attention = "attention",
    Available = "available",
    Away = "away",
    Busy = "busy",
    Error = "error",
    NewMessage = "newMessage",
    Paused = "paused",
    Playing = "playing",
    Unavailable = "unavailable",
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_badge_is_read_written_and_shown() {
        for (value, written, shown) in [
            ("none", "none", None),
            ("0", "none", None),
            ("1", "1", Some("1")),
            ("99", "99", Some("99")),
            ("100", "100", Some("99+")),
            ("99999999999999", "4294967295", Some("99+")),
            ("NewMessage", "newMessage", Some("newMessage")),
        ] {
            let badge: Badge = value.parse().unwrap();
            assert_eq!(badge.to_string(), written);
            assert_eq!(badge.shown().as_deref(), shown);
        }
        for value in ["", "-1", "1.5", "smile"] {
            assert!(value.parse::<Badge>().is_err(), "{value}");
        }
        assert_eq!(Glyph::ALL.len(), 12);
    }
}
