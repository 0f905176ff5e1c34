//! Tasks with an owner.

use std::future::Future;
use std::time::Duration;

use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;
use tracing::Instrument as _;

/// Owns tasks: each has a name, ends when the scope is canceled, and is awaited at shutdown.
/// Dropping the scope drops what still runs, tidying up or not: nobody would wait for it.
#[derive(Debug)]
pub struct Scope {
    tracker: TaskTracker,
    token: CancellationToken,
    dropped: CancellationToken,
    _cancel_on_drop: [DropGuard; 2],
}

impl Default for Scope {
    fn default() -> Self {
        Self::new()
    }
}

impl Scope {
    /// A scope without tasks.
    #[must_use]
    pub fn new() -> Self {
        Self::under(&CancellationToken::new())
    }

    /// A scope that is canceled with `parent` as well.
    #[must_use]
    pub fn under(parent: &CancellationToken) -> Self {
        let (token, dropped) = (parent.child_token(), CancellationToken::new());
        Self {
            tracker: TaskTracker::new(),
            _cancel_on_drop: [dropped.clone().drop_guard(), token.clone().drop_guard()],
            token,
            dropped,
        }
    }

    /// The token that tells the scope's tasks to end.
    #[must_use]
    pub fn token(&self) -> &CancellationToken {
        &self.token
    }

    /// A way to add tasks from elsewhere, without owning them.
    #[must_use]
    pub fn spawner(&self) -> Spawner {
        Spawner {
            tracker: self.tracker.clone(),
            token: self.token.clone(),
            dropped: self.dropped.clone(),
        }
    }

    /// Runs `work` until it ends or the scope is canceled, whichever is first. Work that must
    /// tidy up watches [`Scope::token`] itself and is spawned with [`Scope::spawn_to_end`].
    pub fn spawn(&self, name: &'static str, work: impl Future<Output = ()> + Send + 'static) {
        self.spawner().spawn(name, work);
    }

    /// Runs `work` to its end, or until the scope is dropped: it watches the token itself.
    pub fn spawn_to_end(
        &self,
        name: &'static str,
        work: impl Future<Output = ()> + Send + 'static,
    ) {
        self.spawner().spawn_to_end(name, work);
    }

    /// How many tasks still run.
    #[must_use]
    pub fn running(&self) -> usize {
        self.tracker.len()
    }

    /// Tells every task to end and waits for them, at most `limit`. Returns how many did not end
    /// in time: they keep what they hold until the scope is dropped.
    pub async fn shutdown(&self, limit: Duration) -> usize {
        self.token.cancel();
        self.tracker.close();
        if tokio::time::timeout(limit, self.tracker.wait())
            .await
            .is_err()
        {
            let left = self.tracker.len();
            tracing::warn!(left, "tasks did not end in time");
            return left;
        }
        0
    }
}

/// Adds tasks to a [`Scope`] that something else owns.
#[derive(Debug, Clone)]
pub struct Spawner {
    tracker: TaskTracker,
    token: CancellationToken,
    dropped: CancellationToken,
}

impl Spawner {
    /// As [`Scope::spawn`].
    pub fn spawn(&self, name: &'static str, work: impl Future<Output = ()> + Send + 'static) {
        let token = self.token.clone();
        self.spawn_to_end(name, async move {
            token.run_until_cancelled(work).await;
        });
    }

    /// As [`Scope::spawn_to_end`].
    #[expect(
        clippy::disallowed_methods,
        reason = "the scope is the one owner of spawned tasks"
    )]
    pub fn spawn_to_end(
        &self,
        name: &'static str,
        work: impl Future<Output = ()> + Send + 'static,
    ) {
        let span = tracing::debug_span!("task", name);
        let dropped = self.dropped.clone();
        // Boxed, as a task would have room for it twice: where it was handed over and where it runs.
        let mut work = Box::pin(work);
        let work = async move {
            tokio::select! {
                // Looked at first, so that work is not told to end in the moment it is dropped.
                biased;
                () = dropped.cancelled() => {}
                () = &mut work => {}
            }
        };
        let tracked = self.tracker.track_future(work.instrument(span));
        drop(tokio::spawn(tracked));
    }

    /// The token that tells the scope's tasks to end.
    #[must_use]
    pub fn token(&self) -> &CancellationToken {
        &self.token
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn shutdown_ends_and_awaits_every_task() {
        let scope = Scope::new();
        scope.spawn("forever", std::future::pending());
        let token = scope.token().clone();
        scope.spawn_to_end("tidy", async move {
            token.cancelled().await;
            tokio::time::sleep(Duration::from_secs(1)).await;
        });
        assert_eq!(scope.running(), 2);
        assert_eq!(scope.shutdown(Duration::from_secs(2)).await, 0);
        assert_eq!(scope.running(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_task_that_does_not_end_is_counted() {
        let scope = Scope::new();
        scope.spawn_to_end("deaf", std::future::pending());
        assert_eq!(scope.shutdown(Duration::from_secs(2)).await, 1);
    }

    #[tokio::test]
    async fn dropping_a_scope_cancels_its_tasks() {
        let scope = Scope::new();
        let token = scope.token().clone();
        drop(scope);
        token.cancelled().await;
    }

    #[tokio::test]
    async fn dropping_a_scope_leaves_its_tasks_no_time_to_tidy_up() {
        let scope = Scope::new();
        let token = scope.token().clone();
        let (tidied, outcome) = tokio::sync::oneshot::channel();
        scope.spawn_to_end("tidy", async move {
            token.cancelled().await;
            tokio::task::yield_now().await;
            tidied.send(()).ok();
        });
        tokio::task::yield_now().await;
        drop(scope);
        assert!(outcome.await.is_err());
    }
}
