//! Time, as it is given to logic.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

/// Where a room reads the time of day. The system's clock in earnest; in tests one that follows
/// tokio's, so that paused time moves both.
#[derive(Debug, Clone, Default)]
pub struct Clock(Source);

#[derive(Debug, Clone, Default)]
enum Source {
    #[default]
    System,
    Simulated {
        start: Timestamp,
        since: Instant,
        /// Milliseconds that the clock was set forward or back.
        shift: Arc<AtomicI64>,
    },
}

impl Clock {
    /// The system's clock.
    #[must_use]
    pub fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that reads `start` now and moves with tokio's time, paused or not.
    #[must_use]
    pub fn simulated(start: Timestamp) -> Self {
        Self(Source::Simulated {
            start,
            since: Instant::now(),
            shift: Arc::default(),
        })
    }

    /// Sets a simulated clock, and every clone of it, forward or back, as a user or a time server
    /// would; the system's own clock is left alone.
    pub fn set_by(&self, jump: SignedDuration) {
        if let Source::Simulated { shift, .. } = &self.0 {
            let millis = i64::try_from(jump.as_millis()).unwrap_or(i64::MAX);
            shift.fetch_add(millis, Ordering::Relaxed);
        }
    }

    /// The time of day.
    #[must_use]
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that reads the system's clock"
    )]
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            Source::System => Timestamp::now(),
            Source::Simulated {
                start,
                since,
                shift,
            } => {
                let shift = SignedDuration::from_millis(shift.load(Ordering::Relaxed));
                after(*start, since.elapsed())
                    .saturating_add(shift)
                    .unwrap_or(Timestamp::MAX)
            }
        }
    }

    /// The time of day `delay` from now, at most the end of the calendar.
    #[must_use]
    pub fn after(&self, delay: Duration) -> Timestamp {
        after(self.now(), delay)
    }
}

fn after(start: Timestamp, delay: Duration) -> Timestamp {
    let delay = SignedDuration::try_from(delay).unwrap_or(SignedDuration::MAX);
    start.saturating_add(delay).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_simulated_clock_moves_with_paused_time() {
        let clock = Clock::simulated(Timestamp::UNIX_EPOCH);
        tokio::time::advance(Duration::from_secs(90)).await;
        assert_eq!(clock.now().as_second(), 90);
        assert_eq!(clock.after(Duration::from_secs(10)).as_second(), 100);
        assert_eq!(clock.after(Duration::MAX), Timestamp::MAX);
        clock.clone().set_by(SignedDuration::from_secs(-30));
        assert_eq!(clock.now().as_second(), 60);
    }
}
