//! What a task is registered with.

use std::fmt;

use uuid::Uuid;

use crate::background::Trigger;
use crate::model::{Conditions, SystemCondition};

/// The durable id of a task registration (WinRT `TaskId`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TaskId(pub(super) Uuid);

impl fmt::Display for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A task that is registered: its name, the code it runs, what starts it, and on which conditions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskRegistration {
    /// Its id, made anew by [`TaskRegistration::new`].
    pub id: TaskId,
    /// Unique for the device's app; 1 to [`TaskRegistration::LONGEST_NAME`] characters.
    pub name: String,
    /// The name of the code, as the manifest declares it.
    pub entry_point: String,
    /// What starts it.
    pub trigger: Trigger,
    /// What must hold when it starts. A trigger whose conditions are not met is latched and starts
    /// the task once, when they are (WinRT `IBackgroundCondition`).
    pub conditions: Vec<SystemCondition>,
    /// Whether a running instance is canceled when one of the conditions is lost
    /// (WinRT `CancelOnConditionLoss`).
    pub cancel_on_condition_loss: bool,
}

impl TaskRegistration {
    /// The longest name, in characters.
    pub const LONGEST_NAME: usize = 128;

    /// A task without conditions.
    #[must_use]
    pub fn new(name: impl Into<String>, entry_point: impl Into<String>, trigger: Trigger) -> Self {
        Self {
            id: TaskId(Uuid::new_v4()),
            name: name.into(),
            entry_point: entry_point.into(),
            trigger,
            conditions: Vec::new(),
            cancel_on_condition_loss: false,
        }
    }

    /// The same task, with one more condition.
    #[must_use]
    pub fn on_condition(mut self, condition: SystemCondition) -> Self {
        self.conditions.push(condition);
        self
    }

    /// The first of its conditions that the phone does not meet.
    #[must_use]
    pub fn unmet(&self, phone: &Conditions) -> Option<SystemCondition> {
        let mut conditions = self.conditions.iter().copied();
        conditions.find(|condition| !phone.meet(*condition))
    }
}

/// Whether a registration is new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Registered {
    /// It was not there before.
    New,
    /// One of that name was there, and stays as it was.
    Already,
}
