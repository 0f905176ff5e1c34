//! The app's background tasks: registered as the app does it at each launch, and their history.

use super::core::Core;
use super::{Device, DeviceError, secure_push};
use crate::background::{InstanceRecord, RegisterError, Registered, TaskRegistration, Trigger};
use crate::model::SystemCondition;
use crate::store::StoreError;

impl Device {
    /// The instances of background tasks that ran last, the latest first, at most `limit`.
    ///
    /// # Errors
    /// [`DeviceError`] when they could not be read.
    pub async fn tasks(&self, limit: usize) -> Result<Vec<InstanceRecord>, DeviceError> {
        Ok(self.core.history.list(limit).await?)
    }

    /// Registers a further task of the app, whose code is one of
    /// [`super::DeviceOptions::entry_points`]; one of its name that is registered stays as it is.
    ///
    /// # Errors
    /// [`RegisterError`]
    pub async fn register_task(&self, task: TaskRegistration) -> Result<Registered, RegisterError> {
        self.core.tasks.request_access().await?;
        self.core.tasks.register(task).await
    }

    /// Takes a task's registration away; false when there is none of that name. With `cancel` its
    /// running instances are told to end.
    ///
    /// # Errors
    /// [`DeviceError`] when that could not be made durable.
    pub async fn unregister_task(&self, name: &str, cancel: bool) -> Result<bool, DeviceError> {
        Ok(self.core.tasks.unregister(name, cancel).await?)
    }

    /// One instance by its number, if it is remembered.
    ///
    /// # Errors
    /// [`DeviceError`] when it could not be read.
    pub async fn task(&self, instance: u64) -> Result<Option<InstanceRecord>, DeviceError> {
        Ok(self.core.history.get(instance).await?)
    }
}

impl Core {
    /// Asks for background access and registers the push task, once by name. Without access, or
    /// with a manifest that does not declare it, the phone is on all the same: its pushes are
    /// dropped, and the reason says why.
    pub(super) async fn register_task(&self) -> Result<(), StoreError> {
        let name = secure_push::TASK_NAME;
        let mut task = TaskRegistration::new(name, secure_push::ENTRY_POINT, Trigger::RawPush)
            .on_condition(SystemCondition::InternetAvailable);
        task.cancel_on_condition_loss = true;
        self.tasks.request_access().await?;
        match self.tasks.register(task).await {
            Ok(_) => Ok(()),
            Err(RegisterError::Store(error)) => Err(error),
            Err(error) => {
                tracing::warn!(%error, "pushes wake no task");
                // An app whose new manifest does not declare it has lost what it had registered.
                if matches!(error, RegisterError::NotDeclared { .. }) {
                    self.tasks.unregister(name, true).await?;
                }
                Ok(())
            }
        }
    }
}
