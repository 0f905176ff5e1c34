//! The headers of a send: what it is, whom it is for, and what the push service is told.

use axum::body::Bytes;
use axum::http::{HeaderMap, header};
use jiff::Timestamp;

use crate::emulator::hub::Content;
use crate::emulator::hub::send::Target;
use crate::model::{Handle, Invalid, SubscriptionKeys, TagExpression};
use crate::wire::notification_hub::{
    APNS_EXPIRY, DEVICE_HANDLE, FORMAT, Format, HubPlatform, PnsHandle, SCHEDULE_TIME, TAGS,
    read_apns_expiry, read_time,
};

use super::query::Query;

/// What the names of headers for push services begin with.
const PASSED: [&str; 3] = ["x-wns-", "apns-", "x-windowsphone-"];

/// The headers for push services that are named in full.
const PASSED_WHOLE: [&str; 4] = ["x-notificationclass", "ttl", "urgency", "topic"];

/// The priority of an Apple push, as azure-sb writes it.
const APNS_PRIORITY: &str = "x-apns-priority";

/// The headers of a browser's direct send.
const P256DH: &str = "p256dh";
const AUTH: &str = "auth";

/// The most headers for push services, and the most bytes of all of them.
const MOST_PASSED: usize = 32;
const MAX_PASSED: usize = 8 * 1024;

/// The longest content type.
const MAX_CONTENT_TYPE: usize = 256;

/// The format, which every send names.
pub(super) fn format(headers: &HeaderMap) -> Result<Format, Invalid> {
    let what = "ServiceBusNotification-Format";
    let name = text(headers, FORMAT, what)?.ok_or_else(|| Invalid::new(what, "is missing"))?;
    Format::parse(name).ok_or_else(|| Invalid::new(what, "names no format of a notification"))
}

/// What is sent, with its headers for the push service.
pub(super) fn content(headers: &HeaderMap, body: Bytes) -> Result<Content, Invalid> {
    if body.is_empty() {
        return Err(Invalid::new("notification", "has no body"));
    }
    let mut content = Content::new(format(headers)?, body);
    if let Some(content_type) = content_type(headers)? {
        content = content.of_type(content_type);
    }
    for (name, value) in passed(headers)? {
        content = content.with(name, value);
    }
    if content.header("apns-expiration").is_none()
        && let Some(expiry) = text(headers, APNS_EXPIRY, "ServiceBusNotification-Apns-Expiry")?
    {
        let expiry = read_apns_expiry("ServiceBusNotification-Apns-Expiry", expiry)?;
        content = content.with("apns-expiration", expiry.to_string());
    }
    if content.header("apns-priority").is_none()
        && let Some(priority) = text(headers, APNS_PRIORITY, "X-Apns-Priority")?
    {
        content = content.with("apns-priority", priority);
    }
    Ok(content)
}

/// The content type; an empty one is none.
pub(super) fn content_type(headers: &HeaderMap) -> Result<Option<&str>, Invalid> {
    let found = text(headers, header::CONTENT_TYPE.as_str(), "Content-Type")?;
    let found = found.filter(|text| !text.is_empty());
    if found.is_some_and(|text| text.len() > MAX_CONTENT_TYPE) {
        return Err(Invalid::new("Content-Type", "is too long"));
    }
    Ok(found)
}

/// Whom a send is for: all, those a tag expression means, or one device.
pub(super) fn target(
    headers: &HeaderMap,
    query: &Query,
    format: Format,
) -> Result<Target, Invalid> {
    let tags = text(headers, TAGS, "ServiceBusNotification-Tags")?;
    let handle = text(
        headers,
        DEVICE_HANDLE,
        "ServiceBusNotification-DeviceHandle",
    )?;
    match (query.direct, handle, tags) {
        (false, None, None) => Ok(Target::Broadcast),
        (false, None, Some(tags)) => TagExpression::parse(tags).map(Target::Tags),
        (true, Some(handle), None) => {
            direct(headers, handle, format).map(|handle| Target::Direct(vec![handle]))
        }
        (false, Some(_), _) => Err(Invalid::new(
            "ServiceBusNotification-DeviceHandle",
            "is for direct sends alone: add ?direct",
        )),
        (true, None, _) => Err(Invalid::new(
            "direct send",
            "needs the header ServiceBusNotification-DeviceHandle",
        )),
        (true, Some(_), Some(_)) => Err(has_tags()),
    }
}

/// Refuses tags beside handles: one of the two would count for nothing.
pub(super) fn check_no_tags(headers: &HeaderMap) -> Result<(), Invalid> {
    match headers.contains_key(TAGS) {
        true => Err(has_tags()),
        false => Ok(()),
    }
}

fn has_tags() -> Invalid {
    Invalid::new(
        "direct send",
        "has no tags: leave out the header ServiceBusNotification-Tags",
    )
}

fn direct(headers: &HeaderMap, handle: &str, format: Format) -> Result<PnsHandle, Invalid> {
    let platform = platform(format)?;
    let keys = if platform == HubPlatform::Browser {
        let key = |name, what| {
            let key = text(headers, name, what)?.filter(|key| !key.is_empty());
            let key = key.ok_or_else(|| Invalid::new(what, "is missing: a browser needs it"))?;
            Ok(key.to_owned())
        };
        Some(SubscriptionKeys {
            p256dh: key(P256DH, "P256DH")?,
            auth: key(AUTH, "Auth")?,
        })
    } else {
        None
    };
    Ok(PnsHandle {
        text: handle_of(platform, handle)?,
        keys,
    })
}

/// The platform of a direct send: a handle has one, and a template none.
pub(super) fn platform(format: Format) -> Result<HubPlatform, Invalid> {
    match format {
        Format::Native(platform) => Ok(platform),
        Format::Template => Err(Invalid::new(
            "direct send",
            "is in a platform's own format, never a template",
        )),
    }
}

/// A handle as registrations have it.
pub(super) fn handle_of(platform: HubPlatform, text: &str) -> Result<Handle, Invalid> {
    if platform == HubPlatform::Apple {
        Handle::parse(text.to_ascii_uppercase())
    } else {
        Handle::parse(text)
    }
}

/// A send that is not for later has no time: where one is named, it stands at another address.
pub(super) fn refuse_schedule_time(headers: &HeaderMap) -> Result<(), Invalid> {
    if headers.contains_key(SCHEDULE_TIME) {
        return Err(Invalid::new(
            "ServiceBusNotification-ScheduleTime",
            "is for scheduled sends alone: POST them to /{hub}/schedulednotifications/",
        ));
    }
    Ok(())
}

/// The time of a scheduled send; without a zone it is UTC.
pub(super) fn schedule_time(headers: &HeaderMap) -> Result<Timestamp, Invalid> {
    let what = "ServiceBusNotification-ScheduleTime";
    let text = text(headers, SCHEDULE_TIME, what)?;
    read_time(what, text.ok_or_else(|| Invalid::new(what, "is missing"))?)
}

/// A header that is there once at most, and is text.
fn text<'a>(
    headers: &'a HeaderMap,
    name: &str,
    what: &'static str,
) -> Result<Option<&'a str>, Invalid> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        return Err(Invalid::new(what, "is there more than once"));
    }
    let text = value
        .to_str()
        .map_err(|_| Invalid::new(what, "is not visible ASCII"))?;
    Ok(Some(text.trim()))
}

fn passed(headers: &HeaderMap) -> Result<Vec<(&str, &str)>, Invalid> {
    let what = "headers for the push service";
    let mut found = Vec::new();
    let mut bytes = 0;
    for (name, value) in headers {
        let name = name.as_str();
        if !PASSED.iter().any(|prefix| name.starts_with(prefix)) && !PASSED_WHOLE.contains(&name) {
            continue;
        }
        let value = value
            .to_str()
            .map_err(|_| Invalid::new(what, "are not visible ASCII"))?;
        if found.iter().any(|(known, _)| *known == name) {
            return Err(Invalid::new(what, format!("have {name} more than once")));
        }
        bytes += name.len() + value.len();
        if found.len() == MOST_PASSED || bytes > MAX_PASSED {
            return Err(Invalid::new(
                what,
                "are more than 32, or have more than 8 KiB",
            ));
        }
        found.push((name, value));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::{HeaderName, HeaderValue};

    fn headers(all: &[(&str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in all {
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
            headers.append(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        headers
    }

    fn direct_query() -> Query {
        Query {
            direct: true,
            ..Query::default()
        }
    }

    #[test]
    fn what_is_for_the_push_service_is_passed_and_nothing_else() {
        let all = headers(&[
            ("ServiceBusNotification-Format", "Apple"),
            ("Content-Type", "application/json;charset=utf-8"),
            ("X-WNS-Type", "wns/raw"),
            ("apns-push-type", "background"),
            ("X-Apns-Priority", "5"),
            (
                "ServiceBusNotification-Apns-Expiry",
                "2027-01-01T00:00:00.000Z",
            ),
            ("TTL", "60"),
            ("Authorization", "SharedAccessSignature x"),
            ("x-ms-version", "2020-06"),
            ("Host", "127.0.0.1"),
        ]);
        let content = content(&all, Bytes::from_static(b"{}")).unwrap();
        assert_eq!(content.format, Format::Native(HubPlatform::Apple));
        assert_eq!(
            content.content_type.as_deref(),
            Some("application/json;charset=utf-8")
        );
        let mut names: Vec<&str> = content
            .headers
            .iter()
            .map(|(name, _)| name.as_str())
            .collect();
        names.sort_unstable();
        assert_eq!(
            names,
            [
                "apns-expiration",
                "apns-priority",
                "apns-push-type",
                "ttl",
                "x-wns-type"
            ]
        );
        assert_eq!(content.header("apns-expiration"), Some("1798761600"));
    }

    #[test]
    fn an_expiry_is_read_as_a_template_has_it() {
        let expiration = |expiry: &str| {
            let all = headers(&[
                ("ServiceBusNotification-Format", "apple"),
                ("ServiceBusNotification-Apns-Expiry", expiry),
            ]);
            let content = content(&all, Bytes::from_static(b"{}")).unwrap();
            content.header("apns-expiration").map(str::to_owned)
        };
        for (expiry, expected) in [
            ("0", "0"),
            ("1798761600", "1798761600"),
            ("2027-01-01T01:00+01:00", "1798761600"),
        ] {
            assert_eq!(expiration(expiry).as_deref(), Some(expected));
        }
    }

    #[test]
    fn a_direct_send_has_one_handle_and_a_browser_its_keys() {
        let to = |all: &[(&str, &str)], format| {
            target(&headers(all), &direct_query(), Format::Native(format))
        };
        let handle = ("ServiceBusNotification-DeviceHandle", "ab01");
        let of = |text: &str, keys| {
            let text = Handle::parse(text).unwrap();
            Ok(Target::Direct(vec![PnsHandle { text, keys }]))
        };
        assert_eq!(to(&[handle], HubPlatform::Apple), of("AB01", None));
        assert_eq!(to(&[handle], HubPlatform::Windows), of("ab01", None));
        assert!(to(&[handle, ("Auth", "a")], HubPlatform::Browser).is_err());
        let keys = SubscriptionKeys {
            p256dh: "p".to_owned(),
            auth: "a".to_owned(),
        };
        let browser = to(
            &[handle, ("Auth", "a"), ("P256DH", "p")],
            HubPlatform::Browser,
        );
        assert_eq!(browser, of("ab01", Some(keys)));
        for odd in [
            &[][..],
            &[handle, handle],
            &[handle, ("ServiceBusNotification-Tags", "a")],
            &[("ServiceBusNotification-DeviceHandle", "a b")],
            &[("ServiceBusNotification-DeviceHandle", "")],
        ] {
            assert!(to(odd, HubPlatform::Windows).is_err(), "{odd:?}");
        }
        assert!(target(&headers(&[handle]), &direct_query(), Format::Template).is_err());
        let forgotten = target(&headers(&[handle]), &Query::default(), Format::Template);
        assert!(forgotten.unwrap_err().to_string().contains("?direct"));
        let all = target(&HeaderMap::new(), &Query::default(), Format::Template);
        assert_eq!(all, Ok(Target::Broadcast));
    }

    #[test]
    fn what_is_too_much_or_malformed_is_named() {
        let json = ("ServiceBusNotification-Format", "windows");
        let long = "x".repeat(9000);
        let type_ = "x".repeat(257);
        for (all, named) in [
            (vec![], "Format"),
            (vec![("ServiceBusNotification-Format", "pager")], "Format"),
            (vec![json, json], "Format"),
            (vec![json, ("x-wns-tag", long.as_str())], "8 KiB"),
            (vec![json, ("x-wns-tag", "é")], "ASCII"),
            (
                vec![json, ("x-wns-type", "wns/raw"), ("x-wns-type", "wns/raw")],
                "x-wns-type more than once",
            ),
            (vec![json, ("content-type", type_.as_str())], "Content-Type"),
            (
                vec![json, ("ServiceBusNotification-Apns-Expiry", "soon")],
                "Expiry",
            ),
        ] {
            let said = content(&headers(&all), Bytes::from_static(b"x"))
                .unwrap_err()
                .to_string();
            assert!(said.contains(named), "{said}");
        }
        let names: Vec<_> = (0..33).map(|number| format!("x-wns-{number}")).collect();
        let many = names.iter().map(|name| (name.as_str(), "a"));
        let many: Vec<_> = many.chain([json]).collect();
        assert!(content(&headers(&many), Bytes::from_static(b"x")).is_err());
        assert!(content(&headers(&[json]), Bytes::new()).is_err());
    }
}
