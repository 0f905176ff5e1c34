//! What the platform let through lately, which its rules count.

use std::collections::VecDeque;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::background::inbox::EntryId;

/// How many wakes are remembered at most: above what any rule counts.
const MOST: usize = 4096;

/// A task that was woken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wake {
    /// For which push.
    pub entry: EntryId,
    /// When.
    pub at: Timestamp,
    /// The user was shown something for it.
    pub shown: bool,
}

/// The wakes that count, the oldest first. It is derived from the journal at start, so that a
/// restart does not reset it; what the journal has pruned no longer counts.
#[derive(Debug, Clone, Default)]
pub struct Ledger {
    wakes: VecDeque<Wake>,
}

impl Ledger {
    /// Over which time high-priority messages are judged (Firebase).
    pub const LONGEST: Duration = Duration::from_secs(7 * 24 * 3600);

    /// The ledger of these wakes, the oldest first.
    #[must_use]
    pub fn new(wakes: Vec<Wake>) -> Self {
        let mut ledger = Self::default();
        for wake in wakes {
            ledger.note(wake);
        }
        ledger
    }

    /// Counts one more.
    pub fn note(&mut self, wake: Wake) {
        self.wakes.push_back(wake);
        if self.wakes.len() > MOST {
            self.wakes.pop_front();
        }
    }

    /// The user was shown something for `entry` after all.
    pub fn shown(&mut self, entry: EntryId) {
        let wake = self.wakes.iter_mut().rev().find(|wake| wake.entry == entry);
        if let Some(wake) = wake {
            wake.shown = true;
        }
    }

    /// When fewer than `most` wakes lie within `window`; none where that is so now.
    #[must_use]
    pub fn free_at(&self, now: Timestamp, window: Duration, most: usize) -> Option<Timestamp> {
        let window = SignedDuration::try_from(window).unwrap_or(SignedDuration::MAX);
        let counted = self.within(now, window).count();
        let surplus = counted.checked_sub(most)?;
        let ends = self.within(now, window).map(|wake| {
            let end = wake.at.saturating_add(window);
            end.unwrap_or(Timestamp::MAX)
        });
        // With no wake allowed at all there is none whose end would help.
        let mut ends: Vec<_> = ends.collect();
        ends.sort_unstable();
        Some(ends.get(surplus).copied().unwrap_or(Timestamp::MAX))
    }

    /// Whether at least `least` wakes of the last seven days showed the user nothing, and more
    /// than those that did.
    #[must_use]
    pub fn is_unseen_pattern(&self, now: Timestamp, least: usize) -> bool {
        let window = SignedDuration::try_from(Self::LONGEST).unwrap_or(SignedDuration::MAX);
        let (seen, unseen) =
            self.within(now, window)
                .fold((0, 0), |(seen, unseen), wake| match wake.shown {
                    true => (seen + 1, unseen),
                    false => (seen, unseen + 1),
                });
        unseen >= least.max(1) && unseen > seen
    }

    /// Wakes in the future are those of a clock that was set back since: they do not count.
    fn within(&self, now: Timestamp, window: SignedDuration) -> impl Iterator<Item = &Wake> {
        self.wakes
            .iter()
            .filter(move |wake| wake.at <= now && now.duration_since(wake.at) < window)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn ledger(seconds: &[i64]) -> Ledger {
        let wake = |&second: &i64| Wake {
            entry: second,
            at: at(second),
            shown: false,
        };
        Ledger::new(seconds.iter().map(wake).collect())
    }

    const HOUR: Duration = Duration::from_secs(3600);

    #[test]
    fn the_window_slides() {
        let ledger = ledger(&[0, 100, 200]);
        assert_eq!(ledger.free_at(at(300), HOUR, 3), Some(at(3600)));
        assert_eq!(ledger.free_at(at(300), HOUR, 2), Some(at(3700)));
        assert_eq!(ledger.free_at(at(300), HOUR, 4), None);
        assert_eq!(ledger.free_at(at(3600), HOUR, 3), None);
        assert_eq!(ledger.free_at(at(300), HOUR, 0), Some(Timestamp::MAX));
    }

    #[test]
    fn a_clock_that_is_set_back_frees_the_window() {
        assert_eq!(ledger(&[5000, 5001]).free_at(at(10), HOUR, 1), None);
    }

    #[test]
    fn a_pattern_needs_many_and_more_unseen_than_seen() {
        let mut ledger = ledger(&[1, 2, 3, 4]);
        assert!(ledger.is_unseen_pattern(at(10), 4));
        assert!(!ledger.is_unseen_pattern(at(10), 5));
        assert!(!ledger.is_unseen_pattern(at(8 * 24 * 3600), 4));
        ledger.shown(1);
        ledger.shown(2);
        assert!(!ledger.is_unseen_pattern(at(10), 2));
    }

    #[test]
    fn it_stays_bounded() {
        let mut ledger = ledger(&[]);
        for second in 0..10_000 {
            ledger.note(Wake {
                entry: second,
                at: at(second),
                shown: false,
            });
        }
        assert_eq!(ledger.wakes.len(), MOST);
    }
}
