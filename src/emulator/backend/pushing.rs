//! Pushing to a user's devices through the hub, and telling the sender what became of it.

use std::sync::Arc;

use tokio::sync::oneshot;

use crate::emulator::hub::{Content, HubError};
use crate::lifecycle::timeouts;
use crate::model::{Tag, TagExpression, UserName};
use crate::wire::app_backend::Delivery;
use crate::wire::notification_hub::Format;

use super::AppBackend;
use super::answer::Refusal;

/// The most pushes under way at once, those whose senders hung up included; more wait.
pub(super) const MOST_UNDER_WAY: usize = 1024;

impl AppBackend {
    /// Carries out what stores something and pushes it, in a task of its own: a sender that hangs up
    /// must not leave it stored and pushed to some of the devices.
    ///
    /// # Errors
    /// Those of `work`.
    pub(super) async fn to_its_end<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, Refusal>> + Send + 'static,
    ) -> Result<T, Refusal> {
        // The semaphore is never closed.
        let place = Arc::clone(&self.places).acquire_owned().await;
        let (tell, told) = oneshot::channel();
        let ending = self.spawner.token().clone();
        self.spawner
            .spawn_to_end("push of the app backend", async move {
                let out_of_time = async {
                    ending.cancelled().await;
                    tokio::time::sleep(timeouts::HTTP_LAST_ANSWER).await;
                };
                tokio::select! {
                    done = work => drop(tell.send(done)),
                    () = out_of_time => {}
                }
                drop(place);
            });
        told.await.unwrap_or(Err(Refusal::Unavailable))
    }

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
    ) -> Result<Vec<Delivery>, HubError> {
        self.let_go().await?;
        let formats: Vec<Format> = forms.iter().map(|form| form.format).collect();
        let to_devices = TagExpression::Tag(Tag::of_user(to));
        let deliveries = self.hubs.in_use().send(to_devices, forms).await?;
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
