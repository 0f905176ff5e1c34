//! The background-task runtime: code that is registered once by name and woken by a push.
//!
//! An accepted push lies in the [`Inbox`], durable, until it is finished. The [`Dispatcher`] leases
//! it, asks the [`rules`] of its platform whether the phone's conditions let it through, and holds
//! it, gives it up, or runs the task that is registered for it as a [`TaskInstance`], with a
//! budget; an instance lives until its entry point returned and every [`Deferral`] is complete
//! (WinRT `IBackgroundTaskInstance.GetDeferral`). What the platform shows by itself has a lane of
//! its own, so that a slow task does not hold it up, and an app in the foreground
//! ([`ForegroundApp`]) is asked before either.
//!
//! An entry point is small:
//!
//! ```
//! use handset::background::{EntryPoint, Outcome, TaskInstance};
//!
//! struct PushTask;
//!
//! impl EntryPoint for PushTask {
//!     async fn run(&self, instance: TaskInstance) -> Outcome {
//!         let deferral = instance.deferral();
//!         println!("woken by {} bytes", instance.details().content.len());
//!         deferral.complete();
//!         Outcome::Shown
//!     }
//! }
//! ```

mod dispatcher;
mod entry_point;
mod foreground;
pub mod inbox;
mod instance;
mod registry;
pub mod rules;
mod runner;

pub use dispatcher::{Dispatcher, DispatcherOptions};
pub use entry_point::{DynEntryPoint, EntryPoint};
pub use foreground::{DynForegroundApp, ForegroundAnswer, ForegroundApp};
pub use inbox::{Accepted, Inbox, InboxCounts, Outcome, Owner, Part, Reason};
pub use instance::{CancellationReason, Deferral, TaskInstance};
pub use registry::{Registered, TaskRegistration, TaskRegistry, Trigger};
pub use rules::RuleOptions;

/// The statements that create this room's tables.
pub const MIGRATION: &str = "
CREATE TABLE task_registration(
    device INTEGER NOT NULL,
    name TEXT NOT NULL,
    entry_point TEXT NOT NULL,
    trigger_kind TEXT NOT NULL,
    registered_at INTEGER NOT NULL,
    PRIMARY KEY (device, name)
) STRICT;
CREATE TABLE inbox(
    entry INTEGER PRIMARY KEY,
    device INTEGER NOT NULL,
    owner TEXT NOT NULL,
    message TEXT NOT NULL,
    platform TEXT NOT NULL,
    kind TEXT NOT NULL,
    content BLOB NOT NULL,
    sent_at INTEGER,
    traceparent TEXT,
    received_at INTEGER NOT NULL
) STRICT;
CREATE TABLE inbox_state(
    entry INTEGER PRIMARY KEY,
    state TEXT NOT NULL,
    reason TEXT,
    attempts INTEGER NOT NULL,
    due_at INTEGER,
    changed_at INTEGER NOT NULL
) STRICT;
";

/// What the second version of this room's tables added.
pub const MIGRATION_2: &str = "
ALTER TABLE inbox ADD COLUMN priority TEXT NOT NULL DEFAULT 'normal';
ALTER TABLE inbox ADD COLUMN collapse TEXT;
ALTER TABLE inbox ADD COLUMN expires_at INTEGER;
ALTER TABLE inbox_state ADD COLUMN visible TEXT;
ALTER TABLE inbox_state ADD COLUMN refused_under INTEGER;
ALTER TABLE inbox_state ADD COLUMN put_off INTEGER NOT NULL DEFAULT 0;
ALTER TABLE inbox_state ADD COLUMN woken_at INTEGER;
";
