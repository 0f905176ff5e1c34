//! What the inbox holds in memory: the unfinished entries, and which messages were seen.

mod load;
mod seen;
mod steps;

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::journal::{Kept, StateChange};
use super::{Entry, EntryId, InboxCounts, Limits, Owner, Part};
use crate::model::RawNotification;
use load::Loads;
use seen::Seen;

/// Where an entry stands with its part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    Ready,
    Leased {
        /// Its owner signed in meanwhile: the instance may have worked with the token before.
        signed_in: bool,
    },
    /// Waits for a condition; the name of the reason.
    Held(String),
    AwaitingSignIn,
    Retry {
        at: Timestamp,
        /// When that was decided: a clock before it was set back, and nobody knows how long it is.
        since: Timestamp,
    },
}

/// What [`Queue::reserve`] found.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Reserved {
    New,
    Known,
    Underway,
    Full(usize),
}

#[derive(Debug)]
struct Place {
    entry: Entry,
    step: Step,
}

/// The unfinished entries of a device in the order they came.
#[derive(Debug)]
pub(super) struct Queue {
    places: BTreeMap<EntryId, Place>,
    seen: Seen,
    loads: Loads,
    /// Changes that are not known to be in the journal, the latest of each entry.
    unwritten: BTreeMap<EntryId, StateChange>,
    limits: Limits,
    /// No entry is past its limit before; none when nothing waits.
    next_limit: Option<Timestamp>,
}

impl Queue {
    pub(super) fn new(kept: Kept) -> Self {
        let mut queue = Self {
            places: BTreeMap::new(),
            seen: Seen::default(),
            loads: Loads::default(),
            unwritten: BTreeMap::new(),
            limits: Limits::default(),
            // What was kept is looked at once.
            next_limit: Some(Timestamp::MIN),
        };
        for message in kept.messages {
            queue.seen.remember(message.as_str());
        }
        for (entry, step) in kept.unfinished {
            queue.loads.add(&entry.owner, Entry::size(&entry.raw));
            queue.places.insert(entry.id, Place { entry, step });
        }
        queue
    }

    /// Claims a message id for writing.
    pub(super) fn reserve(&mut self, raw: &RawNotification, owner: &Owner) -> Reserved {
        let message = raw.message.as_str();
        if self.seen.is_underway(message) {
            return Reserved::Underway;
        }
        if self.seen.is_known(message) {
            return Reserved::Known;
        }
        let size = Entry::size(raw);
        if !self.loads.takes(owner, size) {
            return Reserved::Full(self.loads.count());
        }
        self.loads.add(owner, size);
        self.seen.begin(message);
        Reserved::New
    }

    /// The claimed message is durable.
    pub(super) fn accepted(&mut self, entry: Entry) {
        self.seen.remember(entry.raw.message.as_str());
        let step = Step::Ready;
        self.places.insert(entry.id, Place { entry, step });
    }

    /// The claimed message could not be written: it may come again.
    pub(super) fn forget(&mut self, raw: &RawNotification, owner: &Owner) {
        self.seen.forget(raw.message.as_str());
        self.loads.take_away(owner, Entry::size(raw));
    }

    pub(super) fn has_room(&self, owner: &Owner) -> bool {
        self.loads.has_room(owner)
    }

    pub(super) fn set_limits(&mut self, limits: Limits) {
        self.limits = limits;
        self.next_limit = Some(Timestamp::MIN);
    }

    pub(super) fn unwritten(&self) -> Vec<StateChange> {
        self.unwritten.values().cloned().collect()
    }

    /// These are in the journal; one that changed since is still to be written.
    pub(super) fn written(&mut self, changes: &[StateChange]) {
        for change in changes {
            if self.unwritten.get(&change.id) == Some(change) {
                self.unwritten.remove(&change.id);
            }
        }
    }

    /// When something of `owner` becomes ready by time alone, or is to be given up.
    pub(super) fn next_due(&self, owner: &Owner, part: Part) -> Option<Timestamp> {
        let due = self.places.values().filter_map(|place| match place.step {
            Step::Retry { at, .. } if place.is_of(owner, part) => Some(at),
            Step::Ready
            | Step::Leased { .. }
            | Step::Held(_)
            | Step::AwaitingSignIn
            | Step::Retry { .. } => None,
        });
        due.chain(self.next_limit).min()
    }

    pub(super) fn find(&self, message: &str) -> Option<&Entry> {
        let mut all = self.places.values().map(|place| &place.entry);
        all.find(|entry| entry.raw.message.as_str() == message)
    }

    pub(super) fn held(&self, owner: &Owner, part: Part) -> Vec<Entry> {
        let held = |place: &&Place| matches!(place.step, Step::Held(_)) && place.is_of(owner, part);
        let held = self.places.values().filter(held);
        held.map(|place| place.entry.clone()).collect()
    }

    pub(super) fn awaiting_sign_in(&self, owner: &Owner) -> usize {
        let waits =
            |place: &&Place| place.step == Step::AwaitingSignIn && place.entry.owner == *owner;
        self.places.values().filter(waits).count()
    }

    pub(super) fn held_count(&self) -> usize {
        let held = |place: &&Place| matches!(place.step, Step::Held(_));
        self.places.values().filter(held).count()
    }

    pub(super) fn counts(&self) -> InboxCounts {
        let awaiting_sign_in = self
            .places
            .values()
            .filter(|place| place.step == Step::AwaitingSignIn)
            .count();
        InboxCounts {
            waiting: self.places.len() - awaiting_sign_in,
            awaiting_sign_in,
        }
    }
}

impl Place {
    fn is_of(&self, owner: &Owner, part: Part) -> bool {
        self.entry.part == part && self.entry.owner == *owner
    }
}
