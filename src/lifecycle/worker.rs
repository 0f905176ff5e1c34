//! A thread of its own for calls that block.
//!
//! A keyring or a daemon may hang for good. Such a call never runs on a runtime worker nor in
//! tokio's blocking pool, where it would stall shutdown. It has this thread, a bounded queue and
//! a time-out; a thread that hangs is left behind and replaced, a few times.

use std::sync::mpsc::{self, SyncSender, TrySendError};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;

/// How many hung threads are left behind before the feature is off.
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
    /// Too many threads hung: the feature is off until [`Worker::revive`].
    #[error("{what} hung {MOST_REPLACEMENTS} times and is off until asked again")]
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
    hung: u32,
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
                self.lock().hung = 0;
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
        self.lock().hung = 0;
    }

    fn enqueue(&self, job: Job<S>) -> Result<u64, WorkerError> {
        let mut thread = self.lock();
        if thread.hung >= MOST_REPLACEMENTS {
            return Err(WorkerError::Off { what: self.what });
        }
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
        if hung {
            thread.hung += 1;
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Thread<S>> {
        self.thread.lock().unwrap_or_else(PoisonError::into_inner)
    }
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

    #[tokio::test]
    async fn after_three_hung_threads_the_feature_is_off_until_revived() {
        let worker = Worker::new("a daemon", || ());
        let mut releases = Vec::new();
        for _ in 0..MOST_REPLACEMENTS {
            let (release, held) = mpsc::channel::<()>();
            releases.push(release);
            worker
                .call(SHORT, move |()| held.recv().is_ok())
                .await
                .unwrap_err();
        }
        let off = worker.call(LIMIT, |()| 1).await;
        assert_eq!(off, Err(WorkerError::Off { what: "a daemon" }));
        worker.revive();
        assert_eq!(worker.call(LIMIT, |()| 1).await, Ok(1));
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
