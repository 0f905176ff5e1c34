//! Templates in XML: every attribute may be an expression, and so may the text of an element without
//! others in it. All else stays as it was written.

use std::borrow::Cow;
use std::ops::Range;

use quick_xml::events::attributes::Attribute;
use quick_xml::events::{BytesDecl, BytesRef, BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

use crate::model::Invalid;
use crate::wire::xml::is_xml_char;

use super::pieces::{Piece, Pieces, Place};
use super::{add, bad};

/// How deep elements may stand in each other.
const DEEPEST: usize = 64;

/// The most attributes of one element.
const MOST_ATTRIBUTES: usize = 64;

/// The declaration of what is rendered: it is UTF-8. One SDK writes `utf-16` before a body in UTF-8.
const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"utf-8\"?>";

/// Reads a document with one root. A document type is refused, so that no entity is ever expanded but
/// the predefined ones.
pub(super) fn read(body: &str) -> Result<Vec<Piece>, Invalid> {
    if let Some(place) = body.find(|c| !is_xml_char(c)) {
        return Err(near(place, "has a character that XML does not"));
    }
    let mut reader = Reader::from_str(body);
    reader.config_mut().check_comments = true;
    let mut walk = Walk {
        body,
        pieces: Pieces::new(body),
        open: Vec::new(),
        roots: 0,
    };
    let mut from = 0;
    loop {
        let event = reader
            .read_event()
            .map_err(|_| near(from, "is not well-formed XML"))?;
        let to = usize::try_from(reader.buffer_position()).unwrap_or(body.len());
        if matches!(event, Event::Eof) {
            return walk.finish();
        }
        walk.take(&event, from..to)?;
        from = to;
    }
}

struct Walk<'a> {
    body: &'a str,
    pieces: Pieces<'a>,
    open: Vec<Element>,
    roots: usize,
}

/// An element that is open.
struct Element {
    /// Where its content begins.
    from: usize,
    /// Its text, while there is nothing else in it.
    text: Option<String>,
}

impl Walk<'_> {
    fn take(&mut self, event: &Event<'_>, range: Range<usize>) -> Result<(), Invalid> {
        match event {
            Event::Start(tag) => {
                self.enter(tag, &range, ">")?;
                self.open.push(Element {
                    from: range.end,
                    text: Some(String::new()),
                });
                if self.open.len() > DEEPEST {
                    return Err(bad(format!("is nested more than {DEEPEST} deep")));
                }
                Ok(())
            }
            Event::Empty(tag) => self.enter(tag, &range, "/>"),
            Event::End(_) => self.leave(&range),
            Event::Text(text) if text.contains("]]>") => {
                Err(near(range.start, "has ]]> in a text"))
            }
            Event::Text(text) => self.text(text, &range),
            Event::CData(text) => self.text(text, &range),
            Event::GeneralRef(reference) => {
                let text = resolved(reference)
                    .ok_or_else(|| near(range.start, "uses an unknown entity"))?;
                self.text(&text, &range)
            }
            Event::Decl(declaration) => self.declare(declaration, range),
            Event::DocType(_) => Err(bad("has a document type, which is refused")),
            Event::PI(_) | Event::Comment(_) | Event::Eof => Ok(()),
        }
    }

    fn declare(&mut self, declaration: &BytesDecl<'_>, range: Range<usize>) -> Result<(), Invalid> {
        if range.start != 0 {
            return Err(near(range.start, "has an XML declaration within it"));
        }
        let is_utf8 = match declaration.encoding() {
            None => true,
            Some(Ok(encoding)) => encoding.eq_ignore_ascii_case("utf-8"),
            Some(Err(_)) => return Err(near(0, "has a malformed XML declaration")),
        };
        if !is_utf8 {
            let piece = Piece::Written(DECLARATION.to_owned());
            self.pieces.replace(range, [piece]);
        }
        Ok(())
    }

    /// An element begins: the one around it has more than text, and its attributes may be expressions.
    fn enter(
        &mut self,
        tag: &BytesStart<'_>,
        range: &Range<usize>,
        end: &str,
    ) -> Result<(), Invalid> {
        match self.open.last_mut() {
            Some(parent) => parent.text = None,
            None => self.roots += 1,
        }
        if self.roots > 1 {
            return Err(near(range.start, "has more than one root element"));
        }
        if let Some(mut rewritten) = self.rewritten(tag, range)? {
            rewritten.push(Piece::Written(end.to_owned()));
            self.pieces.replace(range.clone(), rewritten);
        }
        Ok(())
    }

    /// A tag in pieces, without its end, where one of its attributes is an expression.
    fn rewritten(
        &mut self,
        tag: &BytesStart<'_>,
        range: &Range<usize>,
    ) -> Result<Option<Vec<Piece>>, Invalid> {
        let name = tag.name().into_inner();
        if !is_name(name) {
            return Err(near(range.start, "has a malformed name"));
        }
        let mut pieces = vec![Piece::Written(format!("<{name}"))];
        let mut has_expression = false;
        for (place, attribute) in tag.attributes().enumerate() {
            if place == MOST_ATTRIBUTES {
                return Err(near(
                    range.start,
                    "has an element with more than 64 attributes",
                ));
            }
            let attribute =
                attribute.map_err(|_| near(range.start, "has a malformed attribute"))?;
            let value = value_of(&attribute).map_err(|problem| near(range.start, problem))?;
            let name = attribute.key.into_inner();
            match self.pieces.expression(&value)? {
                Some(expression) => {
                    has_expression = true;
                    pieces.push(Piece::Written(format!(" {name}=\"")));
                    pieces.push(Piece::Value(expression, Place::Attribute));
                    pieces.push(Piece::Written("\"".to_owned()));
                }
                None => {
                    let raw = attribute.value.as_ref();
                    let quote = if raw.contains('"') { '\'' } else { '"' };
                    pieces.push(Piece::Written(format!(" {name}={quote}{raw}{quote}")));
                }
            }
        }
        Ok(has_expression.then_some(pieces))
    }

    fn text(&mut self, text: &str, range: &Range<usize>) -> Result<(), Invalid> {
        match self.open.last_mut() {
            Some(element) => {
                if let Some(so_far) = &mut element.text {
                    so_far.push_str(text);
                }
                Ok(())
            }
            None if self.body[range.clone()].trim().is_empty() => Ok(()),
            None => Err(near(range.start, "has text outside its root element")),
        }
    }

    fn leave(&mut self, range: &Range<usize>) -> Result<(), Invalid> {
        match self.open.pop() {
            Some(Element {
                from,
                text: Some(text),
            }) => self.pieces.value(from..range.start, &text, Place::Element),
            Some(Element { text: None, .. }) | None => Ok(()),
        }
    }

    fn finish(self) -> Result<Vec<Piece>, Invalid> {
        if !self.open.is_empty() {
            return Err(bad(
                "is not well-formed XML: it ends in the middle of an element",
            ));
        }
        if self.roots == 0 {
            return Err(bad("is not well-formed XML: it has no element"));
        }
        Ok(self.pieces.finish())
    }
}

/// The value of an attribute, its entities resolved.
fn value_of<'a>(attribute: &Attribute<'a>) -> Result<Cow<'a, str>, &'static str> {
    let value = attribute
        .normalized_value(XmlVersion::Implicit1_0)
        .map_err(|_| "has an attribute with an unknown entity")?;
    let is_written_well = is_name(attribute.key.into_inner()) && !attribute.value.contains('<');
    match is_written_well && value.chars().all(is_xml_char) {
        true => Ok(value),
        false => Err("has a malformed attribute"),
    }
}

/// The five predefined entities and numbers (XML 1.0 §4.1).
fn resolved(reference: &BytesRef<'_>) -> Option<String> {
    match reference.resolve_char_ref() {
        Ok(Some(character)) => is_xml_char(character).then(|| character.to_string()),
        Ok(None) => quick_xml::escape::resolve_predefined_entity(reference).map(str::to_owned),
        Err(_) => None,
    }
}

/// Names (XML 1.0 §2.3), as far as ASCII goes.
fn is_name(name: &str) -> bool {
    let starts = |c: char| !c.is_ascii() || c.is_ascii_alphabetic() || matches!(c, '_' | ':');
    let goes_on = |c: char| starts(c) || c.is_ascii_digit() || matches!(c, '-' | '.');
    name.starts_with(starts) && name.chars().all(goes_on)
}

pub(super) fn write_text(text: &str, rendered: &mut String) -> Result<(), Invalid> {
    write(text, rendered, |c| match c {
        '&' => Some("&amp;"),
        '<' => Some("&lt;"),
        '>' => Some("&gt;"),
        '\r' => Some("&#13;"),
        _ => None,
    })
}

pub(super) fn write_attribute(text: &str, rendered: &mut String) -> Result<(), Invalid> {
    write(text, rendered, |c| match c {
        '&' => Some("&amp;"),
        '<' => Some("&lt;"),
        '>' => Some("&gt;"),
        '"' => Some("&quot;"),
        '\t' => Some("&#9;"),
        '\n' => Some("&#10;"),
        '\r' => Some("&#13;"),
        _ => None,
    })
}

/// Writes a text; what no document may have becomes `U+FFFD`.
fn write(
    text: &str,
    rendered: &mut String,
    escape: impl Fn(char) -> Option<&'static str>,
) -> Result<(), Invalid> {
    let mut character = [0; 4];
    for c in text.chars() {
        match escape(c) {
            Some(escaped) => add(rendered, escaped)?,
            None if is_xml_char(c) => add(rendered, c.encode_utf8(&mut character))?,
            None => add(rendered, "\u{fffd}")?,
        }
    }
    Ok(())
}

fn near(place: usize, problem: &str) -> Invalid {
    bad(format!("{problem} (near byte {})", place + 1))
}
