//! How many posts are under way at once: so many for each push service, so that one which is slow
//! holds up nobody but itself.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use url::Url;

use crate::emulator::origins::Origins;
use crate::model::Platform;

use super::destination::plain;

/// How many posts to one push service are under way at once for senders that wait for the outcome,
/// and how many for all others.
const NOW: usize = 32;
const LATER: usize = 32;

/// Who waits for a post.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Urgency {
    /// Its sender does: it does not wait behind sends to thousands, and is not tried again.
    Now,
    /// Nobody does: it is tried again where the push service was busy.
    Later,
}

/// The posts that are under way.
#[derive(Debug)]
pub(super) struct Lanes {
    own: Arc<Origins>,
    embedded: HashMap<Platform, Lane>,
    /// Of the hosts that are allowed by name.
    others: HashMap<String, Lane>,
    /// Of a host that is none of them, which is not posted to.
    rest: Lane,
}

#[derive(Debug, Clone)]
struct Lane {
    now: Arc<Semaphore>,
    later: Arc<Semaphore>,
}

impl Default for Lane {
    fn default() -> Self {
        Self {
            now: Arc::new(Semaphore::new(NOW)),
            later: Arc::new(Semaphore::new(LATER)),
        }
    }
}

impl Lanes {
    pub(super) fn new(own: Arc<Origins>, hosts: impl IntoIterator<Item = String>) -> Self {
        let lane = |platform| (platform, Lane::default());
        Self {
            own,
            embedded: Platform::ALL.into_iter().map(lane).collect(),
            others: hosts
                .into_iter()
                .map(|host| (host, Lane::default()))
                .collect(),
            rest: Lane::default(),
        }
    }

    /// Waits for a turn to post to `url`; it ends when it is dropped. None only where the lanes are
    /// closed, which they never are.
    pub(super) async fn turn(
        &self,
        platform: Platform,
        url: &Url,
        urgency: Urgency,
    ) -> Option<OwnedSemaphorePermit> {
        let lane = if self.own.is_own(url) {
            self.embedded.get(&platform)
        } else {
            url.host_str()
                .and_then(|host| self.others.get(&plain(host)))
        };
        let lane = lane.unwrap_or(&self.rest);
        let turns = match urgency {
            Urgency::Now => &lane.now,
            Urgency::Later => &lane.later,
        };
        turns.clone().acquire_owned().await.ok()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::emulator::origins::tests::origins;

    #[tokio::test(start_paused = true)]
    async fn a_push_service_that_is_busy_holds_up_nobody_else() {
        let own = Arc::new(origins(None, false));
        let slow = Url::parse("https://slow.example/x").unwrap();
        let local = own.local().clone();
        let lanes = Lanes::new(own, ["slow.example".to_owned()]);
        let mut turns = Vec::new();
        for _ in 0..LATER {
            turns.push(lanes.turn(Platform::WebPush, &slow, Urgency::Later).await);
        }
        let wait = Duration::from_secs(60);
        let next = lanes.turn(Platform::WebPush, &slow, Urgency::Later);
        assert!(tokio::time::timeout(wait, next).await.is_err());
        assert!(
            lanes
                .turn(Platform::WebPush, &slow, Urgency::Now)
                .await
                .is_some()
        );
        for platform in Platform::ALL {
            assert!(lanes.turn(platform, &local, Urgency::Later).await.is_some());
        }
        turns.pop();
        assert!(
            lanes
                .turn(Platform::WebPush, &slow, Urgency::Later)
                .await
                .is_some()
        );
    }
}
