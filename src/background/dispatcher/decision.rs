//! What becomes of one push now.

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use super::Work;
use super::run::Turn;
use crate::background::foreground::{self, ForegroundAnswer};
use crate::background::inbox::Entry;
use crate::background::rules::{self, Candidate, Ledger, Scene, Verdict, Wake};
use crate::background::{Outcome, Part, Reason, TaskRegistration, Trigger};
use crate::model::{AppState, SystemCondition};
use crate::telemetry::EventName;

impl Work {
    /// Takes a leased entry on; says when time alone may release it where it was held.
    pub(super) async fn handle(&self, entry: Entry, off: &CancellationToken) -> Option<Timestamp> {
        let decided = {
            let ledger = self.ledger();
            self.decide(&entry, &ledger)
        };
        match decided {
            Verdict::Run => self.go(&entry, off).await,
            Verdict::Hold(reason, until) => {
                self.hold(&entry, &reason);
                self.replace_older(&entry);
                return until;
            }
            Verdict::Drop(reason) => self.give_up(&entry, &reason),
        }
        None
    }

    /// What the platform's rules say, by the conditions of this moment.
    pub(super) fn decide(&self, entry: &Entry, ledger: &Ledger) -> Verdict {
        let conditions = *self.dispatcher.conditions.borrow();
        let candidate = Candidate {
            raw: &entry.raw,
            part: entry.part,
            woken: entry.woken_at.is_some(),
            by_app: entry.by_app,
            needs: &self.needs(entry.part),
        };
        let scene = Scene {
            conditions: &conditions,
            ledger,
            options: &self.dispatcher.rules,
            now: self.dispatcher.clock.now(),
        };
        rules::admit(&candidate, &scene)
    }

    /// The conditions that the task latches.
    fn needs(&self, part: Part) -> Vec<SystemCondition> {
        match part {
            Part::Visible => Vec::new(),
            Part::Task => self.task().map(|task| task.conditions).unwrap_or_default(),
        }
    }

    /// The task that a push wakes.
    fn task(&self) -> Option<TaskRegistration> {
        let registry = self.dispatcher.runtime.registry();
        registry.task_for(Trigger::RawPush)
    }

    async fn go(&self, entry: &Entry, off: &CancellationToken) {
        if self.is_taken(entry).await {
            self.give_up(entry, &Reason::new("taken_by_foreground_app"));
            return;
        }
        let turn = match (entry.part, self.task()) {
            (Part::Visible, _) => self.show(entry, off).await,
            (Part::Task, Some(task)) => {
                self.note_wake(entry);
                self.run_task(entry, &task, off).await
            }
            (Part::Task, None) => Turn::Over(Outcome::Dropped(self.no_task())),
        };
        match turn {
            Turn::Over(outcome) => self.finish(entry, outcome).await,
            Turn::Waits(reason) => self.hold(entry, &reason),
            Turn::Off => self.dispatcher.inbox.release(entry.id),
        }
    }

    /// Why no task is woken: what its registration was refused for, where it was.
    fn no_task(&self) -> Reason {
        match self.dispatcher.runtime.registry().refusal() {
            Some(refusal) => Reason::because("no_task_registered", refusal),
            None => Reason::new("no_task_registered"),
        }
    }

    /// Asks the app where it is in the foreground, once for each push.
    async fn is_taken(&self, entry: &Entry) -> bool {
        let foreground = self.dispatcher.conditions.borrow().app == AppState::Foreground;
        let first = entry.attempts <= 1 && entry.visible_shown.is_none() && !entry.by_app;
        match &self.dispatcher.foreground {
            Some(app) if foreground && first => {
                foreground::ask(&**app, &entry.raw).await == ForegroundAnswer::Cancel
            }
            Some(_) | None => false,
        }
    }

    pub(super) fn counts(&self, entry: &Entry) -> bool {
        let conditions = self.dispatcher.conditions.borrow();
        entry.woken_at.is_none() && !entry.by_app && rules::counts(&entry.raw, &conditions)
    }

    pub(super) fn wake_of(&self, entry: &Entry) -> Wake {
        Wake {
            entry: entry.id,
            at: self.dispatcher.clock.now(),
            shown: false,
        }
    }

    fn note_wake(&self, entry: &Entry) {
        if self.counts(entry) {
            let wake = self.wake_of(entry);
            self.dispatcher.inbox.woken(entry.id, wake.at);
            self.ledger().note(wake);
        }
    }

    pub(super) fn hold(&self, entry: &Entry, reason: &Reason) {
        if self.dispatcher.inbox.hold(entry.id, reason) {
            self.tell(EventName::PushHeld, entry, |event| {
                super::telling::of_reason(event, reason)
            });
        }
    }

    /// Where the platform keeps only the newest, those held before make way.
    fn replace_older(&self, newer: &Entry) {
        for older in self.dispatcher.inbox.replaced_by(newer) {
            if let Some(gone) = self.dispatcher.inbox.supersede(older, newer.id) {
                self.tell(EventName::PushSuperseded, &gone, |event| {
                    event.with("by", newer.raw.message.as_str())
                });
            }
        }
    }

    pub(super) fn release(&self, entry: &Entry) {
        if let Some(waited_for) = self.dispatcher.inbox.release_held(entry.id) {
            self.tell(EventName::PushReleased, entry, |event| {
                event.with("reason", waited_for)
            });
        }
    }

    pub(super) fn give_up(&self, entry: &Entry, reason: &Reason) {
        if let Some(gone) = self.dispatcher.inbox.give_up(entry.id, reason) {
            self.tell_dropped(&gone, reason);
        }
    }
}
