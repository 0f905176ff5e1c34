//! What arrives at a device.

use bytes::Bytes;
use jiff::Timestamp;

use super::{MessageId, Platform};

/// What kind of push a service delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PushKind {
    /// App-defined bytes without UI: wakes the background task.
    Raw,
    /// A toast that the platform shows by itself (`wns/toast`, an APNs alert, an FCM notification).
    Toast,
}

/// A push as the device received it: app-defined bytes, bounded, never trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawNotification {
    /// The push service's id of the message; the same id is accepted once.
    pub message: MessageId,
    /// The platform whose rules it came by.
    pub platform: Platform,
    /// Whether it wakes the task or is shown as it is.
    pub kind: PushKind,
    /// The body, at most [`RawNotification::MAX_CONTENT`] bytes.
    pub content: Bytes,
    /// When the push service accepted it, where it said so.
    pub sent_at: Option<Timestamp>,
    /// The W3C trace context the sender gave, if any.
    pub traceparent: Option<String>,
}

impl RawNotification {
    /// The largest body a device takes, in bytes: above every platform's own limit (APNs 4,096,
    /// WNS 5,000, VoIP 5,120, autopush 5,630 encrypted).
    pub const MAX_CONTENT: usize = 8 * 1024;
}
