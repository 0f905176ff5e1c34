//! The code behind a background task.

use std::future::Future;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

use super::{Outcome, TaskInstance};

/// Code that a push, a timer or a change of the network wakes (WinRT `IBackgroundTask`). It must not
/// block its thread: budgets and cancellation end only what waits.
pub trait EntryPoint: Send + Sync {
    /// Runs one instance and says what became of its push; where there was none, the answer is
    /// recorded and nothing follows from it. A panic here ends this instance alone.
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
