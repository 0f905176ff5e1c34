//! Which messages came before, by hash.

use std::collections::{HashSet, VecDeque};
use std::hash::{BuildHasher as _, RandomState};

use crate::background::inbox::journal::MOST_REMEMBERED;

/// The latest messages, and those that are being written.
#[derive(Debug, Default)]
pub(super) struct Seen {
    hasher: RandomState,
    known: HashSet<u64>,
    order: VecDeque<u64>,
    underway: HashSet<u64>,
}

impl Seen {
    pub(super) fn is_underway(&self, message: &str) -> bool {
        self.underway.contains(&self.hash(message))
    }

    pub(super) fn is_known(&self, message: &str) -> bool {
        self.known.contains(&self.hash(message))
    }

    pub(super) fn begin(&mut self, message: &str) {
        self.underway.insert(self.hash(message));
    }

    pub(super) fn forget(&mut self, message: &str) {
        let hash = self.hash(message);
        self.underway.remove(&hash);
    }

    pub(super) fn remember(&mut self, message: &str) {
        let hash = self.hash(message);
        self.underway.remove(&hash);
        if self.known.insert(hash) {
            self.order.push_back(hash);
        }
        while self.order.len() > MOST_REMEMBERED {
            if let Some(oldest) = self.order.pop_front() {
                self.known.remove(&oldest);
            }
        }
    }

    fn hash(&self, message: &str) -> u64 {
        self.hasher.hash_one(message)
    }
}
