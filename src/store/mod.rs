//! SQLite: opening, migrations, and the one writer that commits in groups.
//!
//! A [`Store`] owns a database on a thread of its own. Jobs that wait while a commit runs share
//! the next one, so a burst costs a few syncs instead of one each; a job's answer comes only once
//! it is durable (WAL, `synchronous=FULL`). Which tables there are, the rooms above decide.

mod error;
mod open;
mod writer;

pub use error::StoreError;
pub use open::{Location, Schema};

use std::sync::{Arc, PoisonError};

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use crate::lifecycle::timeouts;
use writer::{Call, Job, Nudge, Read, Staged};

/// How many jobs may wait; more wait for a place.
const QUEUE: usize = 1024;

/// A database with one writer. Cheap to clone; the last clone closes it.
#[derive(Clone)]
pub struct Store {
    jobs: mpsc::Sender<Box<dyn Job>>,
    staged: Staged,
    shown_path: Arc<str>,
    ended: Arc<oneshot::Receiver<()>>,
}

impl Store {
    /// Opens or creates a database, migrates it to `schema`, and starts its writer.
    ///
    /// # Errors
    /// [`StoreError`] with the path and a remedy: not a database, another program's, newer than
    /// this program, in use by another process, unreadable or unwritable.
    pub async fn open(location: Location, schema: Schema) -> Result<Self, StoreError> {
        let shown_path: Arc<str> = location.to_string().into();
        let (jobs, queue) = mpsc::channel(QUEUE);
        let (opened, opening) = oneshot::channel();
        let (end, ended) = oneshot::channel();
        let path = shown_path.clone();
        let staged = Staged::default();
        let to_writer = staged.clone();
        std::thread::Builder::new()
            .name("store".to_owned())
            .spawn(move || {
                match open::open(&location, &schema) {
                    Ok(connection) => {
                        opened.send(Ok(())).ok();
                        writer::run(&connection, queue, &to_writer, &path);
                        open::close(connection, &path);
                    }
                    Err(error) => {
                        opened.send(Err(error)).ok();
                    }
                }
                end.send(()).ok();
            })
            .map_err(|error| StoreError::Io {
                path: shown_path.to_string(),
                cause: error.to_string(),
            })?;
        let timed_out = || StoreError::TimedOut {
            path: shown_path.to_string(),
            limit: timeouts::STORE,
        };
        match tokio::time::timeout(timeouts::STORE, opening).await {
            Ok(Ok(opened)) => opened?,
            Ok(Err(_)) => return Err(StoreError::Closed),
            Err(_) => return Err(timed_out()),
        }
        Ok(Self {
            jobs,
            staged,
            shown_path,
            ended: Arc::new(ended),
        })
    }

    /// Runs `job` in the next group and returns once the group is durable. A job that fails is
    /// rolled back alone.
    ///
    /// # Errors
    /// [`StoreError`]; after a time-out a job that waited is not begun any more, and one that was
    /// under way may still be carried out.
    pub async fn write<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.enqueue(job, |_| (), true).await?.done().await
    }

    /// As [`Store::write`], but returns as soon as `job` has its place in the queue: it is carried
    /// out whether anybody waits for it or not, and what is begun after it is never durable before
    /// it, and often in the same group.
    ///
    /// # Errors
    /// [`StoreError`] when it has no place in time; then it is not begun.
    pub async fn begin<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<Underway<T>, StoreError> {
        self.enqueue(job, |_| (), false).await
    }

    /// As [`Store::begin`]; `then` is told the outcome, on the store's own thread and in the order
    /// of the jobs, whether anybody waits for it or not. It must be quick.
    ///
    /// # Errors
    /// [`StoreError`] when it has no place in time; then it is not begun, and `then` not told.
    pub async fn begin_then<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
        then: impl FnOnce(&Result<T, StoreError>) + Send + 'static,
    ) -> Result<Underway<T>, StoreError> {
        self.enqueue(job, then, false).await
    }

    /// As [`Store::begin_then`], but at once, and without waking the store's thread: that is done
    /// when the answer is dropped or [`Staging::done`] is asked for it. It is carried out before
    /// every job that is queued after it. None where too many are staged already.
    pub fn stage<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
        then: impl FnOnce(&Result<T, StoreError>) + Send + 'static,
    ) -> Option<Staging<T>> {
        let (call, underway) = self.call(job, then, false);
        let mut staged = self.staged.lock().unwrap_or_else(PoisonError::into_inner);
        if staged.len() >= QUEUE {
            return None;
        }
        staged.push_back(call);
        let nudge = Nudging(self.jobs.clone());
        Some(Staging { underway, nudge })
    }

    async fn enqueue<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
        then: impl FnOnce(&Result<T, StoreError>) + Send + 'static,
        for_caller: bool,
    ) -> Result<Underway<T>, StoreError> {
        let (call, underway) = self.call(job, then, for_caller);
        self.send(call, underway).await
    }

    fn call<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
        then: impl FnOnce(&Result<T, StoreError>) + Send + 'static,
        for_caller: bool,
    ) -> (Box<dyn Job>, Underway<T>) {
        let (answer, underway) = self.underway();
        let path = self.shown_path.clone();
        let call = Call {
            work,
            then,
            answer,
            path,
            for_caller,
        };
        (Box::new(call), underway)
    }

    fn underway<T>(&self) -> (oneshot::Sender<Result<T, StoreError>>, Underway<T>) {
        let (answer, wait) = oneshot::channel();
        let underway = Underway {
            wait,
            until: Instant::now() + timeouts::STORE,
            path: self.shown_path.clone(),
        };
        (answer, underway)
    }

    async fn send<T>(
        &self,
        call: Box<dyn Job>,
        underway: Underway<T>,
    ) -> Result<Underway<T>, StoreError> {
        match tokio::time::timeout_at(underway.until, self.jobs.send(call)).await {
            Ok(Ok(())) => Ok(underway),
            Ok(Err(_)) => Err(StoreError::Closed),
            Err(_) => Err(underway.timed_out()),
        }
    }

    /// Runs a job that only reads. It sees everything that was written before it, and waits for its
    /// turn as a write does: while the disk hangs it fails with [`StoreError::TimedOut`]. Where the
    /// writes beside it cannot be committed, it is run once more without them.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn read<T: Send + 'static>(
        &self,
        job: impl Fn(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (answer, underway) = self.underway();
        let path = self.shown_path.clone();
        let read = Read {
            work: job,
            answer,
            path,
        };
        self.send(Box::new(read), underway).await?.done().await
    }

    /// Where the database is, for people.
    #[must_use]
    pub fn shown_path(&self) -> &str {
        &self.shown_path
    }

    /// Gives this handle back; the last one waits until every job is done and the file closed.
    pub async fn close(self) {
        let Self { jobs, ended, .. } = self;
        drop(jobs);
        let Some(ended) = Arc::into_inner(ended) else {
            return;
        };
        // Without an answer in time the thread is left to end with the process.
        tokio::time::timeout(timeouts::STORE, ended).await.ok();
    }
}

/// A job that has its place in a store's queue.
#[derive(Debug)]
#[must_use = "whether it became durable is not known otherwise"]
pub struct Underway<T> {
    wait: oneshot::Receiver<Result<T, StoreError>>,
    until: Instant,
    path: Arc<str>,
}

impl<T> Underway<T> {
    /// Waits until the job's group is durable.
    ///
    /// # Errors
    /// As [`Store::write`].
    pub async fn done(mut self) -> Result<T, StoreError> {
        match tokio::time::timeout_at(self.until, &mut self.wait).await {
            Ok(done) => done.map_err(|_| StoreError::Closed)?,
            Err(_) => Err(self.timed_out()),
        }
    }

    fn timed_out(&self) -> StoreError {
        StoreError::TimedOut {
            path: self.path.to_string(),
            limit: timeouts::STORE,
        }
    }
}

/// A job that is staged: see [`Store::stage`].
#[must_use = "whether it became durable is not known otherwise"]
pub struct Staging<T> {
    underway: Underway<T>,
    nudge: Nudging,
}

impl<T> Staging<T> {
    /// Waits until the job's group is durable.
    ///
    /// # Errors
    /// As [`Store::write`].
    pub async fn done(self) -> Result<T, StoreError> {
        drop(self.nudge);
        self.underway.done().await
    }
}

impl<T> std::fmt::Debug for Staging<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Staging").finish_non_exhaustive()
    }
}

/// Wakes the store's thread when it is dropped.
struct Nudging(mpsc::Sender<Box<dyn Job>>);

impl Drop for Nudging {
    fn drop(&mut self) {
        // Where the queue is full, the thread is at work and finds what is staged.
        self.0.try_send(Box::new(Nudge)).ok();
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store")
            .field("path", &self.shown_path)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod trouble_tests;
