//! The name of the embedded hub.

use std::fmt;
use std::str::FromStr;

use crate::model::Invalid;
use crate::wire::notification_hub::check_hub_name;

/// What the paths of the other embedded services begin with.
const TAKEN: [&str; 11] = [
    "3",
    "accesstoken.srf",
    "admin",
    "api",
    "iid",
    "m",
    "tables",
    "token",
    "v1",
    "w",
    "wpush",
];

/// The name of a notification hub, the first part of its paths: 1 to 260 letters, digits and `._-`
/// that begin and end with a letter or digit, and nothing that another embedded service's paths begin
/// with. Senders may write it in any case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HubName(String);

impl HubName {
    /// The name as it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// True when `name` means this hub.
    pub(in crate::emulator) fn is(&self, name: &str) -> bool {
        self.0.eq_ignore_ascii_case(name)
    }
}

impl Default for HubName {
    fn default() -> Self {
        Self("handset".to_owned())
    }
}

impl fmt::Display for HubName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for HubName {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        check_hub_name(text)?;
        if TAKEN.iter().any(|taken| taken.eq_ignore_ascii_case(text)) {
            let problem = "is what another embedded service's paths begin with: choose another";
            return Err(Invalid::new("hub name", problem));
        }
        Ok(Self(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stays_in_its_segment_and_leaves_the_others_theirs() {
        for good in ["handset", "My.Hub-1", "a", &"h".repeat(260)] {
            let name: HubName = good.parse().unwrap();
            assert_eq!(name.as_str(), good);
            assert!(name.is(&good.to_uppercase()));
        }
        for bad in [
            "",
            "a/b",
            "a b",
            "é",
            "-a",
            "a-",
            ".",
            "..",
            "a.",
            "a%2f",
            "API",
            "wpush",
            "3",
            &"h".repeat(261),
        ] {
            assert!(bad.parse::<HubName>().is_err(), "{bad}");
        }
        assert!(!HubName::default().is("handset2"));
    }
}
