//! From one step of an entry to the next.

use jiff::{SignedDuration, Timestamp};

use super::{Place, Queue, Step};
use crate::background::inbox::journal::{State, StateChange};
use crate::background::inbox::{Entry, EntryId, Limits, Outcome, Owner, Part, Reason};
use crate::background::rules;

impl Queue {
    pub(in super::super) fn lease(
        &mut self,
        owner: &Owner,
        part: Part,
        now: Timestamp,
    ) -> Option<Entry> {
        self.retry_due(owner, part, now);
        let id = *self.lines.of(owner, part)?.ready.first()?;
        self.moves_to(id, Step::Leased { signed_in: false });
        let place = self.places.get_mut(&id)?;
        place.entry.attempts = place.entry.attempts.saturating_add(1);
        Some(place.entry.clone())
    }

    /// Makes ready what is to be tried again by now.
    fn retry_due(&mut self, owner: &Owner, part: Part, now: Timestamp) {
        if now < self.looked_at {
            self.retry_despite(now);
        }
        self.looked_at = now;
        while let Some(line) = self.lines.of(owner, part)
            && let Some(&(at, id)) = line.retries.first()
            && at <= now
        {
            self.moves_to(id, Step::Ready);
        }
    }

    /// Makes ready whatever was put off by a clock that was ahead of `now`: it was set back since,
    /// and nobody knows how long the wait would be.
    fn retry_despite(&mut self, now: Timestamp) {
        let ahead = |place: &&Place| matches!(place.step, Step::Retry { since, .. } if now < since);
        let ahead: Vec<EntryId> = self
            .places
            .values()
            .filter(ahead)
            .map(|place| place.entry.id)
            .collect();
        for id in ahead {
            self.moves_to(id, Step::Ready);
        }
    }

    /// Ends a lease; false when that entry is not leased.
    pub(in super::super) fn finish(
        &mut self,
        id: EntryId,
        outcome: &Outcome,
        now: Timestamp,
    ) -> bool {
        let Some(place) = self.places.get_mut(&id) else {
            return false;
        };
        let Step::Leased { signed_in } = place.step else {
            return false;
        };
        match outcome {
            Outcome::Shown => self.end_part(id, true, None),
            Outcome::Dropped(reason) => self.end_part(id, false, Some(reason)),
            Outcome::AwaitingSignIn {
                reason,
                refused_under,
            } => {
                place.entry.refused_under = refused_under.or(place.entry.refused_under);
                // The sign-in it would wait for may have been.
                place.entry.by_app |= signed_in;
                let step = match signed_in {
                    true => Step::Ready,
                    false => Step::AwaitingSignIn,
                };
                self.goes_to(id, step, Some(reason));
            }
            Outcome::Retry { after, reason } => {
                let wait = SignedDuration::try_from(*after).unwrap_or(SignedDuration::MAX);
                let at = now.saturating_add(wait).unwrap_or(Timestamp::MAX);
                self.goes_to(id, Step::Retry { at, since: now }, Some(reason));
            }
        }
        true
    }

    /// Lets an entry that is leased or held wait for a condition; true when it did not wait for
    /// that one before.
    pub(in super::super) fn hold(&mut self, id: EntryId, reason: &Reason) -> bool {
        let Some(place) = self.places.get_mut(&id) else {
            return false;
        };
        match &place.step {
            Step::Held(code) if *code == reason.code => return false,
            Step::Held(_) => {}
            Step::Leased { .. } => {
                place.entry.attempts = place.entry.attempts.saturating_sub(1);
                place.entry.put_off = place.entry.put_off.saturating_add(1);
            }
            Step::Ready | Step::AwaitingSignIn | Step::Retry { .. } => return false,
        }
        self.goes_to(id, Step::Held(reason.code.to_string()), Some(reason));
        true
    }

    /// The held entries that make way for `newer`.
    pub(in super::super) fn replaced_by(&self, newer: &Entry) -> Vec<EntryId> {
        if !rules::may_replace(&newer.raw) {
            return Vec::new();
        }
        let line = self.lines.of(&newer.owner, newer.part);
        let held = line
            .into_iter()
            .flat_map(|line| line.held.range(..newer.id));
        let makes_way = |id: &&EntryId| {
            let older = self.places.get(id).map(|place| &place.entry.raw);
            older.is_some_and(|older| rules::replaces(&newer.raw, older))
        };
        held.filter(makes_way).copied().collect()
    }

    /// Makes a held entry ready; the name of what it waited for.
    pub(in super::super) fn release_held(&mut self, id: EntryId) -> Option<String> {
        let place = self.places.get_mut(&id)?;
        let Step::Held(code) = &place.step else {
            return None;
        };
        let code = code.clone();
        self.goes_to(id, Step::Ready, None);
        Some(code)
    }

    /// Lets a held entry make way for a newer one of the same owner that is held, too, where the
    /// platform keeps only the newest.
    pub(in super::super) fn supersede(&mut self, older: EntryId, newer: EntryId) -> Option<Entry> {
        let (old, new) = (self.places.get(&older)?, self.places.get(&newer)?);
        let held = |place: &Place| matches!(place.step, Step::Held(_));
        let newer_of_same = older < newer && old.entry.owner == new.entry.owner;
        let replaces = rules::replaces(&new.entry.raw, &old.entry.raw);
        if !newer_of_same || !held(old) || !held(new) || !replaces {
            return None;
        }
        let by = Reason::because("superseded", &new.entry.raw.message);
        let state = match old.entry.visible_shown {
            Some(true) => State::Shown,
            Some(false) | None => State::Superseded,
        };
        self.end(older, state, Some(&by))
    }

    /// Ends a push that is leased or held, whatever is still to be done for it.
    pub(in super::super) fn give_up(&mut self, id: EntryId, reason: &Reason) -> Option<Entry> {
        let place = self.places.get(&id)?;
        if !matches!(place.step, Step::Leased { .. } | Step::Held(_)) {
            return None;
        }
        let state = match place.entry.visible_shown {
            Some(true) => State::Shown,
            Some(false) | None => State::Dropped,
        };
        self.end(id, state, Some(reason))
    }

    /// Gives up what has waited past its limit.
    pub(in super::super) fn expire(&mut self, now: Timestamp, reason: &Reason) -> Vec<Entry> {
        if self.next_limit.is_none_or(|limit| now < limit) {
            return Vec::new();
        }
        let limits = self.limits;
        let limit = |place: &Place| Some((place.entry.id, place.limit(limits)?));
        let (past, ahead): (Vec<_>, Vec<_>) = self
            .places
            .values()
            .filter_map(limit)
            .partition(|(_, limit)| *limit <= now);
        self.next_limit = ahead.iter().map(|(_, limit)| *limit).min();
        past.into_iter()
            .filter_map(|(id, _)| {
                let shown = self.places.get(&id)?.entry.visible_shown == Some(true);
                let state = if shown { State::Shown } else { State::Dropped };
                self.end(id, state, Some(reason))
            })
            .collect()
    }

    pub(in super::super) fn release(&mut self, id: EntryId) {
        if let Some(place) = self.places.get_mut(&id)
            && let Step::Leased { signed_in } = place.step
        {
            place.entry.by_app |= signed_in;
            place.entry.attempts = place.entry.attempts.saturating_sub(1);
            self.moves_to(id, Step::Ready);
        }
    }

    /// The platform woke the task for a leased entry; it is written down with what comes of it.
    pub(in super::super) fn woken(&mut self, id: EntryId, at: Timestamp) {
        if let Some(place) = self.places.get_mut(&id) {
            place.entry.woken_at.get_or_insert(at);
        }
    }

    pub(in super::super) fn signed_in(&mut self, owner: &Owner) -> usize {
        let mut ready = Vec::new();
        for place in self.places.values_mut() {
            match &mut place.step {
                _ if place.entry.owner != *owner => {}
                Step::AwaitingSignIn => {
                    place.entry.by_app = true;
                    ready.push(place.entry.id);
                }
                Step::Leased { signed_in } => *signed_in = true,
                Step::Ready | Step::Held(_) | Step::Retry { .. } => {}
            }
        }
        for id in &ready {
            self.goes_to(*id, Step::Ready, None);
        }
        ready.len()
    }

    /// Ends the part of a leased entry, and the entry with the last one.
    fn end_part(&mut self, id: EntryId, shown: bool, reason: Option<&Reason>) {
        let Some(place) = self.places.get_mut(&id) else {
            return;
        };
        if place.entry.task_follows() {
            place.entry.visible_shown = Some(shown);
            place.entry.part = Part::Task;
            place.entry.attempts = 0;
            self.goes_to(id, Step::Ready, reason);
            return;
        }
        let state = match shown || place.entry.visible_shown == Some(true) {
            true => State::Shown,
            false => State::Dropped,
        };
        self.end(id, state, reason);
    }

    /// The only place where the step of an entry changes. Its part changes only while it is leased
    /// and stands in no line.
    fn moves_to(&mut self, id: EntryId, step: Step) {
        if let Some(place) = self.places.get_mut(&id) {
            self.lines.leave(&place.entry, &place.step);
            self.lines.enter(&place.entry, &step);
            place.step = step;
        }
    }

    fn goes_to(&mut self, id: EntryId, step: Step, reason: Option<&Reason>) {
        self.moves_to(id, step);
        let Some(place) = self.places.get(&id) else {
            return;
        };
        let change = place.change(place.state(), reason);
        if let Some(limit) = place.limit(self.limits) {
            self.next_limit = Some(self.next_limit.map_or(limit, |next| next.min(limit)));
        }
        self.unwritten.insert(id, change);
    }

    fn end(&mut self, id: EntryId, state: State, reason: Option<&Reason>) -> Option<Entry> {
        let place = self.places.remove(&id)?;
        self.lines.leave(&place.entry, &place.step);
        if self.messages.get(&place.entry.raw.message) == Some(&id) {
            self.messages.remove(&place.entry.raw.message);
        }
        self.loads
            .take_away(&place.entry.owner, Entry::size(&place.entry.raw));
        self.unwritten.insert(id, place.change(state, reason));
        Some(place.entry)
    }
}

impl Place {
    fn state(&self) -> State {
        match self.step {
            Step::Ready | Step::Leased { .. } if self.entry.by_app => State::SignedIn,
            Step::Ready | Step::Leased { .. } => State::Accepted,
            Step::Held(_) => State::Held,
            Step::AwaitingSignIn => State::AwaitingSignIn,
            Step::Retry { .. } => State::Retry,
        }
    }

    fn change(&self, state: State, reason: Option<&Reason>) -> StateChange {
        let entry = &self.entry;
        StateChange {
            id: entry.id,
            state,
            reason: reason.map(ToString::to_string),
            attempts: entry.attempts,
            due: match self.step {
                Step::Retry { at, .. } => Some(at),
                Step::Ready | Step::Leased { .. } | Step::Held(_) | Step::AwaitingSignIn => None,
            },
            visible_shown: entry.visible_shown,
            refused_under: entry.refused_under,
            put_off: entry.put_off,
            woken_at: entry.woken_at,
        }
    }

    /// Until when it may wait as it does: what its sender said, and for what is held no longer
    /// than any platform keeps a message. What is tried again is judged by who tries it.
    fn limit(&self, limits: Limits) -> Option<Timestamp> {
        match self.step {
            Step::AwaitingSignIn => self.entry.raw.expires_at,
            Step::Held(_) => Some(self.entry.expires_at(limits.held)),
            Step::Ready | Step::Leased { .. } | Step::Retry { .. } => None,
        }
    }
}
