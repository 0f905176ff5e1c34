//! The query of a request.

use std::borrow::Cow;

use url::form_urlencoded;

use crate::model::Invalid;

/// The most registrations of one page, and how many there are where nobody says.
const MOST_OF_A_PAGE: usize = 100;

/// The most registrations that are left out before a page.
const MOST_LEFT_OUT: usize = 1000;

/// The version that is told to who names none.
const DEFAULT_VERSION: &str = "2020-06";

/// What stands in a query; what this hub does not know is ignored. Names are read in any case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Query {
    /// `api-version`.
    pub(super) version: String,
    /// `$top`.
    pub(super) top: usize,
    /// `$skip`, which Azure's own service is not documented to have, and azure-sb sends.
    pub(super) skip: usize,
    /// `$filter`.
    pub(super) filter: Option<String>,
    /// `continuationtoken`, as a page before this one gave it.
    pub(super) after: Option<u64>,
    /// `direct`.
    pub(super) direct: bool,
    /// `test`.
    pub(super) test: bool,
}

impl Default for Query {
    fn default() -> Self {
        Self {
            version: DEFAULT_VERSION.to_owned(),
            top: MOST_OF_A_PAGE,
            skip: 0,
            filter: None,
            after: None,
            direct: false,
            test: false,
        }
    }
}

impl Query {
    /// Reads a query.
    ///
    /// # Errors
    /// [`Invalid`] names the part that is malformed.
    pub(super) fn read(query: &str) -> Result<Self, Invalid> {
        let mut read = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            read.take(&name, value)?;
        }
        Ok(read)
    }

    /// True when it has a `$filter`: whether one may list depends on it.
    pub(super) fn has_filter(query: &str) -> bool {
        form_urlencoded::parse(query.as_bytes())
            .any(|(name, _)| name.eq_ignore_ascii_case("$filter"))
    }

    fn take(&mut self, name: &str, value: Cow<'_, str>) -> Result<(), Invalid> {
        match name.to_ascii_lowercase().as_str() {
            // It is told again in URLs, so it has to look like one.
            "api-version" if is_version(&value) => self.version = value.into_owned(),
            "$top" => {
                let top: usize = number("$top", &value)?;
                if top == 0 {
                    return Err(Invalid::new("$top", "must be 1 or more"));
                }
                self.top = top.min(MOST_OF_A_PAGE);
            }
            "$skip" => {
                self.skip = number("$skip", &value)?;
                if self.skip > MOST_LEFT_OUT {
                    let most =
                        format!("is at most {MOST_LEFT_OUT}: go on with the continuation token");
                    return Err(Invalid::new("$skip", most));
                }
            }
            "$filter" => self.filter = Some(value.into_owned()),
            "continuationtoken" => self.after = Some(number("continuationtoken", &value)?),
            "direct" => self.direct = flag("direct", &value)?,
            "test" => self.test = flag("test", &value)?,
            _ => {}
        }
        Ok(())
    }
}

fn is_version(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_digit() || byte == b'-';
    (1..=32).contains(&text.len()) && text.bytes().all(allowed)
}

fn number<T: std::str::FromStr>(what: &'static str, text: &str) -> Result<T, Invalid> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits
        .then(|| text.parse().ok())
        .flatten()
        .ok_or_else(|| Invalid::new(what, "is not a number that fits"))
}

/// Some SDKs write a flag bare, others `=true`.
fn flag(what: &'static str, text: &str) -> Result<bool, Invalid> {
    match text.to_ascii_lowercase().as_str() {
        "" | "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(Invalid::new(what, "is neither true nor false")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_come_bare_or_with_a_value_and_names_in_any_case() {
        for (query, direct, test) in [
            ("", false, false),
            ("api-version=2020-06&direct=true", true, false),
            ("direct&api-version=2017-04", true, false),
            ("TEST&Direct=", true, true),
            ("test=True&direct=false", false, true),
        ] {
            let read = Query::read(query).unwrap();
            assert_eq!((read.direct, read.test), (direct, test), "{query}");
        }
        let read =
            Query::read("%24Top=7&ContinuationToken=12&$filter=a+eq+%27b%27&$skip=3").unwrap();
        assert_eq!((read.top, read.after, read.skip), (7, Some(12), 3));
        assert_eq!(read.filter.as_deref(), Some("a eq 'b'"));
        assert_eq!(read.version, "2020-06");
        assert_eq!(Query::read("$top=1000").unwrap().top, 100);
        assert_eq!(
            Query::read("api-version=2013-10").unwrap().version,
            "2013-10"
        );
        assert_eq!(
            Query::read("api-version=%0d%0ax").unwrap().version,
            "2020-06"
        );
        assert!(Query::has_filter("x&%24FILTER=") && !Query::has_filter("filter=1"));
    }

    #[test]
    fn what_is_malformed_is_named() {
        for (query, named) in [
            ("$top=0", "$top"),
            ("$top=-1", "$top"),
            ("$top=+1", "$top"),
            ("$top=99999999999999999999999", "$top"),
            ("continuationtoken=abc", "continuationtoken"),
            ("$skip=1001", "$skip"),
            ("direct=maybe", "direct"),
            ("test=1", "test"),
        ] {
            assert_eq!(Query::read(query).unwrap_err().what, named, "{query}");
        }
    }
}
