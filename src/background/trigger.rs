//! What starts a task, and what it is told about that.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;

use crate::model::{Platform, RawNotification, TaskType};

/// What starts a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trigger {
    /// A raw push (WinRT `PushNotificationTrigger`).
    RawPush,
    /// The passing of time (WinRT `TimeTrigger`).
    Timer {
        /// How long after the registration, and between two runs; at least
        /// [`Trigger::SHORTEST_TIMER`].
        every: Duration,
        /// Runs once; then the task is unregistered.
        one_shot: bool,
    },
    /// The network came, went, or changed what it costs (WinRT `SystemTrigger` of
    /// `NetworkStateChange`).
    NetworkChange,
}

impl Trigger {
    /// The shortest time of a timer (WinRT `TimeTrigger.FreshnessTime`: 15 minutes).
    pub const SHORTEST_TIMER: Duration = Duration::from_secs(15 * 60);

    /// The longest time of a timer: WinRT counts its minutes in 32 bits.
    pub const LONGEST_TIMER: Duration = Duration::from_secs(60 * u32::MAX as u64);

    /// The name it is stored by.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RawPush => "raw_push",
            Self::Timer { .. } => "timer",
            Self::NetworkChange => "network_change",
        }
    }

    /// The type that the manifest must declare for it.
    #[must_use]
    pub fn task_type(self) -> TaskType {
        match self {
            Self::RawPush => TaskType::PushNotification,
            Self::Timer { .. } => TaskType::Timer,
            Self::NetworkChange => TaskType::SystemEvent,
        }
    }
}

impl fmt::Display for Trigger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What an instance is told about its trigger (WinRT `IBackgroundTaskInstance.TriggerDetails`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TriggerDetails {
    /// The push.
    Push(RawNotification),
    /// The timer.
    Timer {
        /// When it was due; the instance may run later, once its conditions are met.
        due: Timestamp,
    },
    /// The network.
    NetworkChange {
        /// Whether there is one now.
        online: bool,
    },
}

impl TriggerDetails {
    /// The push, where it was one.
    #[must_use]
    pub fn push(&self) -> Option<&RawNotification> {
        match self {
            Self::Push(raw) => Some(raw),
            Self::Timer { .. } | Self::NetworkChange { .. } => None,
        }
    }

    /// The name of the trigger.
    #[must_use]
    pub fn trigger_name(&self) -> &'static str {
        match self {
            Self::Push(_) => "raw_push",
            Self::Timer { .. } => "timer",
            Self::NetworkChange { .. } => "network_change",
        }
    }

    /// The platform whose rules hold: a push brings its own.
    pub(super) fn platform_or(&self, phone: Platform) -> Platform {
        self.push().map_or(phone, |raw| raw.platform)
    }
}
