//! A message to all devices for which a condition over topics holds.

use futures_util::StreamExt as _;
use futures_util::stream;

use crate::emulator::push::handles::Channel;
use crate::emulator::push::queue::{Incoming, Verdict};
use crate::emulator::trace::{DropRule, TraceStep};
use crate::model::Platform;
use crate::store::StoreError;

use super::Fcm;
use super::answer::Refusal;
use super::condition::Condition;

/// How many devices are written to at once: what is stored together is committed together.
const AT_ONCE: usize = 128;

impl Fcm {
    /// Hands a copy to each device's queue; nobody there is no error. Each copy has an id of its
    /// own, which begins with that of the message, and each device's own rules apply to it.
    pub(super) async fn fan_out(
        &self,
        project: &str,
        condition: &Condition,
        message: &Incoming,
    ) -> Result<(), Refusal> {
        let mut after = 0;
        loop {
            let page = self.topics.page(condition, after).await?;
            let meant = page.channels.into_iter();
            let meant = meant.filter(|channel| channel.is_open_to(project));
            let copies = stream::iter(meant.map(|channel| self.copy(channel, message)));
            let copies: Vec<_> = copies.buffer_unordered(AT_ONCE).collect().await;
            copies.into_iter().collect::<Result<(), StoreError>>()?;
            match page.next {
                Some(next) => after = next,
                None => return Ok(()),
            }
        }
    }

    async fn copy(&self, channel: Channel, message: &Incoming) -> Result<(), StoreError> {
        let version = format!("{}.{}", message.version, channel.id);
        let copy = Incoming {
            version: version.clone(),
            ..message.clone()
        };
        let lost = match self.queue.accept(&channel, copy).await? {
            Verdict::Received | Verdict::Dropped(_) => return Ok(()),
            Verdict::Full => DropRule::DeviceFull,
            Verdict::Gone => DropRule::Unregistered,
        };
        // Its sender is told of the topic, not of single devices.
        let step = TraceStep::Dropped(lost);
        self.queue.trace().write(&version, Platform::Fcm, step);
        Ok(())
    }
}
