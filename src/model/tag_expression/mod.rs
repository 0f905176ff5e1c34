//! Boolean expressions of tags: whom a send is for.

use std::fmt;

use super::{Invalid, Tag};

/// A boolean target: `(news && alice) || !beta`.
///
/// `or := and ("||" and)*; and := unary ("&&" unary)*; unary := "!" unary | "(" or ")" | tag`. With
/// `||` alone it has at most 20 tags, with `&&` but no `||` at most 10, otherwise at most 6
/// (Microsoft, "Routing and tag expressions").
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TagExpression {
    /// Devices with this tag.
    Tag(Tag),
    /// Devices that the inner expression does not match.
    Not(Box<TagExpression>),
    /// Devices that all inner expressions match.
    And(Vec<TagExpression>),
    /// Devices that an inner expression matches.
    Or(Vec<TagExpression>),
}

impl TagExpression {
    /// Reads an expression.
    ///
    /// # Errors
    /// [`Invalid`] says what is wrong and at which character, from 1.
    pub fn parse(_text: &str) -> Result<Self, Invalid> {
        unimplemented!()
    }

    /// True when a device with the tags that `has` knows is meant.
    pub fn matches(&self, _has: &impl Fn(&Tag) -> bool) -> bool {
        unimplemented!()
    }
}

impl fmt::Display for TagExpression {
    fn fmt(&self, _f: &mut fmt::Formatter<'_>) -> fmt::Result {
        unimplemented!()
    }
}
