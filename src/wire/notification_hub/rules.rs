//! The rules that registrations and installations share: tags, headers, variables, names.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::model::{Invalid, Tag};

/// The most tags of a registration, an installation, or a template (Microsoft, "Routing and tag
/// expressions").
pub(in crate::wire) const MOST_TAGS: usize = 60;

/// The longest name of a template, in characters, as in the SDK for .NET.
const MAX_NAME: usize = 200;

/// The most headers of a template, and the longest name of one, in bytes.
const MOST_HEADERS: usize = 64;
const MAX_HEADER_NAME: usize = 128;

/// The longest tag, in bytes.
const MAX_TAG: usize = 120;

/// What begins the tag of an installation.
pub(super) const INSTALLATION: &str = "$InstallationId:";

/// What begins the tag of a user's installations.
pub(super) const USER: &str = "$UserId:";

/// Reads tags: at most [`MOST_TAGS`], each once, whatever its case, in the order of `items`.
pub(super) fn tags<'a>(
    what: &'static str,
    items: impl IntoIterator<Item = &'a str>,
) -> Result<Vec<Tag>, Invalid> {
    let mut tags: Vec<Tag> = Vec::new();
    for (index, item) in items.into_iter().enumerate() {
        if index == MOST_TAGS {
            return Err(Invalid::new(
                what,
                format!("has more than {MOST_TAGS} tags, the most that are allowed"),
            ));
        }
        let tag = Tag::parse(item.trim())?;
        if !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    // Each names whose the device is.
    match [INSTALLATION, USER]
        .iter()
        .find(|prefix| count(&tags, prefix) > 1)
    {
        Some(prefix) => Err(Invalid::new(
            what,
            format!("has two tags that begin with {prefix}, one is allowed"),
        )),
        None => Ok(tags),
    }
}

fn count(tags: &[Tag], prefix: &str) -> usize {
    let begins = |tag: &&Tag| {
        let start = tag.as_str().get(..prefix.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(prefix))
    };
    tags.iter().filter(begins).count()
}

/// Reads headers of a template: names are tokens (RFC 9110 §5.6.2), each once, whatever its case;
/// values have no control characters, and the white space around them is left out (§5.5).
pub(super) fn headers(
    what: &'static str,
    items: impl IntoIterator<Item = (String, String)>,
) -> Result<Vec<(String, String)>, Invalid> {
    let bad = |problem: &str| Err(Invalid::new(what, problem));
    let mut headers: Vec<(String, String)> = Vec::new();
    for (name, value) in items {
        let (name, value) = (name.trim(), value.trim());
        if headers.len() == MOST_HEADERS {
            return bad("has more headers than the 64 that are allowed");
        }
        if !is_token(name) {
            return bad("has a header whose name is empty, too long or no token");
        }
        if value.chars().any(char::is_control) {
            return bad("has a header with a control character in its value");
        }
        if headers
            .iter()
            .any(|(known, _)| known.eq_ignore_ascii_case(name))
        {
            return bad("has a header twice");
        }
        headers.push((name.to_owned(), value.to_owned()));
    }
    Ok(headers)
}

fn is_token(name: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    (1..=MAX_HEADER_NAME).contains(&name.len()) && name.bytes().all(allowed)
}

/// Reads variables: texts by their names. Numbers and truth values become texts, and what is null is
/// not there, as in .NET.
pub(super) fn variables(
    what: &'static str,
    items: Map<String, Value>,
) -> Result<BTreeMap<String, String>, Invalid> {
    let mut variables = BTreeMap::new();
    for (name, value) in items {
        if value.is_null() {
            continue;
        }
        let Some(text) = scalar(&value) else {
            return Err(Invalid::new(what, "has a push variable that is no text"));
        };
        variables.insert(name, text);
    }
    Ok(variables)
}

/// A text, or a number or truth value as text.
pub(super) fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Checks the name of a template or of a tile.
pub(super) fn check_name(what: &'static str, name: &str) -> Result<(), Invalid> {
    if name.trim().is_empty() || name.chars().any(char::is_control) {
        return Err(Invalid::new(
            what,
            "has a name that is empty or no plain text",
        ));
    }
    if name.chars().count() > MAX_NAME {
        return Err(Invalid::new(
            what,
            format!("has a name of more than {MAX_NAME} characters"),
        ));
    }
    Ok(())
}

/// Checks the id of an installation or of its user, which a tag names (`prefix{id}`): it has the
/// characters of such a tag, and room in it.
pub(super) fn check_id(what: &'static str, prefix: &str, id: &str) -> Result<(), Invalid> {
    let most = MAX_TAG - prefix.len() - "{}".len();
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"-_@#.:=".contains(&b);
    if id.is_empty() || id.len() > most || !id.bytes().all(allowed) {
        let problem = format!("is not 1 to {most} letters, digits and -_@#.:=");
        return Err(Invalid::new(what, problem));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(items: &[(&str, &str)]) -> Vec<(String, String)> {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        items.iter().map(owned).collect()
    }

    #[test]
    fn tags_are_counted_and_kept_once() {
        let read = |text: &str| tags("x", text.split(','));
        assert_eq!(read("b, a ,B\n,c").unwrap().len(), 3);
        assert_eq!(read("b,a").unwrap()[0].as_str(), "b");
        let numbered = |count: usize| {
            (0..count)
                .map(|n| format!("t{n}"))
                .collect::<Vec<_>>()
                .join(",")
        };
        assert_eq!(read(&numbered(60)).unwrap().len(), 60);
        assert!(read(&numbered(61)).unwrap_err().to_string().contains("60"));
        assert!(read(&"t".repeat(120)).is_ok());
        let long = "t".repeat(121);
        for bad in [long.as_str(), "a,,b", "a,", "a b", "(a)", "a||b"] {
            assert!(read(bad).is_err(), "{bad:.20}");
        }
    }

    #[test]
    fn headers_cannot_smuggle_another() {
        let read = |items: &[(&str, &str)]| headers("x", pairs(items));
        let good = read(&[(" X-WNS-Type ", "\twns/raw "), ("apns-topic", "")]).unwrap();
        assert_eq!(
            good,
            pairs(&[("X-WNS-Type", "wns/raw"), ("apns-topic", "")])
        );
        for bad in [
            &[("", "x")][..],
            &[("a b", "x")],
            &[("a:b", "x")],
            &[("a", "x\r\nb: y")],
            &[("a", "x"), ("A", "y")],
        ] {
            assert!(read(bad).is_err(), "{bad:?}");
        }
        let many = (0..65).map(|n| (format!("h{n}"), String::new()));
        assert!(headers("x", many).is_err());
    }

    #[test]
    fn variables_become_texts() {
        let read = |json: &str| variables("x", serde_json::from_str(json).unwrap());
        let some = read(r#"{"a":"1","b":2,"c":true,"d":null}"#).unwrap();
        let expected = [("a", "1"), ("b", "2"), ("c", "true")];
        assert_eq!(
            some,
            expected.map(|(n, v)| (n.to_owned(), v.to_owned())).into()
        );
        assert!(read(r#"{"a":{}}"#).is_err() && read(r#"{"a":[]}"#).is_err());
    }
}
