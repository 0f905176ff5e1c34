//! What the inbox holds in memory: the unfinished entries, and which messages were seen.

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::hash::{BuildHasher as _, RandomState};

use jiff::{SignedDuration, Timestamp};

use super::journal::{Kept, KeptState, MOST_REMEMBERED, StateChange};
use super::{Entry, EntryId, InboxCounts, Outcome, Owner};
use crate::model::MessageId;

/// How many unfinished pushes one device holds; past it the service keeps what comes.
pub(super) const MOST_UNFINISHED: usize = 10_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Ready,
    Leased {
        /// Its owner signed in meanwhile: the instance may have worked with the token before.
        signed_in: bool,
    },
    AwaitingSignIn,
    Retry(Timestamp),
}

/// What [`Queue::reserve`] found.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Reserved {
    New,
    Known,
    Underway,
    Full(usize),
}

/// The unfinished entries of a device in the order they came.
#[derive(Debug)]
pub(super) struct Queue {
    entries: BTreeMap<EntryId, (Entry, State)>,
    hasher: RandomState,
    seen: HashSet<u64>,
    seen_order: VecDeque<u64>,
    underway: HashSet<u64>,
}

impl Queue {
    pub(super) fn new(kept: Kept) -> Self {
        let mut queue = Self {
            entries: BTreeMap::new(),
            hasher: RandomState::new(),
            seen: HashSet::new(),
            seen_order: VecDeque::new(),
            underway: HashSet::new(),
        };
        for message in kept.messages {
            queue.remember(queue.hash(message.as_str()));
        }
        for (entry, state) in kept.unfinished {
            let state = match state {
                KeptState::Ready => State::Ready,
                KeptState::AwaitingSignIn => State::AwaitingSignIn,
                KeptState::Retry(at) => State::Retry(at),
            };
            queue.entries.insert(entry.id, (entry, state));
        }
        queue
    }

    /// Claims a message id for writing.
    pub(super) fn reserve(&mut self, message: &MessageId) -> Reserved {
        let hash = self.hash(message.as_str());
        if self.underway.contains(&hash) {
            return Reserved::Underway;
        }
        if self.seen.contains(&hash) {
            return Reserved::Known;
        }
        let unfinished = self.entries.len() + self.underway.len();
        if unfinished >= MOST_UNFINISHED {
            return Reserved::Full(unfinished);
        }
        self.underway.insert(hash);
        Reserved::New
    }

    /// The claimed message is durable.
    pub(super) fn accepted(&mut self, entry: Entry) {
        let hash = self.hash(entry.raw.message.as_str());
        self.underway.remove(&hash);
        self.remember(hash);
        self.entries.insert(entry.id, (entry, State::Ready));
    }

    /// The claimed message could not be written: it may come again.
    pub(super) fn forget(&mut self, message: &MessageId) {
        let hash = self.hash(message.as_str());
        self.underway.remove(&hash);
    }

    pub(super) fn lease(&mut self, owner: &Owner, now: Timestamp) -> Option<Entry> {
        let (entry, state) = self.entries.values_mut().find(|(entry, state)| {
            entry.owner == *owner
                && match state {
                    State::Ready => true,
                    State::Retry(at) => *at <= now,
                    State::Leased { .. } | State::AwaitingSignIn => false,
                }
        })?;
        *state = State::Leased { signed_in: false };
        entry.attempts = entry.attempts.saturating_add(1);
        Some(entry.clone())
    }

    pub(super) fn next_due(&self, owner: &Owner) -> Option<Timestamp> {
        let due = self
            .entries
            .values()
            .filter_map(|(entry, state)| match state {
                State::Retry(at) if entry.owner == *owner => Some(*at),
                State::Ready | State::Leased { .. } | State::AwaitingSignIn | State::Retry(_) => {
                    None
                }
            });
        due.min()
    }

    /// Ends a lease; none when that entry is not leased.
    pub(super) fn finish(
        &mut self,
        id: EntryId,
        outcome: &Outcome,
        now: Timestamp,
    ) -> Option<StateChange> {
        let (entry, state) = self.entries.get_mut(&id)?;
        let State::Leased { signed_in } = *state else {
            return None;
        };
        let attempts = entry.attempts;
        let change = |state, reason: Option<String>, due| StateChange {
            id,
            state,
            reason,
            attempts,
            due,
        };
        let (next, change) = match outcome {
            Outcome::Shown => (None, change("shown", None, None)),
            Outcome::Dropped(reason) => (None, change("dropped", Some(reason.to_string()), None)),
            // The sign-in it would wait for has been.
            Outcome::AwaitingSignIn(_) if signed_in => {
                (Some(State::Ready), change("accepted", None, None))
            }
            Outcome::AwaitingSignIn(reason) => (
                Some(State::AwaitingSignIn),
                change("awaiting_sign_in", Some(reason.to_string()), None),
            ),
            Outcome::Retry { after, reason } => {
                let wait = SignedDuration::try_from(*after).unwrap_or(SignedDuration::MAX);
                let at = now.saturating_add(wait).unwrap_or(Timestamp::MAX);
                let change = change("retry", Some(reason.to_string()), Some(at));
                (Some(State::Retry(at)), change)
            }
        };
        match next {
            Some(next) => *state = next,
            None => drop(self.entries.remove(&id)),
        }
        Some(change)
    }

    pub(super) fn release(&mut self, id: EntryId) {
        if let Some((entry, state)) = self.entries.get_mut(&id)
            && matches!(state, State::Leased { .. })
        {
            *state = State::Ready;
            entry.attempts = entry.attempts.saturating_sub(1);
        }
    }

    pub(super) fn signed_in(&mut self, owner: &Owner) -> Vec<StateChange> {
        let mut changes = Vec::new();
        for (entry, state) in self.entries.values_mut() {
            if entry.owner != *owner {
                continue;
            }
            match state {
                State::AwaitingSignIn => {
                    *state = State::Ready;
                    changes.push(StateChange {
                        id: entry.id,
                        state: "accepted",
                        reason: None,
                        attempts: entry.attempts,
                        due: None,
                    });
                }
                State::Leased { signed_in } => *signed_in = true,
                State::Ready | State::Retry(_) => {}
            }
        }
        changes
    }

    pub(super) fn awaiting_sign_in(&self, owner: &Owner) -> usize {
        let waits = |(entry, state): &&(Entry, State)| {
            *state == State::AwaitingSignIn && entry.owner == *owner
        };
        self.entries.values().filter(waits).count()
    }

    pub(super) fn counts(&self) -> InboxCounts {
        let awaiting_sign_in = self
            .entries
            .values()
            .filter(|(_, state)| *state == State::AwaitingSignIn)
            .count();
        InboxCounts {
            waiting: self.entries.len() - awaiting_sign_in,
            awaiting_sign_in,
        }
    }

    fn hash(&self, message: &str) -> u64 {
        self.hasher.hash_one(message)
    }

    fn remember(&mut self, hash: u64) {
        if self.seen.insert(hash) {
            self.seen_order.push_back(hash);
        }
        while self.seen_order.len() > MOST_REMEMBERED {
            if let Some(oldest) = self.seen_order.pop_front() {
                self.seen.remove(&oldest);
            }
        }
    }
}
