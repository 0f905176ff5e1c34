//! The code behind a background task.

use std::future::Future;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

use super::{Outcome, TaskInstance};

/// Code that a push wakes (WinRT `IBackgroundTask`).
pub trait EntryPoint: Send + Sync {
    /// Runs one instance and says what became of its push. A panic here ends this instance alone.
    fn run(&self, instance: TaskInstance) -> impl Future<Output = Outcome> + Send;
}

/// An [`EntryPoint`] behind a pointer, so that a registry can hold any of them.
pub trait DynEntryPoint: Send + Sync {
    /// As [`EntryPoint::run`].
    fn run_boxed(&self, instance: TaskInstance) -> BoxFuture<'_, Outcome>;
}

impl<E: EntryPoint> DynEntryPoint for E {
    fn run_boxed(&self, instance: TaskInstance) -> BoxFuture<'_, Outcome> {
        self.run(instance).boxed()
    }
}
