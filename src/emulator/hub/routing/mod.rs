//! Routing: from a tag expression to the targets it reaches, in time that goes with how many these
//! are, not with how many there are in the hub.
//!
//! A plan chooses the labels that lead to every match: the rarest of those that all must hold, all of
//! those of which one is enough. What these lists of targets have in common with the expression is
//! looked at one by one, in order, so that a page ends anywhere and the next goes on behind it. Only
//! what has no such label, a broadcast or a bare negation, walks all targets of its kind.

mod plan;
#[cfg(test)]
mod tests;
mod walk;

use rusqlite::Connection;

use crate::model::TagExpression;
use crate::wire::notification_hub::Format;

use super::rows::format_code;
use plan::Plan;
use walk::Walk;

/// How much one page is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bounds {
    /// At most so many targets.
    pub(super) targets: usize,
    /// At most so many are looked at, matches or not.
    pub(super) looks: usize,
}

/// A part of the targets that are reached.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Reached {
    /// Their numbers, in order.
    pub(super) targets: Vec<i64>,
    /// Behind which number the next page begins; none where this is the last.
    pub(super) next: Option<i64>,
}

/// The targets with numbers above `after` that a send in this format reaches, expired ones among
/// them: all of its kind, or those that the expression means.
pub(super) fn reach(
    c: &Connection,
    format: Format,
    to: Option<&TagExpression>,
    after: i64,
    bounds: Bounds,
) -> rusqlite::Result<Reached> {
    let kind = format_code(format);
    let plan = to.map(|to| Plan::new(c, to, kind)).transpose()?;
    let mut walk = Walk::new(c, kind, plan.as_ref(), after)?;
    let mut reached = Reached::default();
    for _ in 0..bounds.looks {
        let Some((target, is_meant)) = walk.next()? else {
            return Ok(reached);
        };
        if is_meant {
            reached.targets.push(target);
        }
        if reached.targets.len() >= bounds.targets {
            reached.next = Some(target);
            return Ok(reached);
        }
    }
    reached.next = Some(walk.last());
    Ok(reached)
}
