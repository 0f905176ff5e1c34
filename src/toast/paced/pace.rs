//! When a toast is drawn: at once, or as one of a summary. Pure: time comes in, toasts come out.

use std::collections::{HashMap, HashSet, VecDeque};
use std::time::Duration;

use tokio::time::Instant;

use crate::lifecycle::timeouts;
use crate::model::{DisplayText, ToastContent, ToastKey, ToastTemplate};

/// How many new toasts are drawn within [`BURST_WINDOW`]; more are a burst.
const MOST_AT_ONCE: usize = 5;

/// How many new toasts are drawn within [`timeouts::TOAST_VISIBLE`]: dunst shows 20, then queues.
const MOST_STANDING: usize = 15;

const BURST_WINDOW: Duration = Duration::from_secs(1);

/// How long no new toast must come for a burst to be over.
const QUIET: Duration = Duration::from_secs(1);

/// The least time between two changes of the summary.
const SUMMARY_EVERY: Duration = Duration::from_millis(300);

/// The least time between two changes of one toast.
const UPDATE_EVERY: Duration = Duration::from_secs(1);

/// How many drawn toasts are known, so that the next of the same key counts as a change.
const MOST_KNOWN: usize = 256;

/// How many toasts a summary counts.
const MOST_FOLDED: usize = 10_000;

/// What becomes of a toast that is offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// It is drawn at once.
    Draw,
    /// It is drawn later, by itself or as one of a summary.
    Later,
}

/// What was drawn, and what waits.
#[derive(Debug, Default)]
pub(super) struct Pace {
    /// When new toasts were drawn by themselves, the latest last.
    draws: VecDeque<Instant>,
    /// The toasts that were drawn by themselves, and when last.
    known: HashMap<ToastKey, Instant>,
    /// Changes of drawn toasts that came too soon.
    changes: HashMap<ToastKey, (Instant, ToastContent)>,
    /// The toasts of the burst that goes on.
    folded: HashSet<ToastKey>,
    last_folded: Option<Instant>,
    summary_drawn: Option<Instant>,
    summary_due: Option<Instant>,
}

impl Pace {
    /// Decides on a toast; one that waits is kept here.
    pub(super) fn offer(&mut self, content: &ToastContent, now: Instant) -> Step {
        if let Some(last) = self.known.get(&content.key) {
            return self.change(content, *last, now);
        }
        self.end_if_quiet(now);
        self.forget_old_draws(now);
        // The toast that asks to sign in is one for many already.
        if content.key.is_sign_in() || !self.is_burst(now) {
            self.draws.push_back(now);
            self.know(content.key.clone(), now);
            return Step::Draw;
        }
        if self.folded.len() < MOST_FOLDED {
            self.folded.insert(content.key.clone());
        }
        self.last_folded = Some(now);
        self.summarise(now);
        Step::Later
    }

    /// The toasts that are to be drawn now, each with how it is now; `all` of those that wait,
    /// where there is no later.
    pub(super) fn take_due(
        &mut self,
        now: Instant,
        all: bool,
        title: &DisplayText,
    ) -> Vec<ToastContent> {
        let is_due = |due: Instant| all || due <= now;
        let mut taken: Vec<(Instant, ToastContent)> = Vec::new();
        self.changes.retain(|_, (due, content)| {
            if is_due(*due) {
                taken.push((*due, content.clone()));
            }
            !is_due(*due)
        });
        taken.sort_by_key(|(due, _)| *due);
        for (_, content) in &taken {
            self.known.insert(content.key.clone(), now);
        }
        let mut contents: Vec<ToastContent> =
            taken.into_iter().map(|(_, content)| content).collect();
        if self.summary_due.is_some_and(is_due) {
            self.summary_due = None;
            self.summary_drawn = Some(now);
            contents.push(summary(title, self.folded.len()));
        }
        contents
    }

    /// When [`Pace::take_due`] has something to give.
    pub(super) fn next_due(&self) -> Option<Instant> {
        let changes = self.changes.values().map(|(due, _)| *due);
        changes.chain(self.summary_due).min()
    }

    /// Forgets a toast that is taken away, or was not drawn after all. True when it was the last of
    /// a summary that stands.
    pub(super) fn forget(&mut self, key: &ToastKey, now: Instant) -> bool {
        self.known.remove(key);
        self.changes.remove(key);
        if !self.folded.remove(key) {
            return false;
        }
        if self.folded.is_empty() {
            self.summary_due = None;
            return self.summary_drawn.is_some();
        }
        self.summarise(now);
        false
    }

    fn change(&mut self, content: &ToastContent, last: Instant, now: Instant) -> Step {
        let due = last + UPDATE_EVERY;
        if due <= now && !self.changes.contains_key(&content.key) {
            self.known.insert(content.key.clone(), now);
            return Step::Draw;
        }
        self.changes
            .insert(content.key.clone(), (due, content.clone()));
        Step::Later
    }

    fn is_burst(&self, now: Instant) -> bool {
        let lately = |at: &&Instant| now.duration_since(**at) < BURST_WINDOW;
        !self.folded.is_empty()
            || self.draws.len() >= MOST_STANDING
            || self.draws.iter().filter(lately).count() >= MOST_AT_ONCE
    }

    fn end_if_quiet(&mut self, now: Instant) {
        let quiet = |last: Instant| now.duration_since(last) >= QUIET;
        if self.last_folded.is_some_and(quiet) {
            self.folded.clear();
            self.last_folded = None;
        }
    }

    fn forget_old_draws(&mut self, now: Instant) {
        while let Some(first) = self.draws.front()
            && now.duration_since(*first) >= timeouts::TOAST_VISIBLE
        {
            self.draws.pop_front();
        }
    }

    fn know(&mut self, key: ToastKey, now: Instant) {
        if self.known.len() >= MOST_KNOWN {
            let oldest = self.known.iter().min_by_key(|(_, last)| **last);
            if let Some(oldest) = oldest.map(|(key, _)| key.clone()) {
                self.known.remove(&oldest);
            }
        }
        self.known.insert(key, now);
    }

    fn summarise(&mut self, now: Instant) {
        let soonest = self.summary_drawn.map_or(now, |last| last + SUMMARY_EVERY);
        self.summary_due.get_or_insert(soonest.max(now));
    }
}

/// The key of the one toast that stands for many.
pub(super) fn summary_key() -> ToastKey {
    ToastKey::stored("summary:burst".to_owned())
}

fn summary(title: &DisplayText, count: usize) -> ToastContent {
    let body = format!("and {count} more");
    ToastContent::new(
        summary_key(),
        title.clone(),
        body,
        ToastTemplate::ToastText02,
    )
}
