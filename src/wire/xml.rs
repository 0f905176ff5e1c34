//! XML as the schemas of pushes and hubs use it: small, flat, and without a document type.

use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

use crate::model::Invalid;

/// How deep elements may be nested; the toast schema needs seven levels.
const MOST_DEPTH: usize = 16;

/// How many attributes an element may have: more than fit into a push. Finding an attribute that
/// stands there twice compares each with each.
const MOST_ATTRIBUTES: usize = 1000;

/// True for the characters that an XML document may have at all (XML 1.0 §2.2).
pub(crate) fn is_xml_char(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..)
}

/// Takes what stands in a document, in its order.
pub(super) trait Visitor {
    /// An element begins.
    fn open(&mut self, name: &str, attributes: &Attributes) -> Result<(), Invalid>;

    /// Text within the innermost element that is open.
    fn text(&mut self, text: &str);

    /// The element that was opened last ends.
    fn close(&mut self, name: &str);
}

/// The attributes of an element, without their prefixes.
pub(super) struct Attributes(Vec<(String, String)>);

impl Attributes {
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let mut all = self.0.iter();
        all.find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    /// The value, unless it is empty.
    pub(super) fn filled(&self, name: &str) -> Option<&str> {
        self.get(name)
            .map(str::trim)
            .filter(|value| !value.is_empty())
    }
}

/// Reads a document of at most `limit` bytes whose root is `root`. A document type is refused, so no
/// entity is ever expanded but the predefined ones.
///
/// # Errors
/// [`Invalid`] of the kind `what` when it is larger than `limit`, or not well-formed.
pub(super) fn read(
    what: &'static str,
    root: &'static str,
    limit: usize,
    content: &[u8],
    visitor: &mut impl Visitor,
) -> Result<(), Invalid> {
    let bad = |problem: String| Invalid::new(what, problem);
    if content.len() > limit {
        let size = content.len();
        return Err(bad(format!(
            "has {size} bytes, at most {limit} are allowed"
        )));
    }
    let text = std::str::from_utf8(content).map_err(|_| bad("is not UTF-8".to_owned()))?;
    let mut reader = Reader::from_str(text.trim_start_matches('\u{feff}'));
    let mut walk = Walk {
        what,
        root,
        path: Vec::new(),
        roots: 0,
        visitor,
    };
    loop {
        let event = reader
            .read_event()
            .map_err(|error| bad(format!("is not well-formed XML{}", kind_of(&error))))?;
        match event {
            Event::Start(element) => walk.open(&element)?,
            Event::Empty(element) => {
                walk.open(&element)?;
                walk.close();
            }
            Event::End(_) => walk.close(),
            Event::Text(part) => walk.text(&part)?,
            Event::CData(part) => walk.text(&part)?,
            Event::GeneralRef(name) => walk.text(&walk.predefined(&name)?)?,
            Event::DocType(_) => {
                return Err(bad("has a document type, which is refused".to_owned()));
            }
            Event::Eof => return walk.finish(),
            Event::Decl(_) | Event::PI(_) | Event::Comment(_) => {}
        }
    }
}

struct Walk<'a, V> {
    what: &'static str,
    root: &'static str,
    path: Vec<String>,
    roots: usize,
    visitor: &'a mut V,
}

impl<V: Visitor> Walk<'_, V> {
    fn bad(&self, problem: impl Into<String>) -> Invalid {
        Invalid::new(self.what, problem)
    }

    fn open(&mut self, element: &BytesStart<'_>) -> Result<(), Invalid> {
        if self.path.len() >= MOST_DEPTH {
            return Err(self.bad("is nested too deeply"));
        }
        let name = element.local_name().as_ref().to_owned();
        if self.path.is_empty() {
            self.roots += 1;
            if self.roots > 1 || name != self.root {
                return Err(self.bad(format!("is not one <{}> element", self.root)));
            }
        }
        let attributes = self.attributes(element)?;
        self.visitor.open(&name, &attributes)?;
        self.path.push(name);
        Ok(())
    }

    fn attributes(&self, element: &BytesStart<'_>) -> Result<Attributes, Invalid> {
        let bad = |problem: String| self.bad(format!("has a bad attribute: {problem:.100}"));
        let mut all = Vec::new();
        for attribute in element.attributes() {
            if all.len() == MOST_ATTRIBUTES {
                return Err(self.bad("has too many attributes"));
            }
            let attribute = attribute.map_err(|error| bad(error.to_string()))?;
            let value = attribute
                .normalized_value(XmlVersion::Implicit1_0)
                .map_err(|error| bad(error.to_string()))?;
            let name = attribute.key.local_name().as_ref().to_owned();
            all.push((name, value.into_owned()));
        }
        Ok(Attributes(all))
    }

    fn close(&mut self) {
        if let Some(name) = self.path.pop() {
            self.visitor.close(&name);
        }
    }

    fn text(&mut self, part: &str) -> Result<(), Invalid> {
        if !self.path.is_empty() {
            self.visitor.text(part);
        } else if !part.trim().is_empty() {
            return Err(self.bad(format!("has text outside <{}>", self.root)));
        }
        Ok(())
    }

    fn finish(self) -> Result<(), Invalid> {
        if !self.path.is_empty() {
            return Err(self.bad("ends in the middle of an element"));
        }
        if self.roots == 0 {
            return Err(self.bad("is empty"));
        }
        Ok(())
    }

    /// The five predefined entities and numbers (XML 1.0 §4.1); there are no others without a
    /// document type.
    fn predefined(&self, name: &str) -> Result<String, Invalid> {
        let unknown = || self.bad("uses an unknown entity".to_owned());
        if let Some(number) = name.strip_prefix('#') {
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16),
                None => number.parse(),
            };
            let character = code.ok().and_then(char::from_u32).ok_or_else(unknown)?;
            return Ok(character.to_string());
        }
        quick_xml::escape::resolve_predefined_entity(name)
            .map(str::to_owned)
            .ok_or_else(unknown)
    }
}
/// What is wrong, without the push's own words: those are shown in toasts alone.
fn kind_of(error: &quick_xml::Error) -> &'static str {
    use quick_xml::errors::Error;
    match error {
        Error::Syntax(_) => ": it ends within a tag",
        Error::IllFormed(_) => ": its tags do not match",
        Error::InvalidAttr(_) => ": an attribute is malformed",
        Error::Escape(_) => ": an entity is malformed",
        Error::Io(_) | Error::Encoding(_) | Error::Namespace(_) => "",
    }
}
