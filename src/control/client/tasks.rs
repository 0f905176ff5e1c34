//! The calls about background tasks.

use super::{ControlClient, ControlError};
use crate::background::InstanceRecord;
use crate::control::api::TasksQuery;

impl ControlClient {
    /// As [`crate::control::tasks`].
    ///
    /// # Errors
    /// [`ControlError`]
    pub async fn tasks(&self, query: TasksQuery) -> Result<Vec<InstanceRecord>, ControlError> {
        let limit = query.limit.unwrap_or(TasksQuery::USUAL);
        self.get(&format!("tasks?limit={limit}")).await
    }

    /// As [`crate::control::task`].
    ///
    /// # Errors
    /// [`ControlError`]
    pub async fn task(&self, id: u64) -> Result<InstanceRecord, ControlError> {
        self.get(&format!("tasks/{id}")).await
    }
}
