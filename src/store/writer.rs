//! The thread that runs jobs and commits them in groups.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use tokio::sync::mpsc::Receiver;
use tokio::sync::oneshot;

use super::StoreError;

/// How many jobs share a commit at most, so that the first does not wait for long.
const GROUP: usize = 512;

/// Whether the group of a job became durable.
type Committed = Result<(), StoreError>;

/// Waits for the group's commit to answer a caller.
type Completion = Box<dyn FnOnce(Committed, &Connection)>;

/// A job that was run and awaits the commit.
pub(super) struct Done {
    complete: Completion,
    /// Why it failed, if it did.
    failed: Option<StoreError>,
}

/// Work for the writer's thread.
pub(super) trait Job: Send {
    /// Does the work inside the group's transaction; none when nobody waits for it any more. A
    /// caller that gave up was told so: what it asked for must not be begun afterwards.
    fn run(self: Box<Self>, connection: &Connection) -> Option<Done>;
    /// There is no transaction to do the work in: answers so, or does without one.
    fn refuse(self: Box<Self>, error: StoreError, connection: &Connection);
}

/// A job with the caller that waits for it.
pub(super) struct Call<T, F, G> {
    pub(super) work: F,
    /// Is told the outcome before the caller is.
    pub(super) then: G,
    pub(super) answer: oneshot::Sender<Result<T, StoreError>>,
    pub(super) path: Arc<str>,
    /// Whether it is of use to nobody once its caller is gone.
    pub(super) for_caller: bool,
}

impl<T, F, G> Job for Call<T, F, G>
where
    T: Send + 'static,
    F: FnOnce(&Connection) -> rusqlite::Result<T> + Send,
    G: FnOnce(&Result<T, StoreError>) + Send + 'static,
{
    fn run(self: Box<Self>, connection: &Connection) -> Option<Done> {
        let Self {
            work,
            then,
            answer,
            path,
            for_caller,
        } = *self;
        if for_caller && answer.is_closed() {
            return None;
        }
        let result =
            in_savepoint(connection, work).map_err(|error| StoreError::from_sqlite(&path, &error));
        Some(Done {
            failed: result.as_ref().err().cloned(),
            complete: Box::new(move |committed, _| {
                let outcome = committed.and(result);
                then(&outcome);
                // The caller may have timed out: then nobody reads the answer.
                answer.send(outcome).ok();
            }),
        })
    }

    fn refuse(self: Box<Self>, error: StoreError, _: &Connection) {
        let outcome = Err(error);
        (self.then)(&outcome);
        self.answer.send(outcome).ok();
    }
}

/// A job that only reads: what becomes of the writes in its group is nothing to it.
pub(super) struct Read<T, F> {
    pub(super) work: F,
    pub(super) answer: oneshot::Sender<Result<T, StoreError>>,
    pub(super) path: Arc<str>,
}

impl<T, F> Read<T, F>
where
    F: Fn(&Connection) -> rusqlite::Result<T>,
{
    /// Reads outside of any group.
    fn alone(self, connection: &Connection) {
        let result = catch_unwind(AssertUnwindSafe(|| (self.work)(connection)))
            .unwrap_or(Err(rusqlite::Error::UnwindingPanic))
            .map_err(|error| StoreError::from_sqlite(&self.path, &error));
        self.answer.send(result).ok();
    }
}

impl<T, F> Job for Read<T, F>
where
    T: Send + 'static,
    F: Fn(&Connection) -> rusqlite::Result<T> + Send + 'static,
{
    fn run(self: Box<Self>, connection: &Connection) -> Option<Done> {
        if self.answer.is_closed() {
            return None;
        }
        let result = in_savepoint(connection, |connection| (self.work)(connection))
            .map_err(|error| StoreError::from_sqlite(&self.path, &error));
        Some(Done {
            failed: result.as_ref().err().cloned(),
            complete: Box::new(move |committed, connection| match committed.and(result) {
                Ok(read) => {
                    self.answer.send(Ok(read)).ok();
                }
                // It may have seen what was then undone, or failed in a transaction that a write
                // had spoiled.
                Err(_) => self.alone(connection),
            }),
        })
    }

    fn refuse(self: Box<Self>, _: StoreError, connection: &Connection) {
        self.alone(connection);
    }
}

/// Wakes the writer for what is staged.
pub(super) struct Nudge;

impl Job for Nudge {
    fn run(self: Box<Self>, _: &Connection) -> Option<Done> {
        None
    }

    fn refuse(self: Box<Self>, _: StoreError, _: &Connection) {}
}

/// Jobs that are carried out before whatever is queued after them.
pub(super) type Staged = Arc<Mutex<VecDeque<Box<dyn Job>>>>;

/// Runs jobs until every sender is gone.
pub(super) fn run(
    connection: &Connection,
    mut queue: Receiver<Box<dyn Job>>,
    staged: &Staged,
    path: &str,
) {
    // A job that was taken out of the queue and has to wait for what was staged before it.
    let mut taken = None;
    while let Some(job) = taken.take().or_else(|| queue.blocking_recv()) {
        taken = Some(job);
        if let Err(error) = connection.execute_batch("BEGIN IMMEDIATE") {
            if let Some(job) = next_staged(staged).or_else(|| taken.take()) {
                job.refuse(StoreError::from_sqlite(path, &error), connection);
            }
            continue;
        }
        let mut group = Group::new(connection, path);
        while group.takes_more() {
            // Taken first: what was staged before it was queued is seen then.
            taken = taken.or_else(|| queue.try_recv().ok());
            match next_staged(staged).or_else(|| taken.take()) {
                Some(job) => group.run(job),
                None => break,
            }
        }
        group.end();
    }
}

fn next_staged(staged: &Staged) -> Option<Box<dyn Job>> {
    staged
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .pop_front()
}

/// The jobs that share a commit.
struct Group<'a> {
    connection: &'a Connection,
    path: &'a str,
    completions: Vec<Completion>,
    /// What ended the transaction under a job: a full or failing disk does.
    broken: Option<StoreError>,
}

impl<'a> Group<'a> {
    fn new(connection: &'a Connection, path: &'a str) -> Self {
        Self {
            connection,
            path,
            completions: Vec::new(),
            broken: None,
        }
    }

    /// A job after the transaction's end would be committed by itself, and yet be told that it
    /// failed with its group.
    fn takes_more(&self) -> bool {
        self.completions.len() < GROUP && self.broken.is_none()
    }

    fn run(&mut self, job: Box<dyn Job>) {
        let Some(done) = job.run(self.connection) else {
            return;
        };
        self.completions.push(done.complete);
        if self.connection.is_autocommit() {
            let full = || StoreError::Full {
                path: self.path.to_owned(),
            };
            self.broken = Some(done.failed.unwrap_or_else(full));
        }
    }

    /// Commits, and answers every caller.
    fn end(self) {
        let committed = match self.broken {
            Some(error) => Err(error),
            None => self
                .connection
                .execute_batch("COMMIT")
                .map_err(|error| StoreError::from_sqlite(self.path, &error)),
        };
        if let Err(error) = &committed {
            tracing::warn!(path = self.path, %error, "a group of writes was not committed");
        }
        if !self.connection.is_autocommit()
            && let Err(error) = self.connection.execute_batch("ROLLBACK")
        {
            tracing::error!(path = self.path, %error, "a failed group could not be rolled back");
        }
        for complete in self.completions {
            complete(committed.clone(), self.connection);
        }
    }
}

/// Runs one job so that its failure, or its panic, undoes that job alone.
fn in_savepoint<T>(
    connection: &Connection,
    work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
) -> rusqlite::Result<T> {
    connection.execute_batch("SAVEPOINT job")?;
    let result = catch_unwind(AssertUnwindSafe(|| work(connection)))
        .unwrap_or(Err(rusqlite::Error::UnwindingPanic));
    let end = if result.is_ok() {
        "RELEASE job"
    } else {
        "ROLLBACK TO job; RELEASE job"
    };
    match connection.execute_batch(end) {
        Ok(()) => result,
        Err(error) => result.and(Err(error)),
    }
}
