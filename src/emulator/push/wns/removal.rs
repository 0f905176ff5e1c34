//! `DELETE` on a channel URI: toasts leave the action centre of a phone (`X-WNS-Match`).
//!
//! Microsoft documents the header and nothing of the answer: it is that of a toast here, and so are
//! priority and keeping. The newest of equal removals waits for a phone that is away, behind the
//! toasts that wait before it.

use axum::http::HeaderMap;
use jiff::Timestamp;

use crate::emulator::push::queue::AwayRule;
use crate::emulator::push::{header, traceparent};
use crate::model::Platform;
use crate::wire::push_socket::NotificationHeaders;
use crate::wire::wns;

use super::answer::Refusal;
use super::request::is_label;

/// Which toasts are to leave: those of the tag and the group, of either, or all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Removal {
    tag: Option<String>,
    group: Option<String>,
    traceparent: Option<String>,
}

impl Removal {
    /// Reads `type:wns/toast;group=…;tag=…`, `;group=…`, `;tag=…` or `;all`.
    pub(super) fn read(headers: &HeaderMap) -> Result<Self, Refusal> {
        let bad = Refusal::Header(
            "X-WNS-Match must be type:wns/toast with ;group= and ;tag=, one of them, or ;all",
        );
        let value = header(headers, wns::MATCH).ok_or(Refusal::Header("X-WNS-Match is missing"))?;
        let (tag, group) = read_match(value).ok_or(bad)?;
        Ok(Self {
            tag: tag.map(str::to_owned),
            group: group.map(str::to_owned),
            traceparent: traceparent(headers),
        })
    }

    pub(super) fn away_rule(&self) -> AwayRule {
        let part = |part: &Option<String>| part.clone().unwrap_or_default();
        let name = format!("delete:{}:{}", part(&self.group), part(&self.tag));
        AwayRule::KeepNewest(name)
    }

    /// What the device is told: the labels stand where those of a toast do.
    pub(super) fn to_frame_headers(&self, sent_at: Timestamp) -> NotificationHeaders {
        NotificationHeaders {
            platform: Some(Platform::Wns),
            wns_type: Some(wns::REMOVAL.to_owned()),
            collapse: self.tag.clone(),
            group: self.group.clone(),
            sent_at: Some(sent_at),
            traceparent: self.traceparent.clone(),
            ..NotificationHeaders::default()
        }
    }
}

type Labels<'a> = (Option<&'a str>, Option<&'a str>);

fn read_match(value: &str) -> Option<Labels<'_>> {
    let mut parts = value.split(';').map(str::trim);
    if !parts.next()?.eq_ignore_ascii_case("type:wns/toast") {
        return None;
    }
    let parts: Vec<&str> = parts.collect();
    if let [all] = parts.as_slice()
        && all.eq_ignore_ascii_case("all")
    {
        return Some((None, None));
    }
    let (mut tag, mut group) = (None, None);
    for part in &parts {
        let (name, label) = part.split_once('=')?;
        let place = match name {
            "tag" => &mut tag,
            "group" => &mut group,
            _ => return None,
        };
        if place.is_some() || !is_label(label) {
            return None;
        }
        *place = Some(label);
    }
    (tag.is_some() || group.is_some()).then_some((tag, group))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_of_the_header_is_read_and_no_other() {
        for (value, labels) in [
            ("type:wns/toast;group=g1;tag=t1", (Some("t1"), Some("g1"))),
            ("type:wns/toast; tag=t1; group=g1", (Some("t1"), Some("g1"))),
            ("type:wns/toast;group=g1", (None, Some("g1"))),
            ("type:wns/toast;tag=t1", (Some("t1"), None)),
            ("type:wns/toast;all", (None, None)),
        ] {
            assert_eq!(read_match(value), Some(labels), "{value}");
        }
        for junk in [
            "",
            "all",
            "type:wns/toast",
            "type:wns/toast;",
            "type:wns/tile;all",
            "type:wns/toast;all;tag=t",
            "type:wns/toast;tag=",
            "type:wns/toast;tag=a b",
            "type:wns/toast;tag=a;tag=b",
            "type:wns/toast;tag=abcdefghijklmnopq",
            "type:wns/toast;id=7",
        ] {
            assert_eq!(read_match(junk), None, "{junk}");
        }
    }
}
