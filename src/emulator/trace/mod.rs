//! What became of every push, in order: the truth about what was sent.
//!
//! A push ends as received and acknowledged, as dropped by a named rule of its platform, or as
//! refused to its sender. No content is kept here.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use serde::Serialize;

use crate::lifecycle::Clock;
use crate::model::Platform;

/// How many of the latest entries are kept; the counts go on.
const KEPT: usize = 100_000;

/// What happened to a push at its push service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case", tag = "step", content = "reason")]
pub enum TraceStep {
    /// It is kept until the device acknowledges it.
    Received,
    /// It was given up by a rule of its platform.
    Dropped(DropRule),
    /// It was not taken; the sender knows.
    Refused,
    /// It was written to a device's socket; a redelivery is one more.
    Delivered,
    /// The device has it, with the code of its ack.
    Acknowledged(u16),
}

/// The rule by which a platform gave up a push.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DropRule {
    /// No socket was open, and the push was not to be kept.
    Offline,
    /// A newer push took its place while no socket was open.
    Superseded,
    /// Its time to live ran out.
    Expired,
    /// Too many were stored for the device, which has to begin anew.
    StoredLimit,
    /// Over a hundred messages without a collapse key were stored: FCM discards all it stored for
    /// the app, and tells the device so.
    PendingLimit,
    /// A fifth collapse key was stored: FCM keeps messages of four.
    CollapseLimit,
    /// The device gave the handle back.
    Unregistered,
    /// The sender deleted it.
    Deleted,
    /// Too many waited for the device already, and its sender, who wrote to a topic, is not told
    /// of single devices.
    DeviceFull,
    /// It was sent to a handle that stands for no device: one that asked for errors, and had them.
    OnDemand,
}

impl DropRule {
    /// The rule's name, as in the log.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Offline => "offline",
            Self::Superseded => "superseded",
            Self::Expired => "expired",
            Self::StoredLimit => "stored_limit",
            Self::PendingLimit => "pending_limit",
            Self::CollapseLimit => "collapse_limit",
            Self::Unregistered => "unregistered",
            Self::Deleted => "deleted",
            Self::DeviceFull => "device_full",
            Self::OnDemand => "on_demand",
        }
    }
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TraceEntry {
    /// Its place in the order, from 1.
    pub number: u64,
    /// When.
    pub at: Timestamp,
    /// The push service's id of the message.
    pub message: String,
    /// The platform whose service it is.
    pub platform: Platform,
    /// What.
    #[serde(flatten)]
    pub step: TraceStep,
}

/// How often each step happened since the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct TraceCounts {
    /// Pushes kept for a device.
    pub received: u64,
    /// Pushes given up by a rule, at once or later.
    pub dropped: u64,
    /// Pushes refused to their sender.
    pub refused: u64,
    /// Frames written, redeliveries included.
    pub delivered: u64,
    /// Pushes the device acknowledged.
    pub acknowledged: u64,
}

/// The services' log. Cheap to clone.
#[derive(Debug, Clone)]
pub struct TraceLog {
    clock: Clock,
    log: Arc<Mutex<Log>>,
}

#[derive(Debug, Default)]
struct Log {
    entries: VecDeque<TraceEntry>,
    written: u64,
    counts: TraceCounts,
}

impl TraceLog {
    pub(super) fn new(clock: Clock) -> Self {
        Self {
            clock,
            log: Arc::default(),
        }
    }

    pub(super) fn write(&self, message: &str, platform: Platform, step: TraceStep) {
        let at = self.clock.now();
        tracing::debug!(message, %platform, ?step, "push");
        let mut log = self.lock();
        log.written += 1;
        let count = match step {
            TraceStep::Received => &mut log.counts.received,
            TraceStep::Dropped(_) => &mut log.counts.dropped,
            TraceStep::Refused => &mut log.counts.refused,
            TraceStep::Delivered => &mut log.counts.delivered,
            TraceStep::Acknowledged(_) => &mut log.counts.acknowledged,
        };
        *count += 1;
        let number = log.written;
        if log.entries.len() == KEPT {
            log.entries.pop_front();
        }
        log.entries.push_back(TraceEntry {
            number,
            at,
            message: message.to_owned(),
            platform,
            step,
        });
    }

    /// How often each step happened since the start.
    #[must_use]
    pub fn counts(&self) -> TraceCounts {
        self.lock().counts
    }

    /// The latest entries, oldest first, at most 100,000.
    #[must_use]
    pub fn entries(&self) -> Vec<TraceEntry> {
        self.lock().entries.iter().cloned().collect()
    }

    /// The entries of one message, oldest first.
    #[must_use]
    pub fn of(&self, message: &str) -> Vec<TraceEntry> {
        let log = self.lock();
        let its = log.entries.iter().filter(|entry| entry.message == message);
        its.cloned().collect()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_stand_in_order_and_are_counted_beyond_what_is_kept() {
        let log = TraceLog::new(Clock::system());
        for _ in 0..KEPT {
            log.write("old", Platform::Wns, TraceStep::Delivered);
        }
        log.write("new", Platform::Wns, TraceStep::Received);
        log.write("new", Platform::Wns, TraceStep::Acknowledged(100));
        assert_eq!(log.entries().len(), KEPT);
        let steps: Vec<_> = log.of("new").iter().map(|entry| entry.step).collect();
        assert_eq!(steps, [TraceStep::Received, TraceStep::Acknowledged(100)]);
        assert_eq!(log.counts().delivered, KEPT as u64);
    }

    #[test]
    fn an_entry_names_its_rule() {
        let log = TraceLog::new(Clock::system());
        log.write("m", Platform::Wns, TraceStep::Dropped(DropRule::Offline));
        let json = serde_json::to_value(&log.entries()[0]).unwrap();
        assert_eq!(json["step"], "dropped");
        assert_eq!(json["reason"], "offline");
    }
}
