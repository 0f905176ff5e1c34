//! How often test sends are taken.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::emulator::hub::HubError;

/// The most test sends in a minute (Azure Notification Hubs: ten).
const MOST: usize = 10;
const MINUTE: Duration = Duration::from_secs(60);

/// When the last test sends were taken, at most ten of them.
#[derive(Debug, Default)]
pub(super) struct TestRate(Mutex<VecDeque<Instant>>);

impl TestRate {
    /// Counts a test send, if it is taken.
    ///
    /// # Errors
    /// [`HubError::TooOften`]
    pub(super) fn admit(&self) -> Result<(), HubError> {
        let now = Instant::now();
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if taken.len() >= MOST
            && let Some(first) = taken.front()
        {
            let wait = MINUTE.saturating_sub(now.duration_since(*first));
            if !wait.is_zero() {
                let seconds = wait.as_millis().div_ceil(1000);
                let seconds = u64::try_from(seconds).unwrap_or(u64::MAX);
                return Err(HubError::TooOften { seconds });
            }
            taken.pop_front();
        }
        taken.push_back(now);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn ten_are_taken_in_any_minute() {
        let rate = TestRate::default();
        let seconds = || match rate.admit() {
            Err(HubError::TooOften { seconds }) => seconds,
            taken => panic!("{taken:?}"),
        };
        rate.admit().unwrap();
        tokio::time::advance(Duration::from_secs(20)).await;
        for _ in 0..9 {
            rate.admit().unwrap();
        }
        assert_eq!(seconds(), 40);
        tokio::time::advance(Duration::from_millis(39_500)).await;
        assert_eq!(seconds(), 1);
        tokio::time::advance(Duration::from_millis(500)).await;
        rate.admit().unwrap();
        assert_eq!(seconds(), 20);
    }
}
