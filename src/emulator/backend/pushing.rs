//! Pushing to a user's devices through the hub, and telling the sender what became of it.

use crate::emulator::hub::Content;
use crate::model::{Tag, TagExpression, UserName};
use crate::wire::app_backend::Delivery;
use crate::wire::notification_hub::Format;

use super::AppBackend;
use super::answer::Refusal;

impl AppBackend {
    /// Sends to every device of `to` that one of `forms` is for. The hub asks for each device whether
    /// its push service is on; where every one of them is off, the sender hears that even though
    /// there is no device.
    ///
    /// # Errors
    /// What the hub did not do, with its reason.
    pub(super) async fn push(
        &self,
        to: &UserName,
        forms: Vec<Content>,
    ) -> Result<Vec<Delivery>, Refusal> {
        let formats: Vec<Format> = forms.iter().map(|form| form.format).collect();
        let to_devices = TagExpression::Tag(Tag::of_user(to));
        let deliveries = self.hub.send(to_devices, forms).await?;
        if deliveries.is_empty() {
            return Ok(self.all_off(&formats).unwrap_or_default());
        }
        Ok(deliveries)
    }

    /// One refusal a platform, where every one's push service is off.
    fn all_off(&self, formats: &[Format]) -> Option<Vec<Delivery>> {
        let off = |format: &Format| {
            let Format::Native(platform) = format else {
                return None;
            };
            let platform = platform.embedded()?;
            let off = self.policy.service(platform).err()?;
            Some(Delivery::refused(platform.as_str(), off.to_string()))
        };
        formats.iter().map(off).collect()
    }
}
