//! What arrives at a device.

use std::fmt;

use bytes::Bytes;
use jiff::Timestamp;

use super::{MessageId, Platform};

/// What kind of push a service delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PushKind {
    /// App-defined bytes without UI: wakes the background task.
    Raw,
    /// A toast that the platform shows by itself (`wns/toast`, an APNs alert, an FCM notification).
    Toast,
    /// A toast that the platform shows, and that wakes the task too (an APNs alert with
    /// `content-available`).
    ToastAndRaw,
    /// A badge alone (`wns/badge`, an APNs `badge` without an alert).
    Badge,
    /// Toasts are to leave the action centre: those of the push's collapse key as tag and of its
    /// group, of either, or all (`X-WNS-Match` of a WNS `DELETE`).
    ToastRemoval,
    /// The service dropped what it held for this device: the app is to fetch all it missed (FCM
    /// `deleted_messages`).
    DeletedMessages,
}

impl PushKind {
    /// Every kind.
    pub const ALL: [Self; 6] = [
        Self::Raw,
        Self::Toast,
        Self::ToastAndRaw,
        Self::Badge,
        Self::ToastRemoval,
        Self::DeletedMessages,
    ];

    /// The name it is stored by.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Raw => "raw",
            Self::Toast => "toast",
            Self::ToastAndRaw => "toast_and_raw",
            Self::Badge => "badge",
            Self::ToastRemoval => "toast_removal",
            Self::DeletedMessages => "deleted_messages",
        }
    }

    /// The kind of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// True when the platform itself shows something, or takes it away.
    #[must_use]
    pub fn is_visible(self) -> bool {
        matches!(
            self,
            Self::Toast | Self::ToastAndRaw | Self::Badge | Self::ToastRemoval
        )
    }

    /// True when the app's background task is woken.
    #[must_use]
    pub fn wakes(self) -> bool {
        matches!(self, Self::Raw | Self::ToastAndRaw | Self::DeletedMessages)
    }
}

/// How urgent the sender says a push is (RFC 8030 §5.3; FCM knows `Normal` and `High`, APNs 5 is
/// `Normal`, 10 is `High` and 1 is `Low`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Priority {
    /// On power and without a limit on data.
    VeryLow,
    /// On power or without a limit on data.
    Low,
    /// At once, unless the phone sleeps.
    #[default]
    Normal,
    /// At once, and wakes a phone that sleeps.
    High,
}

impl Priority {
    /// Every priority, the least first.
    pub const ALL: [Self; 4] = [Self::VeryLow, Self::Low, Self::Normal, Self::High];

    /// The name it is stored by: that of `Urgency`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::VeryLow => "very-low",
            Self::Low => "low",
            Self::Normal => "normal",
            Self::High => "high",
        }
    }

    /// Reads a platform's own word for it, in any case; `None` where it is no such word.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        match name.to_ascii_lowercase().as_str() {
            "very-low" | "verylow" => Some(Self::VeryLow),
            "low" | "1" => Some(Self::Low),
            "normal" | "medium" | "5" => Some(Self::Normal),
            "high" | "10" => Some(Self::High),
            _ => None,
        }
    }
}

impl fmt::Display for Priority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
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
    /// How urgent it is.
    pub priority: Priority,
    /// The body, at most [`RawNotification::MAX_CONTENT`] bytes.
    pub content: Bytes,
    /// Collapse key, topic or tag, at most [`RawNotification::MAX_COLLAPSE`] bytes.
    pub collapse: Option<String>,
    /// The group of a toast (`X-WNS-Group`), at most [`RawNotification::MAX_COLLAPSE`] bytes.
    pub group: Option<String>,
    /// True when a toast goes to the action centre without being drawn (`X-WNS-SuppressPopup`).
    pub suppress_popup: bool,
    /// When the push service accepted it, where it said so.
    pub sent_at: Option<Timestamp>,
    /// When it is worth nothing any more, where the sender said so.
    pub expires_at: Option<Timestamp>,
    /// The W3C trace context the sender gave, if any.
    pub traceparent: Option<String>,
}

impl RawNotification {
    /// The largest body a device takes, in bytes: above every platform's own limit (APNs 4,096,
    /// WNS 5,000, VoIP 5,120, autopush 5,630 encrypted).
    pub const MAX_CONTENT: usize = 8 * 1024;

    /// The longest collapse key, in bytes (APNs: 64).
    pub const MAX_COLLAPSE: usize = 64;

    /// A raw push of normal priority that says nothing more.
    #[must_use]
    pub fn new(message: MessageId, platform: Platform, content: Bytes) -> Self {
        Self {
            message,
            platform,
            kind: PushKind::Raw,
            priority: Priority::Normal,
            content,
            collapse: None,
            group: None,
            suppress_popup: false,
            sent_at: None,
            expires_at: None,
            traceparent: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_and_priorities_are_stored_by_name() {
        for kind in PushKind::ALL {
            assert_eq!(PushKind::from_name(kind.as_str()), Some(kind));
        }
        for priority in Priority::ALL {
            assert_eq!(Priority::from_name(priority.as_str()), Some(priority));
        }
        assert_eq!(Priority::from_name("10"), Some(Priority::High));
        assert_eq!(Priority::from_name("urgent"), None);
    }
}
