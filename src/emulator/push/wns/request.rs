//! The headers of a notification, checked as WNS documents them.

use std::time::Duration;

use axum::http::{HeaderMap, header};
use jiff::Timestamp;

use crate::emulator::push::queue::AwayRule;
use crate::emulator::push::{digits, header, traceparent};
use crate::model::Platform;
use crate::wire::push_socket::NotificationHeaders;
use crate::wire::wns;

use super::answer::Refusal;

/// The longest `X-WNS-Tag` and `X-WNS-Group`.
const MOST_LABEL: usize = 16;

/// A notification's headers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct WnsRequest {
    pub(super) kind: Kind,
    pub(super) length: u64,
    pub(super) lifetime: Option<Duration>,
    pub(super) wants_status: bool,
    cached: bool,
    tag: Option<String>,
    group: Option<String>,
    suppress_popup: Option<bool>,
    priority: Option<u8>,
    traceparent: Option<String>,
}

/// `X-WNS-Type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Raw,
    Toast,
    Tile,
    Badge,
}

impl Kind {
    fn parse(value: &str) -> Option<Self> {
        match value {
            "wns/raw" => Some(Self::Raw),
            "wns/toast" => Some(Self::Toast),
            "wns/tile" => Some(Self::Tile),
            "wns/badge" => Some(Self::Badge),
            _ => None,
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Raw => "wns/raw",
            Self::Toast => "wns/toast",
            Self::Tile => "wns/tile",
            Self::Badge => "wns/badge",
        }
    }

    fn content_type(self) -> &'static str {
        match self {
            Self::Raw => "application/octet-stream",
            Self::Toast | Self::Tile | Self::Badge => "text/xml",
        }
    }

    /// Priority where the sender names none: toasts are high, raw is low.
    fn default_priority(self) -> u8 {
        match self {
            Self::Toast => 1,
            Self::Tile | Self::Badge => 2,
            Self::Raw => 3,
        }
    }
}

impl WnsRequest {
    pub(super) fn read(headers: &HeaderMap) -> Result<Self, Refusal> {
        let kind = header(headers, wns::TYPE)
            .ok_or(Refusal::Header("X-WNS-Type is missing"))
            .and_then(|value| {
                Kind::parse(value).ok_or(Refusal::Header(
                    "X-WNS-Type is none of wns/raw, wns/toast, wns/tile and wns/badge",
                ))
            })?;
        let length = read_length(headers)?;
        check_content_type(headers, kind)?;
        let policy = read_policy(headers)?;
        let lifetime = read_lifetime(headers, policy)?;
        let tag = read_label(
            headers,
            wns::TAG,
            "X-WNS-Tag must be 1 to 16 letters or digits",
        )?;
        let group = read_label(
            headers,
            wns::GROUP,
            "X-WNS-Group must be 1 to 16 letters or digits",
        )?;
        Ok(Self {
            kind,
            length,
            lifetime,
            wants_status: header(headers, wns::REQUEST_FOR_STATUS)
                .is_some_and(|value| value.eq_ignore_ascii_case("true")),
            cached: policy.unwrap_or(kind != Kind::Raw),
            tag,
            group,
            suppress_popup: read_suppress_popup(headers)?,
            priority: read_priority(headers)?,
            traceparent: traceparent(headers),
        })
    }

    /// Raw is kept only when asked for, the others unless asked not to; one of each for a channel.
    /// Which of several raws stays is not documented: the latest, as for the others.
    pub(super) fn away_rule(&self) -> AwayRule {
        if self.cached {
            AwayRule::KeepNewest(self.kind.as_str().to_owned())
        } else {
            AwayRule::Drop
        }
    }

    /// What the device is told about it.
    pub(super) fn to_frame_headers(&self, sent_at: Timestamp) -> NotificationHeaders {
        let priority = self.priority.unwrap_or(self.kind.default_priority());
        NotificationHeaders {
            platform: Some(Platform::Wns),
            wns_type: Some(self.kind.as_str().to_owned()),
            priority: Some(priority.to_string()),
            collapse: self.tag.clone(),
            group: self.group.clone(),
            suppress_popup: self.suppress_popup,
            ttl: self.lifetime.map(|lifetime| lifetime.as_secs()),
            sent_at: Some(sent_at),
            traceparent: self.traceparent.clone(),
            ..NotificationHeaders::default()
        }
    }
}

fn read_length(headers: &HeaderMap) -> Result<u64, Refusal> {
    if headers.contains_key(header::TRANSFER_ENCODING) {
        return Err(Refusal::LengthRequired);
    }
    header(headers, header::CONTENT_LENGTH.as_str())
        .and_then(digits)
        .ok_or(Refusal::LengthRequired)
}

fn check_content_type(headers: &HeaderMap, kind: Kind) -> Result<(), Refusal> {
    let value = header(headers, header::CONTENT_TYPE.as_str()).unwrap_or_default();
    let essence = value.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case(kind.content_type()) {
        return Ok(());
    }
    Err(Refusal::Header(match kind {
        Kind::Raw => "Content-Type of wns/raw must be application/octet-stream",
        Kind::Toast | Kind::Tile | Kind::Badge => "Content-Type must be text/xml",
    }))
}

fn read_policy(headers: &HeaderMap) -> Result<Option<bool>, Refusal> {
    match header(headers, wns::CACHE_POLICY) {
        None => Ok(None),
        Some(value) if value.eq_ignore_ascii_case("cache") => Ok(Some(true)),
        Some(value) if value.eq_ignore_ascii_case("no-cache") => Ok(Some(false)),
        Some(_) => Err(Refusal::Header(
            "X-WNS-Cache-Policy is neither cache nor no-cache",
        )),
    }
}

/// `X-WNS-TTL`, or the `TTL` of a Web Push sender, which WNS takes as well and answers with a
/// conflict when it is 0 without an explicit `no-cache` (seen in the field: pywebpush#162).
fn read_lifetime(headers: &HeaderMap, policy: Option<bool>) -> Result<Option<Duration>, Refusal> {
    let bad = || Refusal::Header("X-WNS-TTL is not a number of seconds");
    let web_push = header(headers, "ttl");
    if web_push == Some("0") && policy != Some(false) {
        return Err(Refusal::TtlConflict);
    }
    let Some(value) = header(headers, wns::TTL).or(web_push) else {
        return Ok(None);
    };
    let seconds: u32 = digits(value).ok_or_else(bad)?;
    if seconds == 0 && policy == Some(true) {
        return Err(Refusal::TtlConflict);
    }
    Ok(Some(Duration::from_secs(seconds.into())))
}

fn read_label(
    headers: &HeaderMap,
    name: &'static str,
    rule: &'static str,
) -> Result<Option<String>, Refusal> {
    if !headers.contains_key(name) {
        return Ok(None);
    }
    let value = header(headers, name).unwrap_or_default();
    match is_label(value) {
        true => Ok(Some(value.to_owned())),
        false => Err(Refusal::Header(rule)),
    }
}

/// True for what may be a tag or a group.
pub(super) fn is_label(text: &str) -> bool {
    let fits = (1..=MOST_LABEL).contains(&text.len());
    fits && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// Taken for every channel, as all of them are those of phones.
fn read_suppress_popup(headers: &HeaderMap) -> Result<Option<bool>, Refusal> {
    match header(headers, wns::SUPPRESS_POPUP) {
        None => Ok(None),
        Some(value) if value.eq_ignore_ascii_case("true") => Ok(Some(true)),
        Some(value) if value.eq_ignore_ascii_case("false") => Ok(Some(false)),
        Some(_) => Err(Refusal::Header(
            "X-WNS-SuppressPopup is neither true nor false",
        )),
    }
}

fn read_priority(headers: &HeaderMap) -> Result<Option<u8>, Refusal> {
    match header(headers, wns::PRIORITY) {
        None => Ok(None),
        Some(value) => match digits(value) {
            Some(priority @ 1..=4) => Ok(Some(priority)),
            _ => Err(Refusal::Header("X-WNS-PRIORITY is none of 1, 2, 3 and 4")),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&'static str, &'static str)]) -> Result<WnsRequest, Refusal> {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.insert(*name, value.parse().unwrap());
        }
        WnsRequest::read(&headers)
    }

    fn raw(more: &[(&'static str, &'static str)]) -> Result<WnsRequest, Refusal> {
        let mut pairs = vec![
            ("x-wns-type", "wns/raw"),
            ("content-type", "application/octet-stream"),
            ("content-length", "1"),
        ];
        pairs.extend_from_slice(more);
        read(&pairs)
    }

    #[test]
    fn raw_is_kept_only_when_asked_for_and_toasts_unless_asked_not_to() {
        assert_eq!(raw(&[]).unwrap().away_rule(), AwayRule::Drop);
        let cached = raw(&[("x-wns-cache-policy", "cache")]).unwrap();
        assert_eq!(
            cached.away_rule(),
            AwayRule::KeepNewest("wns/raw".to_owned())
        );
        let toast = [
            ("x-wns-type", "wns/toast"),
            ("content-type", "text/xml; charset=utf-8"),
            ("content-length", "1"),
        ];
        assert_eq!(
            read(&toast).unwrap().away_rule(),
            AwayRule::KeepNewest("wns/toast".to_owned())
        );
        let mut never = toast.to_vec();
        never.push(("x-wns-cache-policy", "no-cache"));
        assert_eq!(read(&never).unwrap().away_rule(), AwayRule::Drop);
    }

    #[test]
    fn headers_that_do_not_fit_are_refused() {
        for bad in [
            ("x-wns-type", "wns/junk"),
            ("content-type", "text/xml"),
            ("x-wns-cache-policy", "maybe"),
            ("x-wns-ttl", "soon"),
            ("x-wns-ttl", "-1"),
            ("x-wns-ttl", "+1"),
            ("x-wns-priority", "+1"),
            ("x-wns-ttl", "99999999999"),
            ("x-wns-tag", "with space"),
            ("x-wns-tag", ""),
            ("x-wns-group", "abcdefghijklmnopq"),
            ("x-wns-priority", "5"),
            ("x-wns-suppresspopup", "maybe"),
        ] {
            assert!(matches!(raw(&[bad]), Err(Refusal::Header(_))), "{bad:?}");
        }
        assert!(matches!(read(&[]), Err(Refusal::Header(_))));
        assert!(matches!(
            raw(&[("transfer-encoding", "chunked")]),
            Err(Refusal::LengthRequired)
        ));
        assert!(matches!(
            raw(&[("content-length", "x")]),
            Err(Refusal::LengthRequired)
        ));
    }

    #[test]
    fn a_ttl_of_zero_conflicts_with_caching() {
        assert!(matches!(raw(&[("ttl", "0")]), Err(Refusal::TtlConflict)));
        let conflict = raw(&[("x-wns-ttl", "0"), ("x-wns-cache-policy", "cache")]);
        assert!(matches!(conflict, Err(Refusal::TtlConflict)));
        assert!(raw(&[("ttl", "0"), ("x-wns-cache-policy", "no-cache")]).is_ok());
        let request = raw(&[("x-wns-ttl", "600")]).unwrap();
        assert_eq!(request.lifetime, Some(Duration::from_secs(600)));
    }
}
