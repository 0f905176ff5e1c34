//! Walking over the targets that may be meant, in the order of their numbers.

use std::collections::VecDeque;

use rusqlite::{CachedStatement, Connection};

use super::plan::Plan;

/// How many numbers of a list are read at once, first and later.
const FIRST: i64 = 32;
const LATER: i64 = 512;

/// The targets of one list, a part at a time.
struct List {
    /// A label, or the kind itself where all targets of it are walked over.
    key: i64,
    /// The label's place in the plan.
    place: Option<usize>,
    read: VecDeque<i64>,
    behind: i64,
    chunk: i64,
    ended: bool,
}

/// A walk over one list or several at once.
pub(super) struct Walk<'a> {
    plan: Option<&'a Plan>,
    lists: Vec<List>,
    read: CachedStatement<'a>,
    probe: CachedStatement<'a>,
    last: i64,
}

impl<'a> Walk<'a> {
    pub(super) fn new(
        c: &'a Connection,
        kind: i64,
        plan: Option<&'a Plan>,
        after: i64,
    ) -> rusqlite::Result<Self> {
        let leading = plan.and_then(|plan| Some((plan, plan.leading.as_ref()?)));
        let (lists, statement) = match leading {
            Some((plan, leading)) => {
                let list = |place: &usize| {
                    let label = plan.labels.get(*place)?;
                    Some(List::new(label.id?, Some(*place), after))
                };
                let statement = "SELECT target FROM hub_labelled
                     WHERE label = ?1 AND target > ?2 ORDER BY target LIMIT ?3";
                (leading.iter().filter_map(list).collect(), statement)
            }
            None => {
                let statement = "SELECT id FROM hub_target
                     WHERE kind = ?1 AND id > ?2 ORDER BY id LIMIT ?3";
                (vec![List::new(kind, None, after)], statement)
            }
        };
        Ok(Self {
            plan,
            lists,
            read: c.prepare_cached(statement)?,
            probe: c
                .prepare_cached("SELECT 1 FROM hub_labelled WHERE label = ?1 AND target = ?2")?,
            last: after,
        })
    }

    /// The next target, and whether it is meant.
    pub(super) fn next(&mut self) -> rusqlite::Result<Option<(i64, bool)>> {
        let mut first: Option<i64> = None;
        for list in &mut self.lists {
            if let Some(target) = list.peek(&mut self.read)? {
                first = Some(first.map_or(target, |first| first.min(target)));
            }
        }
        let Some(target) = first else {
            return Ok(None);
        };
        self.last = target;
        let is_meant = match self.plan {
            None => true,
            Some(plan) => {
                let (lists, probe) = (&self.lists, &mut self.probe);
                plan.means(&mut |place| has(lists, probe, plan, place, target))?
            }
        };
        for list in &mut self.lists {
            list.pass(target);
        }
        Ok(Some((target, is_meant)))
    }

    /// The target that was looked at last.
    pub(super) fn last(&self) -> i64 {
        self.last
    }
}

/// Whether the target has the label: lists that are walked over tell it by themselves.
fn has(
    lists: &[List],
    probe: &mut CachedStatement<'_>,
    plan: &Plan,
    place: usize,
    target: i64,
) -> rusqlite::Result<bool> {
    let label = plan.labels.get(place).and_then(|label| label.id);
    let Some(label) = label else {
        return Ok(false);
    };
    match lists.iter().find(|list| list.place == Some(place)) {
        Some(list) => Ok(list.read.front() == Some(&target)),
        None => probe.exists([label, target]),
    }
}

impl List {
    fn new(key: i64, place: Option<usize>, after: i64) -> Self {
        Self {
            key,
            place,
            read: VecDeque::new(),
            behind: after,
            chunk: FIRST,
            ended: false,
        }
    }

    /// The list's next number.
    fn peek(&mut self, read: &mut CachedStatement<'_>) -> rusqlite::Result<Option<i64>> {
        if self.read.is_empty() && !self.ended {
            let found = read.query_map([self.key, self.behind, self.chunk], |row| row.get(0))?;
            for target in found {
                self.read.push_back(target?);
            }
            let full = usize::try_from(self.chunk).unwrap_or(usize::MAX);
            self.ended = self.read.len() < full;
            self.behind = self.read.back().copied().unwrap_or(self.behind);
            self.chunk = LATER;
        }
        Ok(self.read.front().copied())
    }

    fn pass(&mut self, target: i64) {
        if self.read.front() == Some(&target) {
            self.read.pop_front();
        }
    }
}
