//! From an expression to the labels that lead to its matches.

use rusqlite::{Connection, OptionalExtension as _, params};

use crate::model::{Tag, TagExpression};

/// A label that an expression names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Label {
    /// None where no target has it.
    pub(super) id: Option<i64>,
    /// How many targets have it.
    targets: u64,
}

/// An expression with its negations right before the labels, which are named by their places.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Rule {
    Has(usize),
    Lacks(usize),
    All(Vec<Rule>),
    Any(Vec<Rule>),
}

/// How an expression is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) labels: Vec<Label>,
    /// The places of the labels of which every match has one; none where there are no such.
    pub(super) leading: Option<Vec<usize>>,
    rule: Rule,
}

impl Plan {
    pub(super) fn new(
        c: &Connection,
        expression: &TagExpression,
        kind: i64,
    ) -> rusqlite::Result<Self> {
        let mut tags = Vec::new();
        let rule = compile(expression, true, &mut tags);
        let mut find =
            c.prepare_cached("SELECT id, targets FROM hub_label WHERE tag = ?1 AND kind = ?2")?;
        let mut label = |tag: &Tag| -> rusqlite::Result<Label> {
            let key = tag.as_str().to_ascii_lowercase();
            let known: Option<(i64, i64)> = find
                .query_row(params![key, kind], |row| Ok((row.get(0)?, row.get(1)?)))
                .optional()?;
            Ok(Label {
                id: known.map(|(id, _)| id),
                targets: known.map_or(0, |(_, targets)| u64::try_from(targets).unwrap_or(0)),
            })
        };
        let labels: Vec<Label> = tags
            .into_iter()
            .map(&mut label)
            .collect::<rusqlite::Result<_>>()?;
        Ok(Self {
            leading: cover(&rule, &labels).map(|(_, mut leading)| {
                leading.sort_unstable();
                leading.dedup();
                leading
            }),
            labels,
            rule,
        })
    }

    /// Whether a target is meant of which `has` tells the labels, by their places.
    pub(super) fn means(
        &self,
        has: &mut impl FnMut(usize) -> rusqlite::Result<bool>,
    ) -> rusqlite::Result<bool> {
        self.rule.holds(has)
    }
}

impl Rule {
    fn holds(
        &self,
        has: &mut impl FnMut(usize) -> rusqlite::Result<bool>,
    ) -> rusqlite::Result<bool> {
        match self {
            Self::Has(label) => has(*label),
            Self::Lacks(label) => Ok(!has(*label)?),
            Self::All(rules) => {
                for rule in rules {
                    if !rule.holds(has)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Self::Any(rules) => {
                for rule in rules {
                    if rule.holds(has)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
        }
    }
}

/// The rule, or its opposite, for an expression; its tags are added to `tags`, each once.
fn compile<'a>(expression: &'a TagExpression, is: bool, tags: &mut Vec<&'a Tag>) -> Rule {
    let mut each = |inner: &'a [TagExpression]| -> Vec<Rule> {
        inner.iter().map(|inner| compile(inner, is, tags)).collect()
    };
    match expression {
        TagExpression::Not(inner) => compile(inner, !is, tags),
        TagExpression::And(inner) if is => Rule::All(each(inner)),
        TagExpression::Or(inner) if !is => Rule::All(each(inner)),
        TagExpression::And(inner) | TagExpression::Or(inner) => Rule::Any(each(inner)),
        TagExpression::Tag(tag) => {
            let known = tags.iter().position(|known| *known == tag);
            let place = known.unwrap_or(tags.len());
            if known.is_none() {
                tags.push(tag);
            }
            if is {
                Rule::Has(place)
            } else {
                Rule::Lacks(place)
            }
        }
    }
}

/// The labels of which every match has one, with how many targets these have together; none where a
/// match may have no label at all.
fn cover(rule: &Rule, labels: &[Label]) -> Option<(u64, Vec<usize>)> {
    match rule {
        Rule::Has(place) => {
            let targets = labels.get(*place).map_or(0, |label| label.targets);
            Some((targets, vec![*place]))
        }
        Rule::Lacks(_) => None,
        Rule::All(rules) => rules
            .iter()
            .filter_map(|rule| cover(rule, labels))
            .min_by_key(|(targets, _)| *targets),
        Rule::Any(rules) => {
            let mut whole = (0_u64, Vec::new());
            for rule in rules {
                let (targets, places) = cover(rule, labels)?;
                whole.0 = whole.0.saturating_add(targets);
                whole.1.extend(places);
            }
            Some(whole)
        }
    }
}
