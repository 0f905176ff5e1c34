//! What a push is by its platform's own rules: its kind, how urgent it is, and until when.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::{Refusal, platform, shortened};
use crate::model::{Platform, Priority, PushKind, RawNotification};
use crate::wire::push_socket::{ACK_NOT_DELIVERED, DELETED_MESSAGES, NotificationHeaders};
use crate::wire::{apns_push, fcm_message, wns};

/// The longest time to live that is counted: above every platform's own limit (APNs 30 days, FCM
/// and Web Push 28 days).
const LONGEST_TTL: Duration = Duration::from_secs(366 * 24 * 3600);

/// `X-WNS-Type` decides for WNS, the body for APNs and FCM; a Web Push is raw.
pub(super) fn kind(headers: &NotificationHeaders, content: &[u8]) -> Result<PushKind, Refusal> {
    let unreadable = |problem: String| Refusal::new("unreadable_body", problem, ACK_NOT_DELIVERED);
    match platform(headers) {
        Platform::WebPush => Ok(PushKind::Raw),
        Platform::Wns => wns_kind(headers),
        Platform::Apns => match apns_push::read_push(content) {
            Ok(push) => Ok(push.kind()),
            Err(error) => Err(unreadable(error.to_string())),
        },
        Platform::Fcm if headers.message_type.as_deref() == Some(DELETED_MESSAGES) => {
            Ok(PushKind::DeletedMessages)
        }
        Platform::Fcm => match fcm_message::read_message(content) {
            Ok(message) => Ok(message.kind()),
            Err(error) => Err(unreadable(error.to_string())),
        },
    }
}

fn wns_kind(headers: &NotificationHeaders) -> Result<PushKind, Refusal> {
    match headers.wns_type.as_deref() {
        None | Some("wns/raw") => Ok(PushKind::Raw),
        Some("wns/toast") => Ok(PushKind::Toast),
        Some("wns/badge") => Ok(PushKind::Badge),
        Some(wns::REMOVAL) => {
            // Left out, a label that does not fit would stand for every toast.
            let labels = [headers.collapse.as_deref(), headers.group.as_deref()];
            match labels
                .into_iter()
                .flatten()
                .all(|label| name(Some(label)).is_some())
            {
                true => Ok(PushKind::ToastRemoval),
                false => Err(Refusal::new(
                    "unreadable_removal",
                    "the tag or the group of the toasts to remove is none",
                    ACK_NOT_DELIVERED,
                )),
            }
        }
        Some(other) => Err(Refusal::new(
            "unsupported_type",
            format!(
                "X-WNS-Type {:?} is not shown by this device",
                shortened(other)
            ),
            ACK_NOT_DELIVERED,
        )),
    }
}

/// How urgent a push is, in its platform's own words; where it has none, or they are no such words,
/// as urgent as the platform takes it to be.
pub(super) fn priority(headers: &NotificationHeaders, kind: PushKind) -> Priority {
    let word = headers.priority.as_deref();
    let (named, usual) = match platform(headers) {
        Platform::Wns => (word.and_then(wns_priority), wns_usual(kind)),
        // Apple's documents: 10 where there is no `apns-priority`.
        Platform::Apns => (word.and_then(Priority::from_name), Priority::High),
        // Firebase's documents: messages with a notification are high, those of data normal.
        Platform::Fcm if kind == PushKind::Toast => {
            (word.and_then(Priority::from_name), Priority::High)
        }
        Platform::Fcm | Platform::WebPush => (word.and_then(Priority::from_name), Priority::Normal),
    };
    named.unwrap_or(usual)
}

/// `X-WNS-PRIORITY` counts the other way round: 1 is high, 4 very low.
fn wns_priority(word: &str) -> Option<Priority> {
    match word {
        "1" => Some(Priority::High),
        "2" => Some(Priority::Normal),
        "3" => Some(Priority::Low),
        "4" => Some(Priority::VeryLow),
        _ => Priority::from_name(word),
    }
}

fn wns_usual(kind: PushKind) -> Priority {
    match kind {
        PushKind::Toast | PushKind::ToastAndRaw | PushKind::ToastRemoval => Priority::High,
        PushKind::Badge => Priority::Normal,
        PushKind::Raw | PushKind::DeletedMessages => Priority::Low,
    }
}

/// When a push is worth nothing any more. A time to live of zero asks the service not to keep it:
/// one that arrived all the same has no age limit.
pub(super) fn expires_at(headers: &NotificationHeaders) -> Option<Timestamp> {
    let ttl = Duration::from_secs(headers.ttl.filter(|ttl| *ttl > 0)?).min(LONGEST_TTL);
    let ttl = SignedDuration::try_from(ttl).ok()?;
    headers.sent_at?.saturating_add(ttl).ok()
}

/// A name that is too long, or has control characters, is none: cut, it could be another's.
pub(super) fn name(name: Option<&str>) -> Option<String> {
    let fits = |name: &&str| {
        !name.is_empty()
            && name.len() <= RawNotification::MAX_COLLAPSE
            && !name.chars().any(char::is_control)
    };
    name.filter(fits).map(str::to_owned)
}
