//! What a call asks for: its method, and the path and query below the backend's URL.

use reqwest::Method;
use serde::Deserialize;
use url::Url;

use super::placeholder::{Placeholder, Values};
use super::template::{Piece, Template};
use crate::backend::address;
use crate::model::{BackendOrigin, Invalid};

/// The longest line, in bytes.
const MAX_LINE: usize = 1024;

/// The most segments of a path, and the most parameters of a query.
const MAX_PARTS: usize = 32;

/// Stands for the handle where a URL is shown.
const HIDDEN: &str = "HANDLE";

/// A method with a path and a query, both with placeholders: `PUT /devices/{id}?dry=no`.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "String")]
pub(in crate::backend) struct Target {
    pub(in crate::backend) method: Method,
    path: Vec<Template>,
    query: Vec<(String, Template)>,
}

/// A target with its values put in.
pub(in crate::backend) struct Place {
    pub(in crate::backend) url: Url,
    /// The method and the URL as an error names them: without the query and without a handle.
    pub(in crate::backend) shown: String,
}

impl Target {
    /// Reads a line such as `GET /messages/{id}`. It stays below the backend's URL, whatever is
    /// put in: no scheme, no host, no fragment, no `.` and no `..`.
    pub(super) fn parse(line: &str) -> Result<Self, Invalid> {
        if line.len() > MAX_LINE {
            return Err(bad(format!("is longer than {MAX_LINE} bytes")));
        }
        let (method, place) = line.split_once(' ').unwrap_or(("", line));
        let method = match method {
            "GET" => Method::GET,
            "POST" => Method::POST,
            "PUT" => Method::PUT,
            "PATCH" => Method::PATCH,
            "DELETE" => Method::DELETE,
            _ => {
                return Err(bad(
                    "must begin with GET, POST, PUT, PATCH or DELETE, then one space and a path such as /devices/{id}",
                ));
            }
        };
        let (path, query) = match place.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (place, None),
        };
        Ok(Self {
            method,
            path: segments(path)?,
            query: query.map(parameters).transpose()?.unwrap_or_default(),
        })
    }

    pub(super) fn placeholders(&self) -> impl Iterator<Item = Placeholder> {
        let query = self.query.iter().map(|(_, value)| value);
        self.path
            .iter()
            .chain(query)
            .flat_map(Template::placeholders)
    }

    /// The URL below `origin`. A parameter whose value is not there is left out.
    ///
    /// # Errors
    /// [`Invalid`] when the path lacks a value, or a value makes a segment `.` or `..`.
    pub(in crate::backend) fn fill(
        &self,
        origin: &BackendOrigin,
        values: &Values<'_>,
    ) -> Result<Place, Invalid> {
        let hiding = Values {
            handle: values.handle.map(|_| HIDDEN),
            ..*values
        };
        let mut url = address::below(origin, &self.path(values)?);
        let shown = address::shown(&self.method, &address::below(origin, &self.path(&hiding)?));
        for (name, value) in &self.query {
            if let Some(value) = value.fill(values) {
                url.query_pairs_mut().append_pair(name, &value);
            }
        }
        Ok(Place { url, shown })
    }

    fn path(&self, values: &Values<'_>) -> Result<Vec<String>, Invalid> {
        let last = self.path.len().saturating_sub(1);
        let segment = |(place, segment): (usize, &Template)| {
            let text = segment.fill(values).ok_or_else(|| {
                let missing = segment
                    .placeholders()
                    .find(|one| values.text(*one).is_none());
                let missing = missing.map_or("", Placeholder::name);
                bad(format!("needs {{{missing}}}, which is not known here"))
            })?;
            match text.as_str() {
                "." | ".." => Err(bad("would name another place with this value")),
                "" if place < last => Err(bad("would lose a part of its path with this value")),
                _ => Ok(text),
            }
        };
        self.path.iter().enumerate().map(segment).collect()
    }
}

impl TryFrom<String> for Target {
    type Error = Invalid;
    fn try_from(line: String) -> Result<Self, Invalid> {
        Self::parse(&line)
    }
}

fn bad(problem: impl Into<String>) -> Invalid {
    Invalid::new("request", problem)
}

fn segments(path: &str) -> Result<Vec<Template>, Invalid> {
    let inside = path.strip_prefix('/').filter(|rest| !rest.starts_with('/'));
    let inside = inside.ok_or_else(|| {
        bad("must have a path below the backend's URL, with one slash before it: no scheme and no host")
    })?;
    let segments: Vec<&str> = inside.split('/').collect();
    if segments.len() > MAX_PARTS {
        return Err(bad(format!("has more than {MAX_PARTS} parts in its path")));
    }
    let last = segments.len() - 1;
    let read = |(place, segment): (usize, &&str)| match *segment {
        "." | ".." => Err(bad(
            "has . or .. in its path, which would name another place",
        )),
        // A path may end with a slash.
        "" if place < last => Err(bad("has two slashes in a row in its path")),
        segment => template(segment, "._~!$&'()*+,;=:@-", "path"),
    };
    segments.iter().enumerate().map(read).collect()
}

fn parameters(query: &str) -> Result<Vec<(String, Template)>, Invalid> {
    let pairs: Vec<&str> = query.split('&').collect();
    if pairs.len() > MAX_PARTS {
        return Err(bad(format!("has more than {MAX_PARTS} parameters")));
    }
    let read = |pair: &&str| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let name = template(name, QUERY, "query")?;
        let [Piece::Literal(name)] = name.pieces() else {
            return Err(bad("has a parameter without a name of its own"));
        };
        Ok((name.clone(), template(value, QUERY, "query")?))
    };
    pairs.iter().map(read).collect()
}

/// What a query may have besides letters and digits: not `+`, which would stand for a space.
const QUERY: &str = "._~!$'()*,;:@/?[]-";

/// Reads a template whose own characters are all plain: a path is sent as it is written, and a query
/// in the encoding of forms, so that its reader finds in it what is written.
fn template(text: &str, more: &str, part: &str) -> Result<Template, Invalid> {
    let template = Template::parse(text).map_err(bad)?;
    for piece in template.pieces() {
        match piece {
            Piece::Literal(text) => {
                let allowed = |c: char| c.is_ascii_alphanumeric() || more.contains(c);
                if let Some(wrong) = text.chars().find(|c| !allowed(*c)) {
                    return Err(bad(format!(
                        "has {wrong:?} in its {part}, allowed are letters, digits and {more}"
                    )));
                }
            }
            Piece::Value(whole) if whole.is_whole() => {
                let name = whole.name();
                return Err(bad(format!(
                    "has {{{name}}} in its {part}, which is no text"
                )));
            }
            Piece::Value(_) => {}
        }
    }
    Ok(template)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn origin() -> BackendOrigin {
        BackendOrigin::parse("https://backend.example/base").unwrap()
    }

    fn place(line: &str, values: &Values<'_>) -> Place {
        Target::parse(line)
            .unwrap()
            .fill(&origin(), values)
            .unwrap()
    }

    #[test]
    fn values_stay_in_their_segment_and_in_their_parameter() {
        let values = Values {
            id: Some("a/../b?c#d"),
            user: Some("a&b=c"),
            ..Values::default()
        };
        let filled = place("PUT /u/{user}/d-{id}/?who={user}&f[x]=1&no={to}", &values);
        assert_eq!(
            filled.url.as_str(),
            "https://backend.example/base/u/a&b=c/d-a%2F..%2Fb%3Fc%23d/?who=a%26b%3Dc&f%5Bx%5D=1"
        );
        assert_eq!(
            filled.shown,
            "PUT https://backend.example/base/u/a&b=c/d-a%2F..%2Fb%3Fc%23d/"
        );
        assert_eq!(
            place("GET /", &values).url.as_str(),
            "https://backend.example/base/"
        );
    }

    #[test]
    fn a_handle_is_not_shown() {
        let values = Values {
            handle: Some("very-secret"),
            ..Values::default()
        };
        let filled = place("PUT /devices/{handle}?h={handle}", &values);
        assert!(filled.url.as_str().ends_with("/very-secret?h=very-secret"));
        assert_eq!(
            filled.shown,
            "PUT https://backend.example/base/devices/HANDLE"
        );
    }

    #[test]
    fn what_leaves_the_backend_is_refused() {
        for bad in [
            "",
            "/x",
            "GET",
            "GET ",
            "GET x",
            "get /x",
            "TRACE /x",
            "CONNECT /x",
            "GET //evil.example/x",
            "GET /a//b",
            "GET http://evil.example/x",
            "GET /../x",
            "GET /a/./b",
            "GET /a/..",
            "GET /%2e%2e/x",
            "GET /a\\b",
            "GET /\\evil.example",
            "GET /a#b",
            "GET /a b",
            "GET  /a",
            "GET /a\tb",
            "GET /a?b#c",
            "GET /a?b=c d",
            "GET /a?b=c%20d",
            "GET /a?b=c+d",
            "GET /a?{id}=1",
            "GET /a?=1",
            "GET /a?",
            "GET /{nope}",
            "GET /{tags}",
            "GET /a?t={push}",
            "GET /é",
        ] {
            assert!(Target::parse(bad).is_err(), "{bad:?} was taken");
        }
        assert!(Target::parse(&format!("GET /{}", "a".repeat(2000))).is_err());
        assert!(Target::parse(&format!("GET {}", "/a".repeat(40))).is_err());
    }

    #[test]
    fn a_value_that_is_a_direction_is_refused() {
        let target = Target::parse("GET /u/{user}/x").unwrap();
        for user in [Some(".."), Some("."), Some(""), None] {
            let values = Values {
                user,
                ..Values::default()
            };
            assert!(target.fill(&origin(), &values).is_err(), "{user:?}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_read_and_put_in_stays_below_the_backend(
            line in "(GET|PUT) /[a-z{}/.?&=id%\\\\#@:-]{0,24}",
            value in "[!-~]{1,24}",
        ) {
            let values = Values {
                id: Some(&value),
                user: Some(&value),
                handle: Some(&value),
                ..Values::default()
            };
            let Ok(target) = Target::parse(&line) else { return Ok(()) };
            if let Ok(place) = target.fill(&origin(), &values) {
                prop_assert_eq!(place.url.origin(), origin().url().origin());
                prop_assert!(place.url.path().starts_with("/base/"), "{}", place.url);
                prop_assert_eq!(place.url.fragment(), None);
                let slashes = place.url.path().matches('/').count();
                prop_assert_eq!(slashes, 1 + target.path.len(), "{}", place.url);
            }
        }
    }
}
