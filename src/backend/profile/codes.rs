//! What statuses mean.

use std::fmt;
use std::ops::RangeInclusive;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, SeqAccess, Visitor};

/// The most entries of one list.
const MOST: usize = 16;

/// What the statuses of one call mean. 429 and 5xx always mean to try again later, and a redirect is
/// never followed.
#[derive(Debug, Clone)]
pub(in crate::backend) struct Codes {
    success: Statuses,
    sign_in: Statuses,
    gone: Statuses,
}

/// What the phone takes a status for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::backend) enum Meaning {
    Success,
    SignInNeeded,
    Gone,
    Throttled,
    Failed,
    Rejected,
}

impl Codes {
    /// With what a profile or one of its calls says instead of `before`.
    pub(super) fn with(
        before: &Self,
        success: Option<Statuses>,
        sign_in: Option<Statuses>,
        gone: Option<Statuses>,
    ) -> Self {
        Self {
            success: success.unwrap_or_else(|| before.success.clone()),
            sign_in: sign_in.unwrap_or_else(|| before.sign_in.clone()),
            gone: gone.unwrap_or_else(|| before.gone.clone()),
        }
    }

    pub(in crate::backend) fn meaning(&self, status: u16) -> Meaning {
        match status {
            429 => Meaning::Throttled,
            500.. => Meaning::Failed,
            _ if self.success.contain(status) => Meaning::Success,
            _ if self.sign_in.contain(status) => Meaning::SignInNeeded,
            _ if self.gone.contain(status) => Meaning::Gone,
            _ => Meaning::Rejected,
        }
    }
}

impl Default for Codes {
    fn default() -> Self {
        Self {
            success: Statuses(vec![200..=299]),
            sign_in: Statuses(vec![401..=401, 403..=403]),
            gone: Statuses(vec![404..=404, 410..=410]),
        }
    }
}

/// A list of statuses and ranges of them: `[200, "202-204"]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::backend) struct Statuses(Vec<RangeInclusive<u16>>);

impl Statuses {
    fn contain(&self, status: u16) -> bool {
        self.0.iter().any(|range| range.contains(&status))
    }
}

impl<'de> Deserialize<'de> for Statuses {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct List;
        impl<'de> Visitor<'de> for List {
            type Value = Statuses;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of statuses such as [200, \"202-204\"]")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Statuses, A::Error> {
                let mut ranges = Vec::new();
                while let Some(Entry(range)) = list.next_element()? {
                    if ranges.len() == MOST {
                        return Err(A::Error::custom(format!("more than {MOST} statuses")));
                    }
                    ranges.push(range);
                }
                Ok(Statuses(ranges))
            }
        }
        deserializer.deserialize_seq(List)
    }
}

/// A status, or a range of them.
struct Entry(RangeInclusive<u16>);

impl<'de> Deserialize<'de> for Entry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct One;
        impl Visitor<'_> for One {
            type Value = Entry;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a status such as 200, or a range such as \"202-204\"")
            }
            fn visit_i64<E: serde::de::Error>(self, status: i64) -> Result<Entry, E> {
                let status = u16::try_from(status).unwrap_or(0);
                range(status, status).map_err(E::custom)
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Entry, E> {
                let ends = text.split_once('-');
                let ends = ends.and_then(|(from, to)| Some((from.parse().ok()?, to.parse().ok()?)));
                let (from, to) = ends
                    .ok_or_else(|| E::custom("a range of statuses is written like \"202-204\""))?;
                range(from, to).map_err(E::custom)
            }
        }
        deserializer.deserialize_any(One)
    }
}

fn range(from: u16, to: u16) -> Result<Entry, &'static str> {
    let kind = |status: u16| status / 100;
    if from > to || !matches!((kind(from), kind(to)), (2, 2) | (4, 4)) {
        return Err(
            "a status must be 200 to 299 or 400 to 499: redirects are never followed, and 5xx always means to try again later",
        );
    }
    Ok(Entry(from..=to))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct File {
        codes: Statuses,
    }

    fn read(list: &str) -> Result<Statuses, String> {
        let file: Result<File, _> = toml::from_str(&format!("codes = {list}"));
        file.map(|file| file.codes)
            .map_err(|error| error.message().to_owned())
    }

    #[test]
    fn lists_have_statuses_and_ranges() {
        assert_eq!(
            read("[200, \"202-204\", 409]").unwrap(),
            Statuses(vec![200..=200, 202..=204, 409..=409])
        );
        assert_eq!(read("[]").unwrap(), Statuses(Vec::new()));
        for bad in [
            "200",
            "\"200\"",
            "[302]",
            "[500]",
            "[-1]",
            "[70000]",
            "[\"2xx\"]",
            "[\"204-202\"]",
            "[\"299-400\"]",
            "[2.5]",
            "[[200]]",
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
        let many = format!("[{}]", "200,".repeat(17));
        assert!(read(&many).unwrap_err().contains("16"));
    }

    #[test]
    fn what_is_said_for_a_call_wins_and_429_and_5xx_stay_what_they_are() {
        let usual = Codes::default();
        for (status, meaning) in [
            (200, Meaning::Success),
            (299, Meaning::Success),
            (401, Meaning::SignInNeeded),
            (403, Meaning::SignInNeeded),
            (404, Meaning::Gone),
            (410, Meaning::Gone),
            (400, Meaning::Rejected),
            (199, Meaning::Rejected),
            (302, Meaning::Rejected),
            (429, Meaning::Throttled),
            (500, Meaning::Failed),
            (999, Meaning::Failed),
        ] {
            assert_eq!(usual.meaning(status), meaning, "{status}");
        }
        let own = Codes::with(
            &usual,
            Some(Statuses(vec![201..=201, 409..=409])),
            Some(Statuses(vec![400..=499])),
            None,
        );
        for (status, meaning) in [
            (200, Meaning::Rejected),
            (201, Meaning::Success),
            (409, Meaning::Success),
            (404, Meaning::SignInNeeded),
            (429, Meaning::Throttled),
        ] {
            assert_eq!(own.meaning(status), meaning, "{status}");
        }
    }
}
