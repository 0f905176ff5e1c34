//! The headers of a call: the one with the credential, and constant ones.

use std::collections::BTreeMap;

use reqwest::header::{
    ACCEPT, AUTHORIZATION, CONTENT_TYPE, COOKIE, HeaderMap, HeaderName, HeaderValue,
};
use serde::Deserialize;

use super::placeholder::Placeholder;
use super::template::{Piece, Template};
use crate::model::{AuthScheme, Invalid};

/// The most constant headers, and the longest value in bytes.
const MOST: usize = 16;
const MAX_VALUE: usize = 512;

/// Headers that belong to the connection or to the body's framing: what handset says there is what
/// it does.
const OF_HTTP: [&str; 15] = [
    "host",
    "connection",
    "keep-alive",
    "content-length",
    "content-encoding",
    "accept-encoding",
    "transfer-encoding",
    "te",
    "trailer",
    "upgrade",
    "expect",
    "range",
    "proxy-connection",
    "proxy-authorization",
    "proxy-authenticate",
];

/// How a credential is sent.
#[derive(Debug, Clone)]
pub(in crate::backend) struct Auth {
    /// How a password is used where nobody says.
    pub(in crate::backend) scheme: AuthScheme,
    /// The header that a credential goes into, and no other.
    pub(in crate::backend) header: HeaderName,
    /// What stands before and after a token.
    pub(in crate::backend) around: (String, String),
}

impl Default for Auth {
    fn default() -> Self {
        Self {
            scheme: AuthScheme::Basic,
            header: AUTHORIZATION,
            around: ("Bearer ".to_owned(), String::new()),
        }
    }
}

/// The name of a header that a profile may use.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct PlainHeader(String);

impl PlainHeader {
    pub(super) fn name(&self) -> Result<HeaderName, Invalid> {
        HeaderName::from_bytes(self.0.as_bytes())
            .map_err(|_| Invalid::new("header", "is no name of a header"))
    }
}

impl TryFrom<String> for PlainHeader {
    type Error = Invalid;
    fn try_from(text: String) -> Result<Self, Invalid> {
        let bad = |problem: &str| {
            let text = text.chars().take(64).collect::<String>();
            Invalid::new("header", format!("{text:?} {problem}"))
        };
        let name = HeaderName::from_bytes(text.as_bytes())
            .ok()
            .filter(|_| text.len() <= 64)
            .ok_or_else(|| bad("is no name of a header, such as X-Api-Token"))?;
        if OF_HTTP.contains(&name.as_str()) {
            return Err(bad("belongs to HTTP itself: leave it to handset"));
        }
        Ok(Self(text))
    }
}

/// What an `Authorization` header says of a token: `Bearer {token}`.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct TokenText(pub(super) (String, String));

impl TryFrom<String> for TokenText {
    type Error = Invalid;
    fn try_from(text: String) -> Result<Self, Invalid> {
        let bad = |problem: &str| Err(Invalid::new("value", problem));
        if text.len() > MAX_VALUE || !is_visible(&text) {
            return bad("must be at most 512 characters of visible ASCII and spaces");
        }
        let template = Template::parse(&text).map_err(|problem| Invalid::new("value", problem))?;
        let literal = |piece: Option<&Piece>| match piece {
            Some(Piece::Literal(text)) => text.clone(),
            Some(Piece::Value(_)) | None => String::new(),
        };
        let token = |piece: &Piece| *piece == Piece::Value(Placeholder::Token);
        let place = template.pieces().iter().position(token);
        let only = template.placeholders().count() == 1;
        match place.filter(|_| only) {
            Some(place) => {
                let before = place
                    .checked_sub(1)
                    .and_then(|before| template.pieces().get(before));
                Ok(Self((
                    literal(before),
                    literal(template.pieces().get(place + 1)),
                )))
            }
            None => bad("must have {token} in it, once, and no other placeholder: Bearer {token}"),
        }
    }
}

fn is_visible(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

/// Reads constant headers: none that HTTP itself or the credential has, and none for secrets.
pub(super) fn constant(
    table: &BTreeMap<PlainHeader, String>,
    auth: &Auth,
) -> Result<HeaderMap, Invalid> {
    let bad = |name: &HeaderName, problem: &str| {
        Err(Invalid::new("header", format!("\"{name}\" {problem}")))
    };
    if table.len() > MOST {
        return Err(Invalid::new(
            "headers",
            format!("has more than {MOST} of them"),
        ));
    }
    let mut headers = HeaderMap::new();
    for (name, value) in table {
        let name = name.name()?;
        if [&AUTHORIZATION, &COOKIE, &auth.header].contains(&&name) {
            return bad(&name, "is for credentials: a profile has none, see [auth]");
        }
        let fits = is_visible(value) && value.len() <= MAX_VALUE;
        let Some(value) = HeaderValue::from_str(value).ok().filter(|_| fits) else {
            return bad(
                &name,
                "must have a value of at most 512 visible ASCII characters",
            );
        };
        if headers.insert(&name, value).is_some() {
            return bad(&name, "is there twice");
        }
    }
    Ok(headers)
}

impl Auth {
    /// Checks the header for the credential: not one that the client sets itself.
    pub(super) fn check(header: &HeaderName) -> Result<(), Invalid> {
        if [ACCEPT, CONTENT_TYPE].contains(header) {
            return Err(Invalid::new(
                "header",
                format!("\"{header}\" is about the body: a credential goes into another"),
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(name: &str) -> Result<PlainHeader, Invalid> {
        PlainHeader::try_from(name.to_owned())
    }

    #[test]
    fn headers_of_http_are_left_to_http() {
        for bad in [
            "Host",
            "content-length",
            "Connection",
            "keep-alive",
            "Proxy-Connection",
            "Transfer-Encoding",
            "TE",
            "Upgrade",
            "Accept-Encoding",
            "",
            "a b",
            "a:b",
            "a\r\nb",
        ] {
            assert!(header(bad).is_err(), "{bad:?}");
        }
        for good in ["X-Api-Token", "Authorization", "Accept", "Cookie"] {
            assert!(header(good).is_ok(), "{good:?}");
        }
        assert!(Auth::check(&CONTENT_TYPE).is_err());
    }

    #[test]
    fn constant_headers_have_no_credentials_and_no_line_breaks() {
        let auth = Auth {
            header: HeaderName::from_static("x-api-token"),
            ..Auth::default()
        };
        let read = |name: &str, value: &str| {
            let table = BTreeMap::from([(header(name).unwrap(), value.to_owned())]);
            constant(&table, &auth)
        };
        assert_eq!(read("X-Api-Version", "2").unwrap()["x-api-version"], "2");
        for (name, value) in [
            ("Authorization", "Basic YTpi"),
            ("Cookie", "a=b"),
            ("X-API-TOKEN", "x"),
            ("X-A", "a\r\nX-B: c"),
            ("X-A", "é"),
        ] {
            assert!(read(name, value).is_err(), "{name}");
        }
        assert!(read("X-A", &"x".repeat(513)).is_err());
        let twice = BTreeMap::from([
            (header("X-A").unwrap(), String::new()),
            (header("x-a").unwrap(), String::new()),
        ]);
        assert!(constant(&twice, &auth).is_err());
        let many = (0..17).map(|n| (header(&format!("X-{n}")).unwrap(), String::new()));
        assert!(constant(&many.collect(), &auth).is_err());
    }

    #[test]
    fn a_token_has_text_around_it() {
        let around = |text: &str| TokenText::try_from(text.to_owned()).map(|text| text.0);
        let pair = |before: &str, after: &str| (before.to_owned(), after.to_owned());
        assert_eq!(around("Bearer {token}").unwrap(), pair("Bearer ", ""));
        assert_eq!(around("{token}").unwrap(), pair("", ""));
        assert_eq!(
            around("Token token=\"{token}\"").unwrap(),
            pair("Token token=\"", "\"")
        );
        for bad in [
            "Bearer",
            "{token}{token}",
            "{user} {token}",
            "a\n{token}",
            "{password}",
        ] {
            assert!(around(bad).is_err(), "{bad:?}");
        }
    }
}
