//! A pass over the devices of a send. The next posts are begun while others are waited for, over the
//! ends of pages, so that a device that is busy, or a host that is away, holds up nobody else.
//!
//! The outcomes come in any order: a cursor tells up to which device posts were begun, and a short
//! list which of these were not answered. After a crash both are gone on with, and the devices that
//! get a notification twice are [`MOST_UNWRITTEN`] at most.

use std::collections::VecDeque;

use futures_util::future::OptionFuture;
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::emulator::hub::outcome::Outcome;
use crate::emulator::hub::rows::TargetRow;
use crate::emulator::hub::rows::progress::Progress;
use crate::lifecycle::timeouts;
use crate::model::Handle;

use super::page::{Met, Page};

/// How many posts of one send are under way at once.
const AT_ONCE: usize = 32;

/// How many devices may be posted to whose outcome is not written down yet.
pub(super) const MOST_UNWRITTEN: usize = 100;

/// How many outcomes are written down without waiting for more.
const ENOUGH: usize = 50;

/// Why a message is not carried on with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    /// The services end; it goes on at the next start.
    Shutdown,
    /// It took too long, or cannot be read.
    Abandoned,
}

/// What a pass asks of the hub.
pub(super) trait Hands: Sync {
    /// Reads the page behind the device with this number.
    fn page(&self, after: i64) -> impl Future<Output = Result<Page, Stop>> + Send;

    /// Posts to one device, which was met before where `is_new` is false.
    fn post(&self, is_new: bool, to: &TargetRow) -> impl Future<Output = Outcome> + Send;

    /// Writes down how far the send is, and forgets handles that turned out to be none.
    fn write(
        &self,
        progress: Progress,
        gone: Vec<Handle>,
    ) -> impl Future<Output = Result<(), Stop>> + Send;
}

/// One pass, from where `progress` says on.
pub(super) struct Pass<'a, H> {
    hands: &'a H,
    /// The services end.
    ending: &'a CancellationToken,
    progress: Progress,
    met: Met,
    /// Read and not begun, each with whether it was met for the first time.
    waiting: VecDeque<(bool, TargetRow)>,
    /// Behind which number the next page begins; none where there is none.
    next: Option<i64>,
    unwritten: Unwritten,
    stop: Option<Stop>,
}

/// What was answered and is not written down.
#[derive(Default)]
struct Unwritten {
    outcomes: usize,
    /// Those of them that are being written.
    on_their_way: usize,
    gone: Vec<Handle>,
    /// When what is not on its way is to be, at the latest.
    due: Option<Instant>,
}

impl<'a, H: Hands> Pass<'a, H> {
    pub(super) fn new(hands: &'a H, ending: &'a CancellationToken, progress: Progress) -> Self {
        Self {
            hands,
            ending,
            progress,
            met: Met::default(),
            waiting: VecDeque::new(),
            next: Some(0),
            unwritten: Unwritten::default(),
            stop: None,
        }
    }

    /// Posts to every device that is not known to have it, until this time at most; how far it came.
    ///
    /// # Errors
    /// [`Stop`] where it did not come to the end. What was answered is written down all the same.
    pub(super) async fn run(mut self, until: Instant) -> Result<Progress, Stop> {
        let mut posts = FuturesUnordered::new();
        let (mut reading, mut writing) = (None, None);
        let (mut limit, mut is_ending) = (std::pin::pin!(sleep_until(until)), false);
        loop {
            while let Some((is_new, target)) = self.begin(posts.len()) {
                let hands = self.hands;
                posts.push(async move {
                    let outcome = hands.post(is_new, &target).await;
                    (target, outcome)
                });
            }
            if reading.is_none() && self.waiting.len() < AT_ONCE {
                let page = self.next.take().map(|after| self.hands.page(after));
                reading = page.map(Box::pin);
            }
            let is_last = posts.is_empty() && reading.is_none() && self.waiting.is_empty();
            if writing.is_none() && self.unwritten.is_due(is_last) {
                let gone = self.unwritten.take();
                writing = Some(Box::pin(self.hands.write(self.progress.clone(), gone)));
            }
            if is_last && writing.is_none() {
                return self.stop.map_or(Ok(self.progress), Err);
            }
            let due = OptionFuture::from(self.unwritten.due.map(sleep_until));
            tokio::select! {
                Some((target, outcome)) = posts.next() => self.answered(target, outcome),
                Some(page) = OptionFuture::from(reading.as_mut()) => {
                    reading = None;
                    self.read(page);
                }
                Some(written) = OptionFuture::from(writing.as_mut()) => {
                    writing = None;
                    self.unwritten.written();
                    written?;
                }
                Some(()) = due, if writing.is_none() => {}
                () = self.ending.cancelled(), if !is_ending => {
                    (reading, is_ending) = (None, true);
                    self.stop(Stop::Shutdown);
                    limit.as_mut().reset(Instant::now() + timeouts::HUB_GOODBYE);
                }
                () = &mut limit, if self.stop.is_none() || (is_ending && !posts.is_empty()) => {
                    reading = None;
                    if is_ending {
                        // They stay unanswered.
                        posts.clear();
                    } else {
                        self.stop(Stop::Abandoned);
                    }
                }
            }
        }
    }

    /// The next device to post to, beside so many others.
    fn begin(&mut self, under_way: usize) -> Option<(bool, TargetRow)> {
        if under_way >= AT_ONCE || under_way + self.unwritten.outcomes >= MOST_UNWRITTEN {
            return None;
        }
        let (is_new, target) = self.waiting.pop_front()?;
        self.progress.cursor = self.progress.cursor.max(target.id);
        self.progress.unanswered.insert(target.id);
        Some((is_new, target))
    }

    /// Takes a page in. What was reached before a restart is walked over again, to know whom it
    /// reached.
    fn read(&mut self, page: Result<Page, Stop>) {
        let page = match page {
            Ok(page) => page,
            Err(stop) => return self.stop(stop),
        };
        self.next = page.next;
        for target in page.targets {
            let is_new = self.met.is_new(&target);
            let Progress {
                cursor, unanswered, ..
            } = &self.progress;
            if target.id > *cursor || unanswered.contains(&target.id) {
                self.waiting.push_back((is_new, target));
            }
        }
    }

    fn answered(&mut self, target: TargetRow, outcome: Outcome) {
        let is_away = matches!(outcome, Outcome::PnsUnreachable | Outcome::PnsUnavailable);
        if is_away && self.ending.is_cancelled() {
            // The embedded push services end at the same time: it stays unanswered.
            return;
        }
        self.progress.unanswered.remove(&target.id);
        self.progress.counts.add(target.platform, outcome);
        let gone = outcome.is_gone().then_some(target.handle.text);
        self.unwritten.add(gone);
    }

    /// Begins nothing any more.
    fn stop(&mut self, stop: Stop) {
        self.stop = Some(stop);
        self.waiting.clear();
        self.next = None;
    }
}

impl Unwritten {
    fn add(&mut self, gone: Option<Handle>) {
        self.outcomes += 1;
        self.gone.extend(gone);
        self.due
            .get_or_insert_with(|| Instant::now() + timeouts::HUB_COMMIT);
    }

    fn is_due(&self, is_last: bool) -> bool {
        let waiting = self.outcomes - self.on_their_way;
        let is_time = self.due.is_some_and(|due| due <= Instant::now());
        waiting >= ENOUGH || (waiting > 0 && (is_last || is_time))
    }

    fn take(&mut self) -> Vec<Handle> {
        self.on_their_way = self.outcomes;
        self.due = None;
        std::mem::take(&mut self.gone)
    }

    fn written(&mut self) {
        self.outcomes -= self.on_their_way;
        self.on_their_way = 0;
    }
}
