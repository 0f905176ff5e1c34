//! Whether every push has come to its end.

use std::collections::HashSet;

use tokio::time::Instant;

use super::{Lab, LabError};
use crate::emulator::{TraceEntry, TraceStep};
use crate::lifecycle::timeouts;

impl Lab {
    /// Waits until nothing is on its way any more.
    pub(super) async fn settle(&self) -> Result<(), LabError> {
        let deadline = Instant::now() + self.settle_within;
        loop {
            let verdict = self.verdict();
            if verdict.is_ok() || Instant::now() >= deadline {
                return verdict;
            }
            tokio::time::sleep(timeouts::LAB_LOOK).await;
        }
    }

    fn verdict(&self) -> Result<(), LabError> {
        let lost = unacknowledged(&self.services.trace().entries());
        if !lost.is_empty() {
            return Err(LabError::LostPushes(lost));
        }
        for station in self.stations().values() {
            // What a condition holds is where it belongs.
            let waiting = station.device().map_or(0, |device| {
                let waiting = device.inbox().waiting;
                waiting.saturating_sub(device.held())
            });
            if waiting > 0 {
                return Err(LabError::UnfinishedPushes {
                    phone: station.name().to_owned(),
                    waiting,
                    story: station.log.story(),
                });
            }
        }
        Ok(())
    }
}

/// The messages that a push service took and still has to get rid of, in their order.
fn unacknowledged(trace: &[TraceEntry]) -> Vec<String> {
    let ended: HashSet<&str> = trace
        .iter()
        .filter(|entry| match entry.step {
            TraceStep::Acknowledged(_) | TraceStep::Dropped(_) => true,
            TraceStep::Received | TraceStep::Refused | TraceStep::Delivered => false,
        })
        .map(|entry| entry.message.as_str())
        .collect();
    trace
        .iter()
        .filter(|entry| entry.step == TraceStep::Received)
        .filter(|entry| !ended.contains(entry.message.as_str()))
        .map(|entry| entry.message.clone())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::emulator::DropRule;
    use crate::model::Platform;
    use jiff::Timestamp;

    fn entry(message: &str, step: TraceStep) -> TraceEntry {
        TraceEntry {
            number: 1,
            at: Timestamp::UNIX_EPOCH,
            message: message.to_owned(),
            platform: Platform::Wns,
            step,
        }
    }

    #[test]
    fn what_was_received_must_be_acknowledged_or_dropped_by_a_rule() {
        let trace = [
            entry("acked", TraceStep::Received),
            entry("lost", TraceStep::Received),
            entry("lost", TraceStep::Delivered),
            entry("replaced", TraceStep::Received),
            entry("refused", TraceStep::Refused),
            entry("acked", TraceStep::Acknowledged(100)),
            entry("replaced", TraceStep::Dropped(DropRule::Superseded)),
        ];
        assert_eq!(unacknowledged(&trace), ["lost"]);
    }
}
