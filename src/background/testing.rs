//! What this room's tests share.

use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::{
    EntryPoint, RuntimeParts, TaskHistory, TaskInstance, TaskRegistration, TaskRegistry,
    TaskRuntime, TriggerDetails,
};
use crate::lifecycle::{Clock, Scope};
use crate::model::{Condition, Conditions, Manifest, MessageId, Platform, RawNotification};
use crate::store::{Location, Schema, Store};
use crate::telemetry::EventStream;

const SCHEMA: Schema = Schema {
    application_id: 1,
    migrations: &[super::MIGRATION, super::MIGRATION_2],
};

pub(super) const MANIFEST: &str = r#"
[app]
id = "test.app"
name = "Test"
[[background_task]]
entry_point = "Task"
types = ["push_notification", "timer", "system_event"]
[[background_task]]
entry_point = "TimerOnly"
types = ["timer"]
"#;

pub(super) async fn store() -> Store {
    Store::open(Location::Memory, SCHEMA).await.unwrap()
}

pub(super) async fn registry(
    store: &Store,
    clock: &Clock,
    conditions: &Arc<watch::Sender<Conditions>>,
) -> TaskRegistry {
    let manifest = Manifest::parse("test.toml", MANIFEST).unwrap();
    let conditions = conditions.subscribe();
    TaskRegistry::open(store.clone(), 1, clock.clone(), manifest, conditions)
        .await
        .unwrap()
}

pub(super) fn set(conditions: &watch::Sender<Conditions>, change: &str) {
    let change: Condition = change.parse().unwrap();
    conditions.send_modify(|phone| {
        phone.apply(change);
    });
}

pub(super) fn push(platform: Platform) -> RawNotification {
    let message = MessageId::parse("m").unwrap();
    RawNotification::new(message, platform, Bytes::from_static(b"1"))
}

pub(super) fn instance(number: u64, raw: RawNotification) -> TaskInstance {
    TaskInstance::new(number, "push".to_owned(), TriggerDetails::Push(raw), 0)
}

/// A phone with a runtime that was given background access.
pub(super) struct Scene {
    pub(super) store: Store,
    pub(super) clock: Clock,
    pub(super) conditions: Arc<watch::Sender<Conditions>>,
    pub(super) events: EventStream,
    pub(super) off: CancellationToken,
    pub(super) scope: Scope,
}

impl Scene {
    pub(super) async fn new() -> Self {
        Self {
            store: store().await,
            clock: Clock::simulated(Timestamp::UNIX_EPOCH),
            conditions: Arc::default(),
            events: EventStream::default(),
            off: CancellationToken::new(),
            scope: Scope::new(),
        }
    }

    /// A runtime whose entry point `Task` is `code`, as after a restart.
    pub(super) async fn runtime(&self, code: impl EntryPoint + 'static) -> TaskRuntime {
        let registry = registry(&self.store, &self.clock, &self.conditions).await;
        registry.request_access().await.unwrap();
        let (store, clock) = (self.store.clone(), self.clock.clone());
        let history = TaskHistory::open(store, 1, clock, self.scope.spawner())
            .await
            .unwrap();
        let parts = RuntimeParts {
            events: self.events.clone(),
            ..RuntimeParts::new(registry, history)
        };
        TaskRuntime::new(parts.entry_point("Task", code))
    }

    pub(super) fn set(&self, change: &str) {
        set(&self.conditions, change);
    }
}

/// Registers `task`, whose entry point is `Task`.
pub(super) async fn register(runtime: &TaskRuntime, task: TaskRegistration) -> TaskRegistration {
    runtime.registry().register(task.clone()).await.unwrap();
    task
}

/// Waits until `condition` holds; a test that hangs here is ended by its runner.
pub(super) async fn eventually(condition: impl Fn() -> bool) {
    while !condition() {
        tokio::task::yield_now().await;
    }
}
