//! Takes each accepted push to its end: shows what the platform shows, wakes the registered task,
//! and lets wait what the phone's conditions hold.
//!
//! Two lanes work side by side, one push at a time each: a slow task does not hold up what the
//! platform shows by itself. A push that does both goes through one and then the other.

mod decision;
mod lane;
mod run;
mod telling;
#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::inbox::Limits;
use super::rules::{Ledger, RuleOptions};
use super::{DynEntryPoint, DynForegroundApp, Inbox, Owner, Part, TaskRuntime};
use crate::lifecycle::Clock;
use crate::model::Conditions;
use crate::telemetry::EventStream;

/// What a [`Dispatcher`] may be told.
#[derive(Debug, Clone)]
pub struct DispatcherOptions {
    /// The first wait before a push is tried again; it doubles.
    pub retry_first: Duration,
    /// The longest wait before a push is tried again, unless a backend asks for more.
    pub retry_longest: Duration,
    /// The longest wait that a backend may ask for (`Retry-After`).
    pub retry_after_longest: Duration,
    /// How long a push is tried again at all whose sender did not say when it is worth nothing any
    /// more.
    pub retry_for: Duration,
    /// How long a push is held at most whose sender did not say that.
    pub hold_for: Duration,
}

impl Default for DispatcherOptions {
    fn default() -> Self {
        Self {
            retry_first: Duration::from_millis(500),
            retry_longest: Duration::from_secs(60),
            retry_after_longest: Duration::from_secs(3600),
            retry_for: Duration::from_secs(24 * 3600),
            hold_for: Limits::default().held,
        }
    }
}

/// Leases what the inbox holds for the device's owner and does what is to be done for it.
pub struct Dispatcher {
    /// The journal.
    pub inbox: Inbox,
    /// What runs the tasks.
    pub runtime: TaskRuntime,
    /// What the platform itself does with a visible push, without any task.
    pub visible: Arc<dyn DynEntryPoint>,
    /// The app, asked first while it is in the foreground.
    pub foreground: Option<Arc<dyn DynForegroundApp>>,
    /// The phone's conditions.
    pub conditions: watch::Receiver<Conditions>,
    /// The numbers of the platforms' rules.
    pub rules: RuleOptions,
    /// Where events go.
    pub events: EventStream,
    /// The device's name, for events.
    pub device: String,
    /// The time.
    pub clock: Clock,
    /// Retries.
    pub options: DispatcherOptions,
}

/// A dispatcher at work: what its lanes share.
struct Work {
    dispatcher: Dispatcher,
    ledger: Mutex<Ledger>,
}

impl Dispatcher {
    /// Works until `off` is canceled, or `owner` has no sender any more. Only entries of the owner
    /// that `owner` shows are taken.
    pub async fn run(self, owner: watch::Receiver<Option<Owner>>, off: CancellationToken) {
        self.inbox.set_limits(Limits {
            held: self.options.hold_for,
        });
        let wakes = match self.inbox.wakes().await {
            Ok(wakes) => wakes,
            Err(error) => {
                tracing::warn!(%error, "how often the app was woken before is not known: counting begins anew");
                Vec::new()
            }
        };
        let work = Work {
            dispatcher: self,
            ledger: Mutex::new(Ledger::new(wakes)),
        };
        tokio::join!(
            work.lane(Part::Visible, owner.clone(), &off),
            work.lane(Part::Task, owner, &off),
        );
    }
}

impl Work {
    /// Held for a moment only, never across an await.
    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
