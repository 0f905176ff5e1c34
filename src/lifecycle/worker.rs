//! A thread of its own for calls that block.
//!
//! A keyring or a daemon may hang for good. Such a call never runs on a runtime worker nor in
//! tokio's blocking pool, where it would stall shutdown. It has this thread, a bounded queue and
//! a time-out; a thread that hangs is left behind and replaced, a few times. Then the feature is
//! off for a pause, after which one more thread is tried, and so on with longer pauses.

use std::sync::mpsc::{self, SyncSender, TrySendError};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::Instant;

use super::timeouts;

/// How many hung threads in a row are left behind before the feature is off for a while.
const MOST_REPLACEMENTS: u32 = 3;

/// How many calls may wait for the thread.
const QUEUE: usize = 64;

type Job<S> = Box<dyn FnOnce(&mut S) + Send>;

/// Why a call on a [`Worker`] brought no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WorkerError {
    /// The call did not return in time; its thread was left behind and is replaced.
    #[error("{what} did not answer within {} s", .limit.as_secs_f32())]
    TimedOut {
        /// What was called.
        what: &'static str,
        /// The time it had.
        limit: Duration,
    },
    /// Too many threads hung: the feature is off for a pause, or until [`Worker::revive`].
    #[error(
        "{what} hung {MOST_REPLACEMENTS} times and is left alone; it is tried again by itself after a while"
    )]
    Off {
        /// What was called.
        what: &'static str,
    },
    /// More calls wait than the queue holds.
    #[error("{what} is busy: {QUEUE} calls are waiting")]
    Busy {
        /// What was called.
        what: &'static str,
    },
    /// The call panicked or the thread could not be started.
    #[error("{what} failed inside handset; run with -vv for the cause")]
    Died {
        /// What was called.
        what: &'static str,
    },
}

/// A thread that owns a state `S` and runs calls on it, one after another.
pub struct Worker<S> {
    what: &'static str,
    fresh: fn() -> S,
    thread: Mutex<Thread<S>>,
}

struct Thread<S> {
    jobs: Option<SyncSender<Job<S>>>,
    generation: u64,
    /// How many hung in a row.
    hung: u32,
    off_until: Option<Instant>,
}

impl<S: 'static> Worker<S> {
    /// A worker for `what`; its thread starts at the first call, with the state that `fresh` makes.
    pub fn new(what: &'static str, fresh: fn() -> S) -> Self {
        Self {
            what,
            fresh,
            thread: Mutex::new(Thread {
                jobs: None,
                generation: 0,
                hung: 0,
                off_until: None,
            }),
        }
    }

    /// Runs `call` on the thread and waits for its answer, at most `limit`, the wait in the queue
    /// included.
    ///
    /// # Errors
    /// [`WorkerError`], whose text names what was called.
    pub async fn call<T: Send + 'static>(
        &self,
        limit: Duration,
        call: impl FnOnce(&mut S) -> T + Send + 'static,
    ) -> Result<T, WorkerError> {
        let (answer, wait) = oneshot::channel();
        let job: Job<S> = Box::new(move |state| {
            // A caller that gave up in the queue was told so: its call must not take effect later.
            if !answer.is_closed() {
                answer.send(call(state)).ok();
            }
        });
        let generation = self.enqueue(job)?;
        match tokio::time::timeout(limit, wait).await {
            Ok(Ok(value)) => {
                self.revive();
                Ok(value)
            }
            Ok(Err(_)) => {
                self.replace(generation, false);
                Err(WorkerError::Died { what: self.what })
            }
            Err(_) => {
                self.replace(generation, true);
                Err(WorkerError::TimedOut {
                    what: self.what,
                    limit,
                })
            }
        }
    }

    /// Forgets that threads hung: the next call starts a fresh one.
    pub fn revive(&self) {
        let mut thread = self.lock();
        thread.hung = 0;
        thread.off_until = None;
    }

    fn enqueue(&self, job: Job<S>) -> Result<u64, WorkerError> {
        let mut thread = self.lock();
        if thread.off_until.is_some_and(|until| Instant::now() < until) {
            return Err(WorkerError::Off { what: self.what });
        }
        // A pause that is over is on trial with one thread: if that hangs too, the next begins.
        thread.off_until = None;
        if thread.jobs.is_none() {
            thread.jobs = Some(self.start()?);
            thread.generation += 1;
        }
        let Some(jobs) = &thread.jobs else {
            return Err(WorkerError::Died { what: self.what });
        };
        match jobs.try_send(job) {
            Ok(()) => Ok(thread.generation),
            Err(TrySendError::Full(_)) => Err(WorkerError::Busy { what: self.what }),
            Err(TrySendError::Disconnected(_)) => {
                thread.jobs = None;
                Err(WorkerError::Died { what: self.what })
            }
        }
    }

    fn start(&self) -> Result<SyncSender<Job<S>>, WorkerError> {
        let (jobs, queue) = mpsc::sync_channel::<Job<S>>(QUEUE);
        let fresh = self.fresh;
        std::thread::Builder::new()
            .name(self.what.to_owned())
            .spawn(move || {
                let mut state = fresh();
                for job in queue {
                    job(&mut state);
                }
            })
            .map_err(|error| {
                tracing::error!(what = self.what, %error, "no thread could be started");
                WorkerError::Died { what: self.what }
            })?;
        Ok(jobs)
    }

    fn replace(&self, generation: u64, hung: bool) {
        let mut thread = self.lock();
        if thread.generation != generation || thread.jobs.is_none() {
            return;
        }
        thread.jobs = None;
        if !hung {
            return;
        }
        thread.hung = thread.hung.saturating_add(1);
        if let Some(pause) = pause_after(thread.hung) {
            thread.off_until = Some(Instant::now() + pause);
            tracing::warn!(
                what = self.what,
                seconds = pause.as_secs(),
                "it hung again and again and is left alone for a while"
            );
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Thread<S>> {
        self.thread.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How long the feature is off once so many threads hung in a row; none while there are
/// replacements left.
fn pause_after(hung: u32) -> Option<Duration> {
    let doublings = hung.checked_sub(MOST_REPLACEMENTS)?;
    let factor = 2_u32.saturating_pow(doublings);
    let pause = timeouts::HUNG_PAUSE.saturating_mul(factor);
    Some(pause.min(timeouts::HUNG_PAUSE_LONGEST))
}

impl<S> std::fmt::Debug for Worker<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Worker")
            .field("what", &self.what)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_secs(20);
    const SHORT: Duration = Duration::from_millis(20);

    #[tokio::test]
    async fn calls_run_in_order_on_one_state() {
        let worker = Worker::new("a counter", || 0_u32);
        for expected in 1..=3 {
            let count = worker
                .call(LIMIT, |n| {
                    *n += 1;
                    *n
                })
                .await;
            assert_eq!(count, Ok(expected));
        }
    }

    #[tokio::test]
    async fn a_hung_call_is_left_behind_and_the_next_one_answered() {
        let worker = Worker::new("a daemon", || ());
        let (_release, held) = mpsc::channel::<()>();
        let hung = worker.call(SHORT, move |()| held.recv().is_ok()).await;
        assert!(
            matches!(hung, Err(WorkerError::TimedOut { .. })),
            "{hung:?}"
        );
        assert_eq!(worker.call(LIMIT, |()| 7).await, Ok(7));
    }

    /// Calls that never return, until what this gives back is dropped.
    async fn hang(worker: &Worker<()>, times: u32) -> Vec<mpsc::Sender<()>> {
        let mut releases = Vec::new();
        for _ in 0..times {
            let (release, held) = mpsc::channel::<()>();
            releases.push(release);
            let hung = worker.call(SHORT, move |()| held.recv().is_ok()).await;
            assert!(
                matches!(hung, Err(WorkerError::TimedOut { .. })),
                "{hung:?}"
            );
        }
        releases
    }

    const OFF: Result<i32, WorkerError> = Err(WorkerError::Off { what: "a daemon" });

    #[tokio::test]
    async fn after_three_hung_threads_the_feature_is_off_until_revived() {
        let worker = Worker::new("a daemon", || ());
        let _hung = hang(&worker, MOST_REPLACEMENTS).await;
        assert_eq!(worker.call(LIMIT, |()| 1).await, OFF);
        worker.revive();
        assert_eq!(worker.call(LIMIT, |()| 1).await, Ok(1));
    }

    #[tokio::test]
    async fn what_is_off_is_tried_again_by_itself_after_longer_and_longer_pauses() {
        let worker = Worker::new("a daemon", || ());
        let mut hung = hang(&worker, MOST_REPLACEMENTS).await;
        tokio::time::pause();
        let mut pause = timeouts::HUNG_PAUSE;
        while pause < timeouts::HUNG_PAUSE_LONGEST {
            tokio::time::advance(pause - SHORT).await;
            assert_eq!(worker.call(LIMIT, |()| 1).await, OFF, "before {pause:?}");
            tokio::time::advance(SHORT).await;
            hung.extend(hang(&worker, 1).await);
            assert_eq!(worker.call(LIMIT, |()| 1).await, OFF, "after one trial");
            pause *= 2;
        }
        tokio::time::advance(timeouts::HUNG_PAUSE_LONGEST).await;
        tokio::time::resume();
        assert_eq!(worker.call(LIMIT, |()| 1).await, Ok(1));
        // What answers again has all its replacements again.
        hung.extend(hang(&worker, MOST_REPLACEMENTS - 1).await);
        assert_eq!(worker.call(LIMIT, |()| 1).await, Ok(1));
    }

    #[test]
    fn pauses_double_up_to_the_longest() {
        let pauses: Vec<_> = (1..=8)
            .map(|hung| pause_after(hung).map(|pause| pause.as_secs()))
            .collect();
        let expected = [
            None,
            None,
            Some(60),
            Some(120),
            Some(240),
            Some(480),
            Some(600),
            Some(600),
        ];
        assert_eq!(pauses, expected);
        assert_eq!(pause_after(u32::MAX), Some(timeouts::HUNG_PAUSE_LONGEST));
    }

    #[tokio::test]
    async fn a_call_that_was_given_up_in_the_queue_never_runs() {
        let worker = Worker::new("a daemon", || ());
        let (release, held) = mpsc::channel::<()>();
        let (ran, runs) = mpsc::channel();
        let (hung, queued) = tokio::join!(
            worker.call(SHORT, {
                let ran = ran.clone();
                move |()| {
                    held.recv().ok();
                    ran.send("hung").ok();
                }
            }),
            worker.call(SHORT, move |()| ran.send("queued").ok()),
        );
        assert!(hung.is_err() && queued.is_err());
        drop(release);
        let all: Vec<_> = runs.iter().collect();
        assert_eq!(all, ["hung"]);
    }

    #[tokio::test]
    async fn a_panicking_call_costs_only_itself() {
        let worker = Worker::new("a daemon", || ());
        let died: Result<(), _> = worker.call(LIMIT, |()| panic!("on purpose")).await;
        assert_eq!(died, Err(WorkerError::Died { what: "a daemon" }));
        assert_eq!(worker.call(LIMIT, |()| 1).await, Ok(1));
    }
}
