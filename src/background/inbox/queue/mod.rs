//! What the inbox holds in memory: the unfinished entries, and which messages were seen.

mod lines;
mod load;
mod seen;
mod steps;

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;

use super::journal::{Kept, StateChange};
use super::{Entry, EntryId, InboxCounts, Limits, Owner, Part};
use crate::model::{MessageId, RawNotification};
use lines::Lines;
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
    /// The places, by what they wait for.
    lines: Lines,
    messages: HashMap<MessageId, EntryId>,
    /// The time of the last lease: a clock that was set back is noticed by it.
    looked_at: Timestamp,
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
            lines: Lines::default(),
            messages: HashMap::new(),
            // What was kept may be of a clock that was set back since.
            looked_at: Timestamp::MAX,
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
            queue.enter(entry, step);
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
        self.enter(entry, Step::Ready);
    }

    fn enter(&mut self, entry: Entry, step: Step) {
        self.lines.enter(&entry, &step);
        self.messages.insert(entry.raw.message.clone(), entry.id);
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
        let line = self.lines.of(owner, part);
        let due = line.and_then(|line| line.retries.first());
        let due = due.map(|(at, _)| *at);
        due.into_iter().chain(self.next_limit).min()
    }

    pub(super) fn find(&self, message: &MessageId) -> Option<&Entry> {
        let id = self.messages.get(message)?;
        self.places.get(id).map(|place| &place.entry)
    }

    pub(super) fn held(&self, owner: &Owner, part: Part) -> Vec<Entry> {
        let line = self.lines.of(owner, part);
        let held = line.into_iter().flat_map(|line| &line.held);
        let held = held.filter_map(|id| self.places.get(id));
        held.map(|place| place.entry.clone()).collect()
    }

    pub(super) fn awaiting_sign_in(&self, owner: &Owner) -> usize {
        let lines = self.lines.of_owner(owner);
        lines.map(|line| line.awaiting.len()).sum()
    }

    pub(super) fn held_count(&self) -> usize {
        self.lines.all().map(|line| line.held.len()).sum()
    }

    pub(super) fn counts(&self) -> InboxCounts {
        let awaiting_sign_in = self.lines.all().map(|line| line.awaiting.len()).sum();
        InboxCounts {
            waiting: self.places.len() - awaiting_sign_in,
            awaiting_sign_in,
        }
    }
}
