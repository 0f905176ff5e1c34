//! The headers of a notification, checked as Apple documents them ("Sending notification requests
//! to APNs").

use std::time::Duration;

use axum::http::{HeaderMap, header};
use jiff::Timestamp;
use uuid::Uuid;

use crate::emulator::push::queue::AwayRule;
use crate::emulator::push::{header, traceparent};
use crate::model::Platform;
use crate::wire::apns;
use crate::wire::push_socket::NotificationHeaders;

use super::answer::Refusal;

/// The longest `apns-topic`.
const MAX_TOPIC: usize = 255;

/// A notification's headers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ApnsRequest {
    pub(super) topic: String,
    /// How long it is stored for a device that is away; zero is now or never.
    pub(super) stored: Duration,
    push_type: Option<&'static str>,
    priority: &'static str,
    collapse: Option<String>,
    /// The sender named an expiration.
    expires: bool,
    traceparent: Option<String>,
}

impl ApnsRequest {
    pub(super) fn read(headers: &HeaderMap, now: Timestamp) -> Result<Self, Refusal> {
        check_id(headers)?;
        let push_type = read_push_type(headers)?;
        let priority = read_priority(headers, push_type)?;
        let stored = read_expiration(headers, now)?;
        Ok(Self {
            topic: read_topic(headers)?,
            stored: stored.unwrap_or(apns::MAX_STORED),
            push_type,
            priority,
            collapse: read_collapse(headers)?,
            expires: stored.is_some(),
            traceparent: traceparent(headers),
        })
    }

    /// The largest payload, in bytes.
    pub(super) fn most(&self) -> usize {
        if self.push_type == Some("voip") {
            apns::MAX_VOIP_BODY
        } else {
            apns::MAX_BODY
        }
    }

    /// One is stored for an app, the newest; none where it is now or never.
    pub(super) fn away_rule(&self) -> AwayRule {
        if self.stored.is_zero() {
            AwayRule::Drop
        } else {
            AwayRule::KeepNewest(format!("topic:{}", self.topic))
        }
    }

    /// What the device is told about it.
    pub(super) fn to_frame_headers(&self, sent_at: Timestamp) -> NotificationHeaders {
        NotificationHeaders {
            platform: Some(Platform::Apns),
            priority: Some(self.priority.to_owned()),
            collapse: self.collapse.clone(),
            push_type: self.push_type.map(str::to_owned),
            ttl: self.expires.then_some(self.stored.as_secs()),
            sent_at: Some(sent_at),
            traceparent: self.traceparent.clone(),
            ..NotificationHeaders::default()
        }
    }
}

/// APNs refuses a request that repeats one of its headers.
pub(super) fn check_duplicates(headers: &HeaderMap) -> Result<(), Refusal> {
    let own = |name: &&axum::http::HeaderName| {
        name.as_str().starts_with("apns-") || **name == header::AUTHORIZATION
    };
    let repeated = |name| headers.get_all(name).iter().nth(1).is_some();
    if headers.keys().filter(own).any(repeated) {
        return Err(Refusal::DuplicateHeaders);
    }
    Ok(())
}

/// True for text that may be an app's bundle id, or one with a suffix.
pub(in crate::emulator::push) fn is_topic(text: &str) -> bool {
    let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_');
    (1..=MAX_TOPIC).contains(&text.len()) && text.bytes().all(fits)
}

fn read_topic(headers: &HeaderMap) -> Result<String, Refusal> {
    if !headers.contains_key(apns::TOPIC) {
        return Err(Refusal::MissingTopic);
    }
    header(headers, apns::TOPIC)
        .filter(|topic| is_topic(topic))
        .map(str::to_owned)
        .ok_or(Refusal::BadTopic)
}

fn check_id(headers: &HeaderMap) -> Result<(), Refusal> {
    if !headers.contains_key(apns::ID) {
        return Ok(());
    }
    header(headers, apns::ID)
        .filter(|id| id.len() == 36 && Uuid::try_parse(id).is_ok())
        .map(drop)
        .ok_or(Refusal::BadMessageId)
}

fn read_push_type(headers: &HeaderMap) -> Result<Option<&'static str>, Refusal> {
    if !headers.contains_key(apns::PUSH_TYPE) {
        return Ok(None);
    }
    let value = header(headers, apns::PUSH_TYPE).unwrap_or_default();
    let known = apns::PUSH_TYPES.into_iter().find(|known| *known == value);
    known.map(Some).ok_or(Refusal::InvalidPushType)
}

/// 10 where the sender names none, but for a background push, which must not have it.
fn read_priority(
    headers: &HeaderMap,
    push_type: Option<&'static str>,
) -> Result<&'static str, Refusal> {
    let background = push_type == Some("background");
    if !headers.contains_key(apns::PRIORITY) {
        return Ok(if background { "5" } else { "10" });
    }
    match header(headers, apns::PRIORITY) {
        Some("10") if !background => Ok("10"),
        Some("5") => Ok("5"),
        Some("1") => Ok("1"),
        Some(_) | None => Err(Refusal::BadPriority),
    }
}

/// How long until the date of expiration; none where the sender names none.
fn read_expiration(headers: &HeaderMap, now: Timestamp) -> Result<Option<Duration>, Refusal> {
    if !headers.contains_key(apns::EXPIRATION) {
        return Ok(None);
    }
    let value = header(headers, apns::EXPIRATION).unwrap_or_default();
    if value.is_empty() || !value.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Refusal::BadExpirationDate);
    }
    let at: u64 = value.parse().map_err(|_| Refusal::BadExpirationDate)?;
    let now = u64::try_from(now.as_second()).unwrap_or(0);
    let left = Duration::from_secs(at.saturating_sub(now));
    Ok(Some(left.min(apns::MAX_STORED)))
}

fn read_collapse(headers: &HeaderMap) -> Result<Option<String>, Refusal> {
    if !headers.contains_key(apns::COLLAPSE_ID) {
        return Ok(None);
    }
    header(headers, apns::COLLAPSE_ID)
        .filter(|id| (1..=apns::MAX_COLLAPSE_ID).contains(&id.len()))
        .map(|id| Some(id.to_owned()))
        .ok_or(Refusal::BadCollapseId)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_800_000_000;

    fn read(pairs: &[(&'static str, &str)]) -> Result<ApnsRequest, Refusal> {
        let mut headers = HeaderMap::new();
        headers.insert(apns::TOPIC, "com.example.app".parse().unwrap());
        for (name, value) in pairs {
            headers.insert(*name, value.parse().unwrap());
        }
        ApnsRequest::read(&headers, Timestamp::from_second(NOW).unwrap())
    }

    #[test]
    fn what_is_not_said_has_apples_defaults() {
        let plain = read(&[]).unwrap();
        assert_eq!(plain.stored, apns::MAX_STORED);
        assert_eq!(
            plain.away_rule(),
            AwayRule::KeepNewest("topic:com.example.app".to_owned())
        );
        let headers = plain.to_frame_headers(Timestamp::UNIX_EPOCH);
        assert_eq!(
            (headers.priority.as_deref(), headers.ttl, headers.push_type),
            (Some("10"), None, None)
        );
        let background = read(&[("apns-push-type", "background")]).unwrap();
        let headers = background.to_frame_headers(Timestamp::UNIX_EPOCH);
        assert_eq!(headers.priority.as_deref(), Some("5"));
        assert_eq!(headers.push_type.as_deref(), Some("background"));
        let voip = read(&[("apns-push-type", "voip")]).unwrap();
        assert_eq!((plain.most(), voip.most()), (4096, 5120));
    }

    #[test]
    fn an_expiration_of_zero_or_in_the_past_is_now_or_never() {
        for value in ["0", "1799999999", "1800000000"] {
            let request = read(&[("apns-expiration", value)]).unwrap();
            assert_eq!(request.away_rule(), AwayRule::Drop, "{value}");
        }
        let later = read(&[("apns-expiration", "1800000060")]).unwrap();
        assert_eq!(later.stored, Duration::from_secs(60));
        let far = read(&[("apns-expiration", "9999999999")]).unwrap();
        assert_eq!(far.stored, apns::MAX_STORED);
    }

    #[test]
    fn each_header_has_its_own_reason() {
        let long = "x".repeat(65);
        let id = "dbf46343-10c7-4236-8203-ec0fa867a7fe";
        assert!(read(&[("apns-id", id), ("apns-collapse-id", &long[..64])]).is_ok());
        for (name, value, refusal) in [
            ("apns-topic", "", Refusal::BadTopic),
            ("apns-topic", "a b", Refusal::BadTopic),
            ("apns-push-type", "silent", Refusal::InvalidPushType),
            ("apns-priority", "7", Refusal::BadPriority),
            ("apns-priority", "high", Refusal::BadPriority),
            ("apns-expiration", "soon", Refusal::BadExpirationDate),
            ("apns-expiration", "-1", Refusal::BadExpirationDate),
            ("apns-expiration", "", Refusal::BadExpirationDate),
            ("apns-collapse-id", &long, Refusal::BadCollapseId),
            ("apns-collapse-id", "", Refusal::BadCollapseId),
            ("apns-id", "1", Refusal::BadMessageId),
            ("apns-id", &id.replace('-', ""), Refusal::BadMessageId),
        ] {
            assert_eq!(read(&[(name, value)]), Err(refusal), "{name}: {value}");
        }
        let hasty = [("apns-push-type", "background"), ("apns-priority", "10")];
        assert_eq!(read(&hasty), Err(Refusal::BadPriority));
        let headers = HeaderMap::new();
        let now = Timestamp::from_second(NOW).unwrap();
        assert_eq!(ApnsRequest::read(&headers, now), Err(Refusal::MissingTopic));
    }

    #[test]
    fn a_repeated_header_is_noticed() {
        let mut headers = HeaderMap::new();
        headers.append("accept", "a".parse().unwrap());
        headers.append("accept", "b".parse().unwrap());
        headers.append("apns-topic", "a".parse().unwrap());
        assert_eq!(check_duplicates(&headers), Ok(()));
        headers.append("apns-topic", "a".parse().unwrap());
        assert_eq!(check_duplicates(&headers), Err(Refusal::DuplicateHeaders));
    }
}
