//! A pass in simulated time.

use std::collections::{BTreeMap, HashMap};
use std::sync::Mutex;
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::emulator::hub::outcome::Outcome;
use crate::emulator::hub::rows::TargetRow;
use crate::emulator::hub::rows::progress::Progress;
use crate::emulator::hub::sends::page::Page;
use crate::emulator::hub::sends::pass::{Hands, MOST_UNWRITTEN, Pass, Stop};
use crate::lifecycle::timeouts;

const PAGE: i64 = 100;

/// A hub with devices of these numbers, each with what it answers and when.
struct Simulated<F> {
    devices: i64,
    answer: F,
    writing: Duration,
    written: Mutex<Progress>,
    posts: Mutex<HashMap<i64, usize>>,
}

impl<F: Fn(i64) -> (Duration, Outcome) + std::marker::Send + Sync> Simulated<F> {
    fn new(devices: i64, answer: F) -> Self {
        Self {
            devices,
            answer,
            writing: Duration::from_millis(5),
            written: Mutex::default(),
            posts: Mutex::default(),
        }
    }

    fn written(&self) -> Progress {
        self.written.lock().unwrap().clone()
    }

    async fn pass(&self, ending: &CancellationToken) -> Result<Progress, Stop> {
        let pass = Pass::new(self, ending, self.written());
        pass.run(Instant::now() + timeouts::HUB_SEND).await
    }

    fn posts(&self) -> usize {
        self.posts.lock().unwrap().values().sum()
    }
}

impl<F: Fn(i64) -> (Duration, Outcome) + std::marker::Send + Sync> Hands for Simulated<F> {
    async fn page(&self, after: i64) -> Result<Page, Stop> {
        tokio::time::sleep(Duration::from_millis(1)).await;
        let last = self.devices.min(after + PAGE);
        let targets = (after + 1..=last).map(|id| TargetRow {
            id,
            registration: format!("r{id}"),
            platform: HubPlatform::FcmV1,
            handle: handle(&format!("h{id}")),
            variables: BTreeMap::new(),
            template: None,
        });
        Ok(Page {
            targets: targets.collect(),
            next: (last < self.devices).then_some(last),
        })
    }

    async fn post(&self, is_new: bool, to: &TargetRow) -> Outcome {
        assert!(is_new);
        *self.posts.lock().unwrap().entry(to.id).or_default() += 1;
        let (after, outcome) = (self.answer)(to.id);
        tokio::time::sleep(after).await;
        outcome
    }

    async fn write(&self, progress: Progress, _gone: Vec<Handle>) -> Result<(), Stop> {
        tokio::time::sleep(self.writing).await;
        *self.written.lock().unwrap() = progress;
        Ok(())
    }
}

fn counted(progress: &Progress) -> u64 {
    let counts = progress.counts.clone().into_map();
    counts.values().flat_map(BTreeMap::values).sum()
}

#[tokio::test(start_paused = true)]
async fn a_device_that_is_busy_holds_up_itself_alone() {
    const DEVICES: i64 = 30_000;
    // One in each page: as long as a push service may be busy.
    let hub = Simulated::new(DEVICES, |id| {
        let busy = id % PAGE == 7;
        let after = Duration::from_millis(if busy { 10_000 } else { 3 });
        (after, Outcome::Success)
    });
    let begun = Instant::now();
    let progress = hub.pass(&CancellationToken::new()).await.unwrap();
    assert_eq!(counted(&progress), DEVICES.unsigned_abs());
    assert_eq!(progress, hub.written());
    assert!(progress.unanswered.is_empty());
    let pages = u32::try_from(DEVICES / PAGE).unwrap();
    let one_by_one = Duration::from_secs(10) * pages;
    assert!(begun.elapsed() * 10 < one_by_one, "{:?}", begun.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_send_that_is_cut_off_anywhere_misses_nobody_and_repeats_few() {
    const DEVICES: i64 = 1000;
    const CUTS: u64 = 40;
    let hub = Simulated::new(DEVICES, |id| {
        let slow = id % 90 == 5;
        let after = if slow { 2000 } else { id * 7919 % 40 };
        let outcome = [Outcome::Success, Outcome::ChannelThrottled][usize::from(slow)];
        (Duration::from_millis(after.unsigned_abs()), outcome)
    });
    let mut cuts = 0;
    let progress = loop {
        let ending = CancellationToken::new();
        let pass = hub.pass(&ending);
        if cuts == CUTS {
            break pass.await.unwrap();
        }
        let until = Duration::from_millis(20 + cuts * 31 % 400);
        match tokio::time::timeout(until, pass).await {
            Ok(progress) => break progress.unwrap(),
            Err(_) => cuts += 1,
        }
    };
    assert!(cuts > 5, "{cuts}");
    assert_eq!(counted(&progress), DEVICES.unsigned_abs());
    assert_eq!(hub.posts.lock().unwrap().len(), 1000, "each was posted to");
    let repeated = hub.posts() - 1000;
    let most = usize::try_from(cuts).unwrap() * MOST_UNWRITTEN;
    assert!(repeated <= most, "{repeated} in {cuts} cuts");
}

#[tokio::test(start_paused = true)]
async fn a_store_that_is_busy_bounds_what_could_be_repeated() {
    let mut hub = Simulated::new(1000, |_| (Duration::ZERO, Outcome::Success));
    hub.writing = Duration::from_secs(3600);
    let ending = CancellationToken::new();
    let cut = tokio::time::timeout(Duration::from_secs(60), hub.pass(&ending)).await;
    assert!(cut.is_err());
    assert_eq!(hub.posts(), MOST_UNWRITTEN);
}

#[tokio::test(start_paused = true)]
async fn the_end_of_the_services_leaves_what_is_not_answered_for_the_next_start() {
    let hub = Simulated::new(10, |id| match id {
        3 => (Duration::from_secs(600), Outcome::Success),
        // So it looks when the embedded push services end.
        4 => (Duration::from_secs(2), Outcome::PnsUnreachable),
        5 => (Duration::from_secs(2), Outcome::Success),
        _ => (Duration::ZERO, Outcome::Success),
    });
    let ending = CancellationToken::new();
    let begun = Instant::now();
    let end = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        ending.cancel();
    };
    let (ended, ()) = tokio::join!(hub.pass(&ending), end);
    assert_eq!(ended.unwrap_err(), Stop::Shutdown);
    assert!(begun.elapsed() < timeouts::HUB_GOODBYE + Duration::from_secs(2));
    let written = hub.written();
    assert_eq!((counted(&written), written.cursor), (8, 10));
    assert_eq!(written.unanswered, [3, 4].into());
    let again = hub.pass(&CancellationToken::new()).await.unwrap();
    assert_eq!((counted(&again), hub.posts()), (10, 12));
}

#[tokio::test(start_paused = true)]
async fn what_takes_too_long_is_given_up_and_what_was_answered_is_known() {
    let hub = Simulated::new(100_000, |_| (Duration::from_secs(10), Outcome::Throttled));
    let begun = Instant::now();
    let ended = hub.pass(&CancellationToken::new()).await;
    assert_eq!(ended.unwrap_err(), Stop::Abandoned);
    assert!(begun.elapsed() < timeouts::HUB_SEND + Duration::from_secs(20));
    let written = hub.written();
    assert_eq!(counted(&written), written.cursor.unsigned_abs());
    assert_eq!(hub.posts(), usize::try_from(written.cursor).unwrap());
    assert!(written.cursor > 5000, "{}", written.cursor);
}
