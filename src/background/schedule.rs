//! When a timer is due, whatever happens to the clock.

use std::collections::HashMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

use super::TaskId;

/// The waits of timers. A timer is due when the clock says so, or when its interval has passed
/// since it was first seen, whichever is first: a clock that is set forward makes it run once, and
/// one that is set back does not hold it up.
#[derive(Debug, Default)]
pub(super) struct Timers {
    waits: HashMap<TaskId, Wait>,
}

#[derive(Debug)]
struct Wait {
    due: Timestamp,
    at_latest: Instant,
}

impl Timers {
    /// How long a timer that is due at `due` still waits; zero when it is due now.
    pub(super) fn wait(
        &mut self,
        id: TaskId,
        due: Timestamp,
        every: Duration,
        now: Timestamp,
    ) -> Duration {
        let by_clock = Duration::try_from(due.duration_since(now)).unwrap_or(Duration::ZERO);
        let fresh = || Wait {
            due,
            at_latest: Instant::now() + by_clock.min(every),
        };
        let wait = self.waits.entry(id).or_insert_with(fresh);
        if wait.due != due {
            *wait = fresh();
        }
        by_clock.min(wait.at_latest.duration_since(Instant::now()))
    }

    /// Begins anew: the timer has run, and may be due at the same time of a clock that was set back.
    pub(super) fn ran(&mut self, id: TaskId) {
        self.waits.remove(&id);
    }

    /// Forgets every timer but those that `keeps` names.
    pub(super) fn retain(&mut self, keeps: impl Fn(TaskId) -> bool) {
        self.waits.retain(|id, _| keeps(*id));
    }
}

/// When a timer that was due at `due` and has run is due next: one interval later, or, where that
/// is past or out of reach, one interval from now. What was missed is not made up for.
pub(super) fn next_due(due: Timestamp, every: Duration, now: Timestamp) -> Timestamp {
    let later = |from: Timestamp| {
        let every = SignedDuration::try_from(every).unwrap_or(SignedDuration::MAX);
        from.saturating_add(every).unwrap_or(Timestamp::MAX)
    };
    let next = later(due);
    let farthest = later(now);
    if next > now && next <= farthest {
        next
    } else {
        farthest
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::background::{TaskRegistration, Trigger};
    use crate::lifecycle::Clock;

    const EVERY: Duration = Duration::from_secs(900);
    const LOOK: Duration = Duration::from_secs(60);

    /// Looks at a timer each minute while the clock jumps; the times between its runs.
    async fn gaps(jumps: Vec<i64>) -> Vec<Duration> {
        let clock = Clock::simulated("2026-11-20T00:00:00Z".parse().unwrap());
        let id = TaskRegistration::new("t", "T", Trigger::RawPush).id;
        let (mut timers, mut due) = (Timers::default(), clock.after(EVERY));
        let (mut last, mut gaps) = (Instant::now(), Vec::new());
        for jump in jumps {
            let wait = timers.wait(id, due, EVERY, clock.now());
            tokio::time::advance(wait.min(LOOK)).await;
            if timers.wait(id, due, EVERY, clock.now()).is_zero() {
                gaps.push(last.elapsed());
                last = Instant::now();
                due = next_due(due, EVERY, clock.now());
                timers.ran(id);
            }
            clock.set_by(SignedDuration::from_secs(jump));
        }
        gaps
    }

    fn simulate(jumps: Vec<i64>) -> Vec<Duration> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(gaps(jumps))
    }

    #[test]
    fn a_steady_clock_gives_steady_runs() {
        assert_eq!(simulate(vec![0; 60]), [EVERY; 4]);
    }

    #[test]
    fn a_day_forward_is_one_run_and_a_day_back_is_no_pause() {
        let mut jumps = vec![0; 60];
        jumps[2] = 86_400;
        assert_eq!(simulate(jumps.clone())[0], 3 * LOOK);
        assert_eq!(simulate(jumps.clone())[1..], [EVERY; 3]);
        jumps[2] = -86_400;
        assert_eq!(simulate(jumps)[..3], [EVERY; 3]);
    }

    #[test]
    fn a_clock_set_back_by_just_one_interval_makes_no_run_twice() {
        let mut jumps = vec![0; 60];
        jumps[0] = -900;
        assert_eq!(simulate(jumps)[..3], [EVERY; 3]);
    }

    proptest! {
        #[test]
        fn jumps_of_the_clock_neither_stall_a_timer_nor_make_it_burst(
            jumps in prop::collection::vec(
                prop_oneof![8 => Just(0_i64), 1 => -100_000_i64..100_000], 1..200),
        ) {
            let forward = jumps.iter().filter(|jump| **jump > 0).count();
            let gaps = simulate(jumps);
            prop_assert!(gaps.iter().all(|gap| *gap <= EVERY), "{:?}", gaps);
            let early = gaps.iter().filter(|gap| **gap < EVERY).count();
            prop_assert!(early <= 2 * forward, "{} early for {} jumps", early, forward);
        }
    }
}
