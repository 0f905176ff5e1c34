//! The background-task runtime: code that is registered once by name and woken by a push, a timer
//! or a change of the network.
//!
//! The [`TaskRegistry`] knows which tasks are registered, and refuses those that the app's manifest
//! does not declare or that the user does not allow. The [`TaskRuntime`] runs them, one
//! [`TaskInstance`] at a time, each within its platform's budget ([`TaskOptions`]); an instance
//! lives until its entry point returned and every [`Deferral`] is complete (WinRT
//! `IBackgroundTaskInstance.GetDeferral`), or until it is canceled for one of WinRT's reasons
//! ([`CancellationReason`]) and its grace is over. What became of it stands in the [`TaskHistory`].
//!
//! Pushes come by way of the [`Inbox`], where an accepted one lies, durable, until it is finished.
//! The [`Dispatcher`] leases it, asks the [`rules`] of its platform whether the phone's conditions
//! let it through, and holds it, gives it up, or has its task run. What the platform shows by itself
//! has a lane of its own, so that a slow task does not hold it up, and an app in the foreground
//! ([`ForegroundApp`]) is asked before either. Timers and changes of the network are served by
//! [`TaskRuntime::serve_triggers`].
//!
//! An entry point is small, and the runtime is of use on its own:
//!
//! ```
//! use handset::background::{
//!     EntryPoint, Ended, MIGRATION, MIGRATION_2, Outcome, Registered, RuntimeParts, TaskHistory,
//!     TaskInstance, TaskRegistration, TaskRegistry, TaskRuntime, Trigger, TriggerDetails,
//! };
//! # use handset::lifecycle::{Clock, Scope, timeouts};
//! # use handset::model::{Conditions, Manifest, MessageId, Platform, RawNotification, SystemCondition};
//! # use handset::store::{Location, Schema, Store};
//!
//! struct PushTask;
//!
//! impl EntryPoint for PushTask {
//!     async fn run(&self, instance: TaskInstance) -> Outcome {
//!         let deferral = instance.deferral();
//!         let bytes = instance.push().map_or(0, |push| push.content.len());
//!         println!("woken by {bytes} bytes");
//!         instance.progress(100);
//!         deferral.complete();
//!         Outcome::Shown
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let schema = Schema { application_id: 1, migrations: &[MIGRATION, MIGRATION_2] };
//! # let store = Store::open(Location::Memory, schema).await?;
//! # let (clock, scope, off) = (Clock::system(), Scope::new(), Default::default());
//! # let manifest = Manifest::built_in();
//! # let (_phone, conditions) = tokio::sync::watch::channel(Conditions::default());
//! let registry = TaskRegistry::open(store.clone(), 1, clock.clone(), manifest, conditions).await?;
//! let history = TaskHistory::open(store, 1, clock, scope.spawner()).await?;
//! let entry_point = "PushBackgroundComponent.PushBackgroundTask";
//!
//! // Once, by name, after asking for background access.
//! assert!(registry.request_access().await?.is_allowed());
//! let task = TaskRegistration::new("PushTask", entry_point, Trigger::RawPush)
//!     .on_condition(SystemCondition::InternetAvailable);
//! assert_eq!(registry.register(task.clone()).await?, Registered::New);
//!
//! // An instance for one push.
//! let runtime = TaskRuntime::new(RuntimeParts::new(registry, history).entry_point(entry_point, PushTask));
//! let push = RawNotification::new(MessageId::parse("m-1")?, Platform::Wns, "sec-1".into());
//! let ended = runtime.run(&task, TriggerDetails::Push(push), 0, &off).await;
//! assert_eq!(ended, Ended::Completed(Outcome::Shown));
//!
//! let records = runtime.history().list(10).await?;
//! assert_eq!(records[0].outcome.as_deref(), Some("shown"));
//! scope.shutdown(timeouts::SHUTDOWN).await;
//! # Ok(())
//! # }
//! ```

mod cancellation;
mod dispatcher;
mod ended;
mod entry_point;
mod foreground;
mod history;
pub mod inbox;
mod instance;
mod options;
mod registry;
pub mod rules;
mod runner;
mod running;
mod runtime;
mod schedule;
#[cfg(test)]
mod testing;
mod trigger;
mod triggers;

pub use cancellation::CancellationReason;
pub use dispatcher::{Dispatcher, DispatcherOptions};
pub use ended::{Ended, NotStarted};
pub use entry_point::{DynEntryPoint, EntryPoint};
pub use foreground::{DynForegroundApp, ForegroundAnswer, ForegroundApp};
pub use history::{InstanceRecord, InstanceResult, TaskHistory};
pub use inbox::{Accepted, Inbox, InboxCounts, Outcome, Owner, Part, Reason};
pub use instance::{Deferral, TaskInstance};
pub use options::TaskOptions;
pub use registry::{RegisterError, Registered, TaskId, TaskRegistration, TaskRegistry};
pub use rules::RuleOptions;
pub use runtime::{RuntimeParts, TaskRuntime};
pub use trigger::{Trigger, TriggerDetails};

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
ALTER TABLE inbox ADD COLUMN toast_group TEXT;
ALTER TABLE inbox ADD COLUMN suppress_popup INTEGER NOT NULL DEFAULT 0;
ALTER TABLE inbox_state ADD COLUMN visible TEXT;
ALTER TABLE inbox_state ADD COLUMN refused_under INTEGER;
ALTER TABLE inbox_state ADD COLUMN put_off INTEGER NOT NULL DEFAULT 0;
ALTER TABLE inbox_state ADD COLUMN woken_at INTEGER;
ALTER TABLE task_registration ADD COLUMN task_id TEXT;
UPDATE task_registration SET task_id = lower(hex(randomblob(16)));
ALTER TABLE task_registration ADD COLUMN every_ms INTEGER;
ALTER TABLE task_registration ADD COLUMN one_shot INTEGER NOT NULL DEFAULT 0;
ALTER TABLE task_registration ADD COLUMN conditions TEXT NOT NULL DEFAULT '';
ALTER TABLE task_registration ADD COLUMN cancel_on_condition_loss INTEGER NOT NULL DEFAULT 0;
ALTER TABLE task_registration ADD COLUMN due_at INTEGER;
ALTER TABLE task_registration ADD COLUMN latched INTEGER NOT NULL DEFAULT 0;
CREATE TABLE task_access(
    device INTEGER PRIMARY KEY,
    requested_at INTEGER NOT NULL
) STRICT;
CREATE TABLE task_instance(
    device INTEGER NOT NULL,
    instance INTEGER NOT NULL,
    task TEXT NOT NULL,
    trigger_kind TEXT NOT NULL,
    message TEXT,
    started_at INTEGER NOT NULL,
    ended_at INTEGER,
    duration_ms INTEGER,
    result TEXT NOT NULL,
    reason TEXT,
    progress INTEGER,
    suspended INTEGER NOT NULL,
    throttled INTEGER NOT NULL,
    outcome TEXT,
    error TEXT,
    PRIMARY KEY (device, instance)
) STRICT, WITHOUT ROWID;
";

/// The tables keep milliseconds: what is in memory must not differ after a restart.
fn in_whole_millis(time: jiff::Timestamp) -> jiff::Timestamp {
    jiff::Timestamp::from_millisecond(time.as_millisecond()).unwrap_or(time)
}
