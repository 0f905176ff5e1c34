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

/// Work for the writer's thread.
pub(super) trait Job: Send {
    /// Does the work inside the group's transaction.
    fn run(self: Box<Self>, connection: &Connection) -> Completion;
    /// Answers that the work was not begun.
    fn refuse(self: Box<Self>, error: StoreError);
}

/// A job with the caller that waits for it.
pub(super) struct Call<T, F> {
    pub(super) work: F,
    pub(super) answer: oneshot::Sender<Result<T, StoreError>>,
    pub(super) path: Arc<str>,
}

impl<T, F> Job for Call<T, F>
where
    T: Send + 'static,
    F: FnOnce(&Connection) -> rusqlite::Result<T> + Send,
{
    fn run(self: Box<Self>, connection: &Connection) -> Completion {
        let Self { work, answer, path } = *self;
        let result = in_savepoint(connection, work);
        Box::new(move |committed| {
            let result = committed
                .and_then(|()| result.map_err(|error| StoreError::from_sqlite(&path, &error)));
            // The caller may have timed out: then nobody reads the answer.
            answer.send(result).ok();
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
        let mut completions = vec![first.run(connection)];
        while completions.len() < GROUP
            && let Ok(job) = queue.try_recv()
        {
            completions.push(job.run(connection));
        }
        let committed = commit(connection, path);
        for complete in completions {
            complete(committed.clone());
        }
    }
}

fn commit(connection: &Connection, path: &str) -> Committed {
    // A disk that filled up inside a job may have ended the transaction already.
    let result = if connection.is_autocommit() {
        Err(StoreError::Full {
            path: path.to_owned(),
        })
    } else {
        connection
            .execute_batch("COMMIT")
            .map_err(|error| StoreError::from_sqlite(path, &error))
    };
    if let Err(error) = &result {
        tracing::warn!(path, %error, "a group of writes was not committed");
    }
    if !connection.is_autocommit()
        && let Err(error) = connection.execute_batch("ROLLBACK")
    {
        tracing::error!(path, %error, "a failed group could not be rolled back");
    }
    result
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
