//! The conditions of the phone: what they are, and changing them.

use super::core::Core;
use super::{Device, DeviceError, profile};
use crate::model::{Condition, Conditions};
use crate::telemetry::EventName;

impl Device {
    /// The phone's conditions.
    #[must_use]
    pub fn conditions(&self) -> Conditions {
        self.core.conditions()
    }

    /// Changes conditions, all of them at once, and remembers them; those that were so already
    /// change nothing. Returns the conditions as they are then.
    ///
    /// # Errors
    /// [`DeviceError`] when they could not be remembered: they hold until the phone is switched
    /// off all the same.
    pub async fn set_conditions(&self, wanted: &[Condition]) -> Result<Conditions, DeviceError> {
        Ok(self.core.set_conditions(wanted).await?)
    }
}

impl Core {
    /// Checks that the phone has a network.
    pub(super) fn online(&self) -> Result<(), DeviceError> {
        if self.state.now().is_online() {
            return Ok(());
        }
        Err(DeviceError::Offline)
    }

    /// As [`Device::set_conditions`]; an app that gets the access it was refused before registers
    /// its task.
    pub(super) async fn set_conditions(
        &self,
        wanted: &[Condition],
    ) -> Result<Conditions, crate::store::StoreError> {
        let was_allowed = self.conditions().background_access.is_allowed();
        let changed = self.state.set_conditions(wanted, |condition, before| {
            let (name, state) = condition.name_and_state();
            let was = before.states();
            let was = was.iter().find(|(other, _)| *other == name);
            let event = self
                .event(EventName::ConditionChanged)
                .with("condition", name)
                .with("state", state)
                .with_some("was", was.map(|(_, state)| *state));
            self.emit(event);
        });
        let conditions = self.conditions();
        let allowed_now = conditions.background_access.is_allowed() && !was_allowed;
        let registered = match allowed_now && self.state.now().is_on() {
            true => self.register_task().await,
            false => Ok(()),
        };
        if changed {
            // The turn keeps the order of two changes in the database.
            let _turn = self.conditions_turn.lock().await;
            profile::save_conditions(&self.store, self.row, self.conditions()).await?;
        }
        registered?;
        Ok(conditions)
    }
}
