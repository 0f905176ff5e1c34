//! Which pushes were acknowledged lately.

use std::collections::VecDeque;
use std::hash::{BuildHasher as _, RandomState};

use crate::model::MessageId;

/// How many are remembered: more than a service sends again at once.
const MOST: usize = 256;

/// The latest pushes that were acknowledged. A service that sends the same one again and again, and
/// closes each time, makes no progress.
#[derive(Debug, Default)]
pub(super) struct Acknowledged {
    hasher: RandomState,
    latest: VecDeque<u64>,
}

impl Acknowledged {
    /// Remembers a push; true where it was not among the latest.
    pub(super) fn is_new(&mut self, message: &MessageId) -> bool {
        let hash = self.hasher.hash_one(message.as_str());
        if self.latest.contains(&hash) {
            return false;
        }
        if self.latest.len() == MOST {
            self.latest.pop_front();
        }
        self.latest.push_back(hash);
        true
    }
}
