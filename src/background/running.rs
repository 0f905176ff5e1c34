//! The instances that run just now, so that they can be told to end.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{CancellationReason, TaskId, TaskInstance};

/// The running instances of a device, by number. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(super) struct Running {
    instances: Arc<Mutex<BTreeMap<u64, (TaskId, TaskInstance)>>>,
}

impl Running {
    /// Counts `instance` as running until the answer is dropped.
    pub(super) fn enter(&self, task: TaskId, instance: &TaskInstance) -> Entered {
        let number = instance.number();
        self.lock().insert(number, (task, instance.clone()));
        Entered {
            running: self.clone(),
            number,
        }
    }

    /// Tells the instances of one task, or all, to end; returns how many those are.
    pub(super) fn cancel(&self, task: Option<TaskId>, reason: CancellationReason) -> usize {
        let instances: Vec<TaskInstance> = self
            .lock()
            .values()
            .filter(|(id, _)| task.is_none_or(|task| task == *id))
            .map(|(_, instance)| instance.clone())
            .collect();
        for instance in &instances {
            instance.cancel(reason);
        }
        instances.len()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<u64, (TaskId, TaskInstance)>> {
        self.instances
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// An instance that runs.
pub(super) struct Entered {
    running: Running,
    number: u64,
}

impl Drop for Entered {
    fn drop(&mut self) {
        self.running.lock().remove(&self.number);
    }
}
