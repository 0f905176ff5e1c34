//! The runtime: runs instances of registered tasks, one at a time for each app.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::Arc;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::history::{RUNNING_ROW_AFTER, TaskHistory};
use super::runner::{Budget, Surroundings, run_instance};
use super::{
    DynEntryPoint, Ended, EntryPoint, NotStarted, TaskInstance, TaskOptions, TaskRegistration,
    TaskRegistry, TriggerDetails,
};
use crate::model::{Platform, RawNotification};
use crate::telemetry::{Event, EventName, EventStream};

/// What the platform does itself goes by this name.
const PLATFORM: &str = "(platform)";

/// What a [`TaskRuntime`] is made of; the clock and the phone's conditions are the registry's.
pub struct RuntimeParts {
    /// The registered tasks.
    pub registry: TaskRegistry,
    /// Where instances are recorded.
    pub history: TaskHistory,
    /// The code behind the tasks, by entry point name.
    pub entry_points: HashMap<String, Arc<dyn DynEntryPoint>>,
    /// Where events go.
    pub events: EventStream,
    /// The device's name, for events.
    pub device: String,
    /// The platform whose rules timers and changes of the network follow; a push brings its own.
    pub platform: watch::Receiver<Platform>,
    /// Budgets.
    pub options: TaskOptions,
}

impl RuntimeParts {
    /// A runtime without entry points, on WNS, whose events nobody hears.
    #[must_use]
    pub fn new(registry: TaskRegistry, history: TaskHistory) -> Self {
        Self {
            registry,
            history,
            entry_points: HashMap::new(),
            events: EventStream::default(),
            device: "phone".to_owned(),
            platform: watch::Sender::new(Platform::Wns).subscribe(),
            options: TaskOptions::default(),
        }
    }

    /// Adds the code behind an entry point.
    #[must_use]
    pub fn entry_point(mut self, name: &str, code: impl EntryPoint + 'static) -> Self {
        self.entry_points.insert(name.to_owned(), Arc::new(code));
        self
    }
}

/// Runs task instances. Cheap to clone.
#[derive(Clone)]
pub struct TaskRuntime {
    parts: Arc<RuntimeParts>,
    /// Whose turn it is; those that wait are served in the order they came.
    turn: Arc<tokio::sync::Mutex<()>>,
}

impl TaskRuntime {
    /// A runtime.
    #[must_use]
    pub fn new(parts: RuntimeParts) -> Self {
        Self {
            parts: Arc::new(parts),
            turn: Arc::default(),
        }
    }

    /// The registered tasks.
    #[must_use]
    pub fn registry(&self) -> &TaskRegistry {
        &self.parts.registry
    }

    /// The history of instances.
    #[must_use]
    pub fn history(&self) -> &TaskHistory {
        &self.parts.history
    }

    /// Why `task` could not be started now, if it could not.
    #[must_use]
    pub fn obstacle(&self, task: &TaskRegistration) -> Option<NotStarted> {
        self.code_of(task).err()
    }

    /// Runs one instance of `task`: waits for its turn, as one runs at a time, tells its start,
    /// progress and end as events, and records it. `throttle_count` says how often the platform
    /// held its trigger back. `off` tells it that the phone is being switched off.
    ///
    /// Dropped before its end, the instance is gone without a trace, as with a dead battery. An
    /// entry point must not block its thread: a budget ends only what waits.
    pub async fn run(
        &self,
        task: &TaskRegistration,
        details: TriggerDetails,
        throttle_count: u32,
        off: &CancellationToken,
    ) -> Ended {
        let _turn = tokio::select! {
            biased;
            () = off.cancelled() => return Ended::NotStarted(NotStarted::SwitchedOff),
            turn = self.turn.lock() => turn,
        };
        let code = match self.code_of(task) {
            Ok(code) => code,
            Err(obstacle) => return Ended::NotStarted(obstacle),
        };
        let parts = &*self.parts;
        let number = parts.history.next_number();
        let instance = TaskInstance::new(number, task.name.clone(), details, throttle_count);
        let _entered = parts.registry.running().enter(task.id, &instance);
        // Who unregistered it in this moment did not find it among the running ones.
        if let Some(obstacle) = self.obstacle(task) {
            return Ended::NotStarted(obstacle);
        }
        self.run_recorded(task, &*code, &instance, off).await
    }

    async fn run_recorded(
        &self,
        task: &TaskRegistration,
        code: &dyn DynEntryPoint,
        instance: &TaskInstance,
        off: &CancellationToken,
    ) -> Ended {
        let started = self.parts.history.start(instance);
        self.emit(EventName::TaskStarted, instance, |event| event);
        let tell = |percent: u8| {
            self.emit(EventName::TaskProgress, instance, |event| {
                event.with("progress", percent)
            });
        };
        let around = self.around(Some(task), instance.details(), off);
        let mut run = pin!(run_instance(code, instance, around, tell));
        let ended = tokio::select! {
            biased;
            ended = &mut run => ended,
            () = tokio::time::sleep(RUNNING_ROW_AFTER) => {
                started.still_runs();
                run.await
            }
        };
        let (name, reason) = match &ended {
            Ended::Canceled(reason, _) => (EventName::TaskCanceled, Some(reason.as_str())),
            Ended::Failed(_) => (EventName::TaskCanceled, Some("task_failed")),
            Ended::Completed(_) | Ended::NotStarted(_) => (EventName::TaskCompleted, None),
        };
        let elapsed = started.elapsed_ms();
        // Who hears of its end finds it in the history.
        started.ended(&ended);
        self.emit(name, instance, |event| {
            event
                .with("elapsed_ms", elapsed)
                .with_some("reason", reason)
        });
        ended
    }

    /// Runs what the platform does with a push by itself, such as showing it: within the platform's
    /// budget, but without a task, a turn, events of its own or a place in the history.
    pub async fn run_platform(
        &self,
        code: &dyn DynEntryPoint,
        raw: RawNotification,
        off: &CancellationToken,
    ) -> Ended {
        let details = TriggerDetails::Push(raw);
        let instance = TaskInstance::new(0, PLATFORM.to_owned(), details, 0);
        let around = self.around(None, instance.details(), off);
        run_instance(code, &instance, around, |_| {}).await
    }

    pub(super) fn parts(&self) -> &RuntimeParts {
        &self.parts
    }

    /// The code of a task that may run now.
    fn code_of(&self, task: &TaskRegistration) -> Result<Arc<dyn DynEntryPoint>, NotStarted> {
        let registry = &self.parts.registry;
        let registered = registry.task(&task.name);
        if registered.is_none_or(|registered| registered.id != task.id) {
            return Err(NotStarted::Unregistered(task.name.clone()));
        }
        let access = registry.access();
        if !access.is_allowed() {
            return Err(NotStarted::NoAccess(access));
        }
        if let Some(condition) = task.unmet(&registry.conditions().borrow()) {
            return Err(NotStarted::ConditionUnmet(condition));
        }
        let code = self.parts.entry_points.get(&task.entry_point);
        code.cloned().ok_or_else(|| NotStarted::NoSuchEntryPoint {
            task: task.name.clone(),
            entry_point: task.entry_point.clone(),
        })
    }

    fn around<'a>(
        &self,
        task: Option<&'a TaskRegistration>,
        details: &TriggerDetails,
        off: &'a CancellationToken,
    ) -> Surroundings<'a> {
        let platform = details.platform_or(*self.parts.platform.borrow());
        Surroundings {
            task,
            platform,
            conditions: self.parts.registry.conditions().clone(),
            budget: Budget {
                run: self.parts.options.budget(platform),
                grace: self.parts.options.grace,
            },
            off,
        }
    }

    fn emit(&self, name: EventName, instance: &TaskInstance, fill: impl FnOnce(Event) -> Event) {
        let push = instance.push();
        let event = Event::new(self.parts.registry.clock().now(), name)
            .on(&self.parts.device)
            .with("task", instance.task())
            .with("instance", instance.number())
            .with("trigger", instance.details().trigger_name())
            .with_some("message", push.map(|raw| raw.message.as_str()))
            .with_some("trace", push.and_then(|raw| raw.traceparent.as_deref()));
        self.parts.events.emit(fill(event));
    }
}

#[cfg(test)]
mod tests;
