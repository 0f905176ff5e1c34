//! Delivery of one notification to one device: the gate, the post, and what is tried again.

use std::time::Duration;

use crate::emulator::administration::Policy;
use crate::lifecycle::timeouts;
use crate::wire::notification_hub::{Format, HubPlatform, PnsHandle};
use crate::wire::push_administration::ServiceOff;

use super::Content;
use super::lanes::Urgency;
use super::outcome::Outcome;
use super::senders::{Senders, Sent};

/// How often a push service that was busy is tried again.
const MOST_RETRIES: u32 = 3;

/// Delivers notifications.
#[derive(Debug)]
pub(super) struct Delivery {
    senders: Senders,
    policy: Policy,
}

impl Delivery {
    pub(super) fn new(senders: Senders, policy: Policy) -> Self {
        Self { senders, policy }
    }

    /// The rules in force.
    pub(super) fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Whether the push service of this format is on; a template's devices may have any.
    pub(super) fn check(&self, format: Format) -> Result<(), ServiceOff> {
        match format {
            Format::Native(platform) => platform
                .embedded()
                .map_or(Ok(()), |service| self.policy.service(service)),
            Format::Template => Ok(()),
        }
    }

    /// Sends a complete native notification to one device, unless its push service is switched off
    /// or there is none here.
    pub(super) async fn deliver(
        &self,
        platform: HubPlatform,
        to: &PnsHandle,
        content: &Content,
        urgency: Urgency,
    ) -> Sent {
        let Some(service) = platform.embedded() else {
            let text = format!("no push service for {platform} is embedded here");
            return Sent::new(Outcome::PnsUnavailable, text);
        };
        let mut retries = 0;
        loop {
            // Asked again each time: it may have been switched off since.
            if let Err(off) = self.policy.service(service) {
                return Sent::new(Outcome::PnsUnavailable, off.to_string());
            }
            let sent = self.senders.send(service, to, content, urgency).await;
            if !sent.is_transient || urgency == Urgency::Now || retries == MOST_RETRIES {
                return sent;
            }
            tokio::time::sleep(wait(sent.wait, retries)).await;
            retries += 1;
        }
    }
}

/// How long a push service is left alone: as long as it says, and not for ever.
fn wait(said: Option<Duration>, retries: u32) -> Duration {
    let own = timeouts::HUB_RETRY.saturating_mul(1 << retries.min(8));
    said.unwrap_or(own).min(timeouts::HUB_RETRY_LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_push_services_own_wait_counts_within_bounds() {
        assert_eq!(
            wait(Some(Duration::from_secs(2)), 0),
            Duration::from_secs(2)
        );
        assert_eq!(wait(Some(Duration::MAX), 0), timeouts::HUB_RETRY_LONGEST);
        assert_eq!(wait(None, 0), timeouts::HUB_RETRY);
        assert_eq!(wait(None, 1), timeouts::HUB_RETRY * 2);
        assert!(wait(None, u32::MAX) <= timeouts::HUB_RETRY_LONGEST);
    }
}
