//! A template in pieces: what stays as it was written, and the values that an expression gives.

use std::ops::Range;

use crate::model::Invalid;

use super::expression::{Expression, Known};
use super::{add, bad, json, xml};

/// The most expressions of one template.
const MOST_EXPRESSIONS: usize = 1000;

/// A piece of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    /// What stays as it is.
    Written(String),
    /// What an expression gives, in its place.
    Value(Expression, Place),
}

/// Where a value stands: what could lead out of it is escaped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// The text of an element.
    Element,
    /// An attribute, between double quotes that stand beside it.
    Attribute,
    /// A value in JSON, with its own quotes.
    Json,
    /// All of a body that is neither document nor object.
    Text,
    /// A header.
    Header,
}

impl Piece {
    pub(super) fn write(&self, known: &Known<'_>, rendered: &mut String) -> Result<(), Invalid> {
        let (expression, place) = match self {
            Self::Written(text) => return add(rendered, text),
            Self::Value(expression, place) => (expression, place),
        };
        let text = expression.evaluate(known)?;
        match place {
            Place::Element => xml::write_text(&text, rendered),
            Place::Attribute => xml::write_attribute(&text, rendered),
            Place::Json if expression.is_number() => json::write_number(&text, rendered),
            Place::Json => json::write_text(&text, rendered),
            Place::Text => add(rendered, &text),
            // A line's end would begin a header of its own.
            Place::Header => add(rendered, &text.replace(char::is_control, " ")),
        }
    }
}

/// Puts a template's pieces together, in the order of its text.
pub(super) struct Pieces<'a> {
    source: &'a str,
    done: usize,
    expressions: usize,
    pieces: Vec<Piece>,
}

impl<'a> Pieces<'a> {
    pub(super) fn new(source: &'a str) -> Self {
        Self {
            source,
            done: 0,
            expressions: 0,
            pieces: Vec::new(),
        }
    }

    /// Where `range` stands, `value` when it is an expression. It stays as it is when it is none.
    pub(super) fn value(
        &mut self,
        range: Range<usize>,
        value: &str,
        place: Place,
    ) -> Result<(), Invalid> {
        if let Some(expression) = self.expression(value)? {
            self.replace(range, [Piece::Value(expression, place)]);
        }
        Ok(())
    }

    /// Reads a value, if it is an expression.
    pub(super) fn expression(&mut self, value: &str) -> Result<Option<Expression>, Invalid> {
        let place = self.expressions + 1;
        let expression = Expression::read(value).map_err(|malformed| {
            bad(format!(
                "has a malformed expression (number {place}): {malformed}"
            ))
        })?;
        if expression.is_some() {
            self.expressions = place;
        }
        if self.expressions > MOST_EXPRESSIONS {
            return Err(bad(format!("has more than {MOST_EXPRESSIONS} expressions")));
        }
        Ok(expression)
    }

    /// Puts other pieces in the place of `range`, which stands behind everything that was replaced.
    pub(super) fn replace(&mut self, range: Range<usize>, pieces: impl IntoIterator<Item = Piece>) {
        self.written_until(range.start);
        self.pieces.extend(pieces);
        self.done = range.end;
    }

    pub(super) fn finish(mut self) -> Vec<Piece> {
        self.written_until(self.source.len());
        self.pieces
    }

    fn written_until(&mut self, end: usize) {
        if let Some(text) = self.source.get(self.done..end)
            && !text.is_empty()
        {
            self.pieces.push(Piece::Written(text.to_owned()));
        }
    }
}
