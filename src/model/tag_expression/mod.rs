//! Boolean expressions of tags: whom a send is for.

mod parse;
#[cfg(test)]
mod tests;

use std::fmt;

use super::{Invalid, Tag};

/// A boolean target: `(news && alice) || !beta`.
///
/// `or := and ("||" and)*; and := unary ("&&" unary)*; unary := "!" unary | "(" or ")" | tag`. With
/// `||` alone it has at most 20 tags, with `&&` but no `||` at most 10, otherwise at most 6
/// (Microsoft, "Routing and tag expressions"); a `!` is neither, so that `!a || !b` falls under the
/// last rule and `a && !b` under the second. A tag counts as often as it stands there.
///
/// Its text reads back as the same expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TagExpression {
    /// Devices with this tag.
    Tag(Tag),
    /// Devices that the inner expression does not match.
    Not(Box<TagExpression>),
    /// Devices that all inner expressions match; there are two or more.
    And(Vec<TagExpression>),
    /// Devices that an inner expression matches; there are two or more.
    Or(Vec<TagExpression>),
}

impl TagExpression {
    /// The longest expression, in bytes.
    pub const MAX_BYTES: usize = 6 * 1024;

    /// Reads an expression. Parentheses and negations may stand 32 deep in each other.
    ///
    /// # Errors
    /// [`Invalid`] says what is wrong and at which character, from 1.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        parse::read(text)
    }

    /// True when a device with the tags that `has` knows is meant.
    pub fn matches(&self, has: &impl Fn(&Tag) -> bool) -> bool {
        match self {
            Self::Tag(tag) => has(tag),
            Self::Not(inner) => !inner.matches(has),
            Self::And(all) => all.iter().all(|inner| inner.matches(has)),
            Self::Or(any) => any.iter().any(|inner| inner.matches(has)),
        }
    }

    /// True when it needs parentheses below an expression that binds as closely as `outer`.
    fn is_looser_than(&self, outer: Binding) -> bool {
        match self {
            Self::Tag(_) | Self::Not(_) => false,
            Self::And(_) => outer != Binding::Or,
            Self::Or(_) => true,
        }
    }
}

/// What an inner expression stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Binding {
    Or,
    And,
    Not,
}

impl fmt::Display for TagExpression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tag(tag) => tag.fmt(f),
            Self::Not(inner) => {
                f.write_str("!")?;
                write_inner(inner, Binding::Not, f)
            }
            Self::And(all) => write_chain(all, " && ", Binding::And, f),
            Self::Or(any) => write_chain(any, " || ", Binding::Or, f),
        }
    }
}

fn write_chain(
    inner: &[TagExpression],
    join: &str,
    binding: Binding,
    f: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    for (place, expression) in inner.iter().enumerate() {
        if place > 0 {
            f.write_str(join)?;
        }
        write_inner(expression, binding, f)?;
    }
    Ok(())
}

fn write_inner(inner: &TagExpression, binding: Binding, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    if inner.is_looser_than(binding) {
        write!(f, "({inner})")
    } else {
        write!(f, "{inner}")
    }
}

impl std::str::FromStr for TagExpression {
    type Err = Invalid;
    fn from_str(value: &str) -> Result<Self, Invalid> {
        Self::parse(value)
    }
}
