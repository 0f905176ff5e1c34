//! Throttling: so many pushes to one handle in so much time, for real.
//!
//! Off unless asked for: the platforms' own numbers are for people's phones (Firebase documents 240
//! messages a minute to one device, the others none), and a test that pushes thousands a second to
//! one phone is not to run into them by surprise.

use std::collections::HashMap;
use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::SignedDuration;

use crate::lifecycle::Clock;
use crate::model::Invalid;

/// The most handles that are counted at once; beyond that the one that was least used is forgotten.
const MOST: usize = 16_384;

/// The longest time that is counted over.
const LONGEST: Duration = Duration::from_secs(24 * 3600);

/// How many pushes one handle takes in how much time. They may come all at once; after that one
/// more is taken whenever its share of the time has passed.
///
/// ```
/// use handset::emulator::PerHandleRate;
///
/// let rate: PerHandleRate = "240/1m".parse()?;
/// assert_eq!(rate.to_string(), "240/1m");
/// # Ok::<(), handset::model::Invalid>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PerHandleRate {
    pushes: NonZeroU32,
    per: Duration,
}

impl PerHandleRate {
    /// So many pushes in so much time.
    ///
    /// # Errors
    /// [`Invalid`] for none, or a time that is not between a second and a day.
    pub fn new(pushes: u32, per: Duration) -> Result<Self, Invalid> {
        let bad = |problem: &str| Invalid::new("rate", problem);
        let pushes = NonZeroU32::new(pushes).ok_or_else(|| bad("needs one push at least"))?;
        if per < Duration::from_secs(1) || per > LONGEST {
            return Err(bad("needs a time between a second and a day"));
        }
        Ok(Self { pushes, per })
    }

    /// How many milliseconds stand between two pushes when all the time is used.
    fn share(self) -> f64 {
        self.per.as_secs_f64() * 1000.0 / f64::from(self.pushes.get())
    }
}

impl FromStr for PerHandleRate {
    type Err = Invalid;

    /// Reads `240/1m`.
    fn from_str(text: &str) -> Result<Self, Invalid> {
        let bad = || Invalid::new("rate", "must be pushes per time, such as 240/1m");
        let (pushes, per) = text.split_once('/').ok_or_else(bad)?;
        let digits = pushes.bytes().all(|byte| byte.is_ascii_digit());
        let pushes = digits.then(|| pushes.parse().ok()).flatten();
        let per: SignedDuration = per.parse().map_err(|_| bad())?;
        let per = Duration::try_from(per).map_err(|_| bad())?;
        Self::new(pushes.ok_or_else(bad)?, per)
    }
}

impl fmt::Display for PerHandleRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let per = SignedDuration::try_from(self.per).unwrap_or(SignedDuration::MAX);
        write!(f, "{}/{per:#}", self.pushes)
    }
}

/// Counts pushes by handle. Cheap to clone.
#[derive(Debug, Clone)]
pub(in crate::emulator) struct Throttle {
    rate: Option<PerHandleRate>,
    clock: Clock,
    /// For each handle, in milliseconds since 1970, when all it took would have been taken at the
    /// steady rate.
    busy_until: Arc<Mutex<HashMap<i64, f64>>>,
}

/// Too many pushes came; after so many seconds one more is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Throttled(pub(super) u64);

impl Throttle {
    pub(in crate::emulator) fn new(rate: Option<PerHandleRate>, clock: Clock) -> Self {
        Self {
            rate,
            clock,
            busy_until: Arc::default(),
        }
    }

    /// Counts a push to the handle with this number, if it is taken.
    pub(super) fn admit(&self, handle: i64) -> Result<(), Throttled> {
        let Some(rate) = self.rate else {
            return Ok(());
        };
        #[expect(clippy::cast_precision_loss, reason = "milliseconds since 1970 fit")]
        let now = self.clock.now().as_millisecond() as f64;
        let (whole, share) = (rate.per.as_secs_f64() * 1000.0, rate.share());
        let mut busy_until = self
            .busy_until
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        // A clock that was set back must not throttle for longer than the rate's own time.
        let busy = busy_until.get(&handle).copied().unwrap_or(now);
        let busy = busy.clamp(now, now + whole);
        let after = busy + share;
        // Less than a microsecond is what the fractions lost.
        let late = after - (now + whole) - 0.001;
        if late > 0.0 {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "it is more than none and at most a day"
            )]
            let seconds = (late / 1000.0).ceil() as u64;
            busy_until.insert(handle, busy);
            return Err(Throttled(seconds.max(1)));
        }
        if busy_until.len() >= MOST && !busy_until.contains_key(&handle) {
            make_room(&mut busy_until, now);
        }
        busy_until.insert(handle, after);
        Ok(())
    }
}

/// Forgets handles that may take a whole burst again, or else the one that comes nearest.
fn make_room(busy_until: &mut HashMap<i64, f64>, now: f64) {
    busy_until.retain(|_, busy| *busy > now);
    if busy_until.len() >= MOST {
        let least = busy_until.iter().min_by(|a, b| a.1.total_cmp(b.1));
        if let Some(handle) = least.map(|(handle, _)| *handle) {
            busy_until.remove(&handle);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;

    fn throttle(rate: &str) -> (Throttle, Clock) {
        let clock = Clock::simulated(Timestamp::from_second(1_800_000_000).unwrap());
        let throttle = Throttle::new(Some(rate.parse().unwrap()), clock.clone());
        (throttle, clock)
    }

    #[tokio::test(start_paused = true)]
    async fn a_burst_is_taken_and_then_one_for_each_share_of_the_time() {
        let (throttle, clock) = throttle("6/1m");
        for _ in 0..6 {
            assert_eq!(throttle.admit(1), Ok(()));
        }
        assert_eq!(throttle.admit(1), Err(Throttled(10)));
        assert_eq!(throttle.admit(2), Ok(()), "each handle has its own");
        tokio::time::advance(Duration::from_secs(9)).await;
        assert_eq!(throttle.admit(1), Err(Throttled(1)));
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(throttle.admit(1), Ok(()));
        assert_eq!(throttle.admit(1), Err(Throttled(10)));
        clock.set_by(SignedDuration::from_hours(-48));
        assert_eq!(throttle.admit(1), Err(Throttled(10)));
        tokio::time::advance(Duration::from_secs(60)).await;
        for _ in 0..6 {
            assert_eq!(throttle.admit(1), Ok(()));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_number_of_counted_handles_is_bounded() {
        let (throttle, _) = throttle("1/1h");
        for handle in 0..20_000 {
            assert_eq!(throttle.admit(handle), Ok(()));
            tokio::time::advance(Duration::from_millis(1)).await;
        }
        assert_eq!(throttle.busy_until.lock().unwrap().len(), MOST);
        assert!(throttle.admit(19_999).is_err());
        tokio::time::advance(Duration::from_secs(3700)).await;
        assert_eq!(throttle.admit(0), Ok(()));
        assert_eq!(throttle.busy_until.lock().unwrap().len(), 1);
    }

    #[test]
    fn rates_are_written_as_pushes_per_time() {
        for text in ["240/1m", "1/1s", "5000/1h"] {
            assert_eq!(text.parse::<PerHandleRate>().unwrap().to_string(), text);
        }
        for junk in [
            "", "240", "0/1m", "-1/1m", "+1/1m", "1/0s", "1/25h", "1/-1m", "x/y",
        ] {
            assert!(junk.parse::<PerHandleRate>().is_err(), "{junk}");
        }
    }
}
