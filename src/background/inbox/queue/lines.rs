//! Who stands where, so that nobody is looked for among thousands who only wait.

use std::collections::{BTreeSet, HashMap};

use jiff::Timestamp;

use super::Step;
use crate::background::inbox::{Entry, EntryId, Owner, Part};

/// The unfinished entries of one owner that are at the same part, by their step; what is leased
/// stands in none of them.
#[derive(Debug, Default)]
pub(super) struct Line {
    pub(super) ready: BTreeSet<EntryId>,
    pub(super) held: BTreeSet<EntryId>,
    pub(super) awaiting: BTreeSet<EntryId>,
    /// By when they are tried again.
    pub(super) retries: BTreeSet<(Timestamp, EntryId)>,
}

/// The lines of every owner and part.
#[derive(Debug, Default)]
pub(super) struct Lines(HashMap<Owner, [Line; 2]>);

impl Lines {
    pub(super) fn enter(&mut self, entry: &Entry, step: &Step) {
        let lines = self.0.entry(entry.owner.clone()).or_default();
        let line = &mut lines[place_of(entry.part)];
        match step {
            Step::Ready => line.ready.insert(entry.id),
            Step::Held(_) => line.held.insert(entry.id),
            Step::AwaitingSignIn => line.awaiting.insert(entry.id),
            Step::Retry { at, .. } => line.retries.insert((*at, entry.id)),
            Step::Leased { .. } => false,
        };
    }

    pub(super) fn leave(&mut self, entry: &Entry, step: &Step) {
        let Some(lines) = self.0.get_mut(&entry.owner) else {
            return;
        };
        let line = &mut lines[place_of(entry.part)];
        match step {
            Step::Ready => line.ready.remove(&entry.id),
            Step::Held(_) => line.held.remove(&entry.id),
            Step::AwaitingSignIn => line.awaiting.remove(&entry.id),
            Step::Retry { at, .. } => line.retries.remove(&(*at, entry.id)),
            Step::Leased { .. } => false,
        };
        if lines.iter().all(Line::is_empty) {
            self.0.remove(&entry.owner);
        }
    }

    pub(super) fn of(&self, owner: &Owner, part: Part) -> Option<&Line> {
        Some(&self.0.get(owner)?[place_of(part)])
    }

    /// Both parts of an owner.
    pub(super) fn of_owner(&self, owner: &Owner) -> impl Iterator<Item = &Line> {
        self.0.get(owner).into_iter().flatten()
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Line> {
        self.0.values().flatten()
    }
}

impl Line {
    fn is_empty(&self) -> bool {
        self.ready.is_empty()
            && self.held.is_empty()
            && self.awaiting.is_empty()
            && self.retries.is_empty()
    }
}

fn place_of(part: Part) -> usize {
    match part {
        Part::Visible => 0,
        Part::Task => 1,
    }
}
