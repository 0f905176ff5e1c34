//! What became of a send: the answer to a test send, and telemetry, as XML.

use std::collections::BTreeMap;

use jiff::Timestamp;
use url::Url;

use super::HubPlatform;

/// How far a send is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
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

/// What a test send did at one device.
#[derive(Debug, Clone, PartialEq, Eq)]
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

/// Telemetry of one send: `NotificationDetails`.
#[derive(Debug, Clone, PartialEq, Eq)]
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

impl NotificationOutcome {
    /// The XML; `Results` stands there even when it is empty.
    #[must_use]
    pub fn write(&self) -> String {
        unimplemented!()
    }
}

impl NotificationDetails {
    /// The XML; `at` is the send's URL. Counts stand in the order that .NET's data contracts need.
    #[must_use]
    pub fn write(&self, _at: &Url) -> String {
        unimplemented!()
    }
}
