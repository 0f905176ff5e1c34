//! Templates: the form in which a registration wants what is sent as properties, with expressions in
//! the places of values (Microsoft, "Notification Hubs templates").
//!
//! An expression is a whole value: an attribute or the text of an element without others in it in
//! XML, a text in JSON, all of a body that is neither, all of a header. A value is one when it begins with `$`, `.`, `%`, `#` or
//! `{`; every other stays as it is, with whatever stands in its middle. A property's text cannot leave
//! its value: it is escaped as the template's kind has it.

mod expression;
mod json;
mod pieces;
#[cfg(test)]
mod tests;
mod values;
mod xml;

use crate::model::Invalid;
use crate::wire::notification_hub::MAX_BODY;

use expression::{Expression, Known};
use pieces::{Piece, Pieces, Place};

pub(super) use values::{Properties, PushVariables};

/// What a template is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    /// A document: toasts, tiles and badges of Windows.
    Xml,
    /// An object.
    Json,
    /// One value, as it is: what a raw notification of Windows or one for a browser says.
    Text,
    /// One value in one line: of a header, an expiry or a priority.
    Header,
}

impl Kind {
    /// The kind of a body, by how it begins: an object and an expression both begin with a brace.
    pub(super) fn of_body(body: &str) -> Self {
        let body = unmarked(body);
        match body.trim_start().chars().next() {
            Some('<') => Self::Xml,
            Some('{') if !Expression::is_in_braces(body) => Self::Json,
            Some(_) | None => Self::Text,
        }
    }
}

/// A template that was read: its expressions are well-formed, and so is the document around them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Template {
    pieces: Vec<Piece>,
}

impl Template {
    /// Reads a template of at most 64 KiB.
    ///
    /// # Errors
    /// [`Invalid`] names what is malformed and where, without repeating the template.
    pub(super) fn parse(body: &str, kind: Kind) -> Result<Self, Invalid> {
        if body.len() > MAX_BODY {
            return Err(bad(format!(
                "is {} bytes long, at most {MAX_BODY} are allowed",
                body.len()
            )));
        }
        let body = unmarked(body);
        let pieces = match kind {
            Kind::Xml => xml::read(body)?,
            Kind::Json => json::read(body)?,
            Kind::Text => one_value(body, Place::Text)?,
            Kind::Header => one_value(body, Place::Header)?,
        };
        Ok(Self { pieces })
    }

    /// The template with a value in the place of each expression. A property of the notification
    /// counts before a variable of the device, and that before the expression's own default; where
    /// there is none of them the value is empty.
    ///
    /// # Errors
    /// [`Invalid`] when it would be larger than 64 KiB.
    pub(super) fn render(
        &self,
        properties: &Properties,
        variables: &PushVariables,
    ) -> Result<String, Invalid> {
        let known = Known {
            properties,
            variables,
        };
        let mut rendered = String::new();
        for piece in &self.pieces {
            piece.write(&known, &mut rendered)?;
        }
        Ok(rendered)
    }
}

fn one_value(text: &str, place: Place) -> Result<Vec<Piece>, Invalid> {
    let mut pieces = Pieces::new(text);
    pieces.value(0..text.len(), text, place)?;
    Ok(pieces.finish())
}

/// A body without the byte order mark that some tools write before it.
fn unmarked(body: &str) -> &str {
    body.strip_prefix('\u{feff}').unwrap_or(body)
}

fn bad(problem: impl Into<String>) -> Invalid {
    Invalid::new("template", problem)
}

/// Adds `text` to what is rendered, while that stays as small as a body may be.
fn add(rendered: &mut String, text: &str) -> Result<(), Invalid> {
    if rendered.len() + text.len() > MAX_BODY {
        return Err(bad(format!(
            "gives more than {MAX_BODY} bytes with the properties of this notification"
        )));
    }
    rendered.push_str(text);
    Ok(())
}
