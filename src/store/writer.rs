//! The thread that runs jobs and commits them in groups.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use rusqlite::Connection;
use tokio::sync::mpsc::Receiver;
use tokio::sync::oneshot;

use super::StoreError;

/// How many jobs share a commit at most, so that the first does not wait for long.
const GROUP: usize = 512;

/// Whether the group of a job became durable.
type Committed = Result<(), StoreError>;

/// Waits for the group's commit to answer a caller.
type Completion = Box<dyn FnOnce(Committed)>;

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
    /// Answers that the work was not begun.
    fn refuse(self: Box<Self>, error: StoreError);
}

/// A job with the caller that waits for it.
pub(super) struct Call<T, F> {
    pub(super) work: F,
    pub(super) answer: oneshot::Sender<Result<T, StoreError>>,
    pub(super) path: Arc<str>,
    /// Whether it is of use to nobody once its caller is gone.
    pub(super) for_caller: bool,
}

impl<T, F> Job for Call<T, F>
where
    T: Send + 'static,
    F: FnOnce(&Connection) -> rusqlite::Result<T> + Send,
{
    fn run(self: Box<Self>, connection: &Connection) -> Option<Done> {
        let Self {
            work,
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
            complete: Box::new(move |committed| {
                // The caller may have timed out: then nobody reads the answer.
                answer.send(committed.and(result)).ok();
            }),
        })
    }

    fn refuse(self: Box<Self>, error: StoreError) {
        self.answer.send(Err(error)).ok();
    }
}

/// Runs jobs until every sender is gone.
pub(super) fn run(connection: &Connection, mut queue: Receiver<Box<dyn Job>>, path: &str) {
    while let Some(first) = queue.blocking_recv() {
        if let Err(error) = connection.execute_batch("BEGIN IMMEDIATE") {
            first.refuse(StoreError::from_sqlite(path, &error));
            continue;
        }
        let mut group = Group::new(connection, path);
        group.run(first);
        while group.takes_more()
            && let Ok(job) = queue.try_recv()
        {
            group.run(job);
        }
        group.end();
    }
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
            complete(committed.clone());
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
