//! Templates: the form in which a registration wants what is sent as properties, with expressions in
//! the places of values (Microsoft, "Notification Hubs templates").
//!
//! An expression is a whole value: an attribute or the text of an element without others in it in
//! XML, a text in JSON, all of a header. A value is one when it begins with `$`, `.`, `%`, `#` or
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

use expression::Known;
use pieces::{Piece, Pieces};

pub(super) use values::{Properties, PushVariables};

/// What a template is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    /// A document: toasts, tiles and badges of Windows.
    Xml,
    /// An object.
    Json,
    /// One value: of a header, an expiry or a priority.
    Text,
}

impl Kind {
    /// The kind of a body, by its first character; none for what is neither document nor object.
    pub(super) fn of_body(body: &str) -> Option<Self> {
        match unmarked(body).trim_start().chars().next() {
            Some('<') => Some(Self::Xml),
            Some('{') => Some(Self::Json),
            Some(_) | None => None,
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
            Kind::Text => {
                let mut pieces = Pieces::new(body);
                pieces.value(0..body.len(), body, pieces::Place::Header)?;
                pieces.finish()
            }
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
