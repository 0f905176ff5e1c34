//! What became of a send: the answer to a test send, and telemetry, as XML.

#[cfg(test)]
mod tests;
mod write;

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;

use super::HubPlatform;

/// How far a send is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum MessageState {
    /// It waits for its turn, or its time.
    Enqueued,
    /// It is being sent.
    Processing,
    /// It was sent to all that it reaches.
    Completed,
    /// It reaches nobody.
    NoTargetFound,
    /// It was given up.
    Abandoned,
    /// It was canceled before its time.
    Cancelled,
    /// The hub does not know.
    #[default]
    Unknown,
}

impl MessageState {
    /// The name in telemetry.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Enqueued => "Enqueued",
            Self::Processing => "Processing",
            Self::Completed => "Completed",
            Self::NoTargetFound => "NoTargetFound",
            Self::Abandoned => "Abandoned",
            Self::Cancelled => "Cancelled",
            Self::Unknown => "Unknown",
        }
    }
}

/// What a test send did: `NotificationOutcome`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NotificationOutcome {
    /// One entry a device.
    pub results: Vec<RegistrationResult>,
}

/// What a test send did at one device. `Debug` does not show its address.
#[derive(Clone, PartialEq, Eq)]
pub struct RegistrationResult {
    /// The platform.
    pub platform: HubPlatform,
    /// The device's address.
    pub handle: String,
    /// The registration.
    pub registration: String,
    /// True when the push service took it.
    pub ok: bool,
    /// The outcome in words.
    pub outcome: String,
}

/// How often an outcome came, by its name (`Success`, `ExpiredChannel`, …).
pub type OutcomeCount = BTreeMap<String, u64>;

/// Telemetry of one send: `NotificationDetails`. `Debug` does not show what was sent.
#[derive(Clone, PartialEq, Eq)]
pub struct NotificationDetails {
    /// The send's id.
    pub id: String,
    /// How far it is.
    pub state: MessageState,
    /// When it was taken.
    pub enqueued: Timestamp,
    /// When sending began.
    pub started: Option<Timestamp>,
    /// When it ended.
    pub ended: Option<Timestamp>,
    /// What was sent.
    pub body: String,
    /// The tag expression; none for a broadcast or a direct send.
    pub tags: Option<String>,
    /// The platforms it went to.
    pub platforms: Vec<HubPlatform>,
    /// How often each outcome came, by platform.
    pub counts: BTreeMap<HubPlatform, OutcomeCount>,
}

impl fmt::Debug for RegistrationResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RegistrationResult")
            .field("platform", &self.platform)
            .field("registration", &self.registration)
            .field("ok", &self.ok)
            .field("outcome", &self.outcome)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for NotificationDetails {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NotificationDetails")
            .field("id", &self.id)
            .field("state", &self.state)
            .field("tags", &self.tags)
            .field("counts", &self.counts)
            .finish_non_exhaustive()
    }
}

/// The elements with the counts of each platform: first those that .NET has, in its order.
const COUNTS: [(HubPlatform, &str); 9] = [
    (HubPlatform::Apple, "ApnsOutcomeCounts"),
    (HubPlatform::WindowsPhone, "MpnsOutcomeCounts"),
    (HubPlatform::Windows, "WnsOutcomeCounts"),
    (HubPlatform::Gcm, "GcmOutcomeCounts"),
    (HubPlatform::Adm, "AdmOutcomeCounts"),
    (HubPlatform::FcmV1, "FcmV1OutcomeCounts"),
    (HubPlatform::Browser, "BrowserOutcomeCounts"),
    (HubPlatform::Baidu, "BaiduOutcomeCounts"),
    (HubPlatform::Xiaomi, "XiaomiOutcomeCounts"),
];
