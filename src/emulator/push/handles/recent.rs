//! The handles that senders used lately, so that a push costs no reading.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sha2::{Digest as _, Sha256};

use crate::model::Platform;

use super::Channel;

/// The most handles that are remembered; beyond, all are forgotten and read again.
const MOST: usize = 16_384;

/// Live handles by the hash of their token. The database stays the truth: what is not here is read
/// there. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(in crate::emulator) struct Recent(Arc<Mutex<Known>>);

#[derive(Debug, Default)]
struct Known {
    channels: HashMap<Key, Lived>,
    by_agent: HashMap<i64, Vec<Key>>,
    /// How often something was forgotten.
    changes: u64,
}

/// The first half of a SHA-256 hash: nobody finds a second token with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Key([u8; 16]);

#[derive(Debug)]
struct Lived {
    channel: Arc<Channel>,
    expires_at: Option<i64>,
}

/// How things stood before the database was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Since(u64);

impl Key {
    pub(super) fn of(platform: Platform, token: &str) -> Self {
        let mut hash = Sha256::new();
        hash.update(platform.as_str());
        hash.update([0]);
        hash.update(token);
        let hash = hash.finalize();
        let mut key = [0; 16];
        key.copy_from_slice(&hash[..16]);
        Self(key)
    }
}

impl Recent {
    /// The channel, if its handle was used lately and lives at `now`; otherwise what
    /// [`Self::remember`] wants to know later.
    pub(super) fn find(&self, key: Key, now: i64) -> Result<Arc<Channel>, Since> {
        let known = self.lock();
        match known.channels.get(&key) {
            Some(lived) if lived.expires_at.is_none_or(|at| at > now) => Ok(lived.channel.clone()),
            Some(_) | None => Err(Since(known.changes)),
        }
    }

    /// Remembers what the database said, unless something was forgotten since it was asked.
    pub(super) fn remember(
        &self,
        key: Key,
        since: Since,
        channel: Channel,
        expires_at: Option<i64>,
    ) {
        let mut known = self.lock();
        if since != Since(known.changes) {
            return;
        }
        if known.channels.len() >= MOST {
            known.channels.clear();
            known.by_agent.clear();
        }
        let agent = channel.agent;
        let lived = Lived {
            channel: Arc::new(channel),
            expires_at,
        };
        if known.channels.insert(key, lived).is_none() {
            known.by_agent.entry(agent).or_default().push(key);
        }
    }

    /// A device's handles changed, or are about to.
    pub(in crate::emulator::push) fn forget(&self, agent: i64) {
        let mut known = self.lock();
        known.changes += 1;
        for key in known.by_agent.remove(&agent).unwrap_or_default() {
            known.channels.remove(&key);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn channel(agent: i64) -> Channel {
        Channel {
            id: 1,
            agent,
            uaid: Uuid::nil(),
            channel_id: Uuid::nil(),
            platform: Platform::Wns,
            sender: None,
            extended: false,
        }
    }

    #[test]
    fn a_handle_is_known_until_it_expires_or_its_device_gives_one_back() {
        let recent = Recent::default();
        let key = Key::of(Platform::Wns, "token");
        assert_ne!(key, Key::of(Platform::WebPush, "token"));
        let since = recent.find(key, 5).unwrap_err();
        recent.remember(key, since, channel(1), Some(10));
        assert_eq!(recent.find(key, 9).unwrap().agent, 1);
        assert!(recent.find(key, 10).is_err());
        recent.forget(2);
        assert!(recent.find(key, 9).is_ok());
        recent.forget(1);
        assert!(recent.find(key, 9).is_err());
        recent.remember(key, since, channel(1), None);
        assert!(
            recent.find(key, 9).is_err(),
            "it was read before the change"
        );
    }

    #[test]
    fn only_so_many_are_kept() {
        let recent = Recent::default();
        for number in 0..=MOST {
            let key = Key::of(Platform::Wns, &number.to_string());
            let since = recent.find(key, 0).unwrap_err();
            recent.remember(key, since, channel(1), None);
        }
        assert_eq!(recent.lock().channels.len(), 1);
        assert_eq!(recent.lock().by_agent[&1].len(), 1);
    }
}
