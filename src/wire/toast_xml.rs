//! The toast a WNS `wns/toast` notification carries: XML of the toast schema.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use crate::model::{Invalid, ToastTemplate};

/// How deep elements may be nested; the schema needs five levels.
const MOST_DEPTH: usize = 16;

/// The texts of a toast, in order, and its layout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToastXml {
    /// The layout; one that handset does not draw is drawn as `ToastText02`, as Windows Phone does.
    pub template: ToastTemplate,
    /// The `<text>` elements of the first binding.
    pub texts: Vec<String>,
}

/// Reads a toast. A document type is refused, so no entity is ever expanded but the predefined.
///
/// # Errors
/// [`Invalid`] when it is not well-formed, or has no `<text>` within `<toast>`.
pub fn read_toast(content: &[u8]) -> Result<ToastXml, Invalid> {
    let bad = |problem: String| Invalid::new("toast", problem);
    let text = std::str::from_utf8(content).map_err(|_| bad("is not UTF-8".to_owned()))?;
    let mut reader = Reader::from_str(text);
    let mut parse = Parse::default();
    loop {
        let event = reader
            .read_event()
            .map_err(|error| bad(format!("is not well-formed XML: {error}")))?;
        match event {
            Event::Start(element) => parse.open(&element)?,
            Event::Empty(element) => {
                parse.open(&element)?;
                parse.close();
            }
            Event::End(_) => parse.close(),
            Event::Text(part) => parse.text(&part),
            Event::CData(part) => parse.text(&part),
            Event::GeneralRef(name) => parse.text(&predefined(&name)?),
            Event::DocType(_) => {
                return Err(bad("has a document type, which is refused".to_owned()));
            }
            Event::Eof => return parse.finish(),
            Event::Decl(_) | Event::PI(_) | Event::Comment(_) => {}
        }
    }
}

#[derive(Default)]
struct Parse {
    path: Vec<String>,
    template: Option<ToastTemplate>,
    bindings: usize,
    texts: Vec<String>,
}

impl Parse {
    fn open(&mut self, element: &BytesStart<'_>) -> Result<(), Invalid> {
        if self.path.len() >= MOST_DEPTH {
            return Err(Invalid::new("toast", "is nested too deeply"));
        }
        let name = element.local_name().as_ref().to_owned();
        if name == "binding" {
            self.bindings += 1;
            if self.bindings == 1 {
                self.template = Some(template_of(element));
            }
        }
        if name == "text" && self.bindings == 1 {
            self.texts.push(String::new());
        }
        self.path.push(name);
        Ok(())
    }

    fn close(&mut self) {
        self.path.pop();
    }

    fn text(&mut self, part: &str) {
        let in_text = self.path.last().is_some_and(|name| name == "text");
        if in_text
            && self.bindings == 1
            && let Some(text) = self.texts.last_mut()
        {
            text.push_str(part);
        }
    }

    fn finish(self) -> Result<ToastXml, Invalid> {
        if !self.path.is_empty() {
            return Err(Invalid::new("toast", "ends in the middle of an element"));
        }
        if self.texts.is_empty() {
            return Err(Invalid::new("toast", "has no <text> in a <binding>"));
        }
        Ok(ToastXml {
            template: self.template.unwrap_or_default(),
            texts: self.texts,
        })
    }
}

fn template_of(binding: &BytesStart<'_>) -> ToastTemplate {
    let name = binding.try_get_attribute("template").ok().flatten();
    name.and_then(|name| name.value.parse().ok())
        .unwrap_or(ToastTemplate::ToastText02)
}

/// The five predefined entities and numbers (XML 1.0 §4.1); there are no others without a document type.
fn predefined(name: &str) -> Result<String, Invalid> {
    let unknown = || Invalid::new("toast", format!("uses the unknown entity &{name:.20};"));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_read_with_their_entities() {
        let xml = r#"<?xml version="1.0" encoding="utf-8"?><toast launch="x"><visual>
            <binding template="ToastText01"><text id="1">1 &lt; 2 &amp;&#x21; <![CDATA[<b>]]></text></binding>
            <binding template="ToastText02"><text id="1">other</text></binding></visual></toast>"#;
        let toast = read_toast(xml.as_bytes()).unwrap();
        assert_eq!(toast.template, ToastTemplate::ToastText01);
        assert_eq!(toast.texts, ["1 < 2 &! <b>"]);
    }

    #[test]
    fn hostile_documents_are_refused() {
        let deep = "<toast>".repeat(100_000);
        let bomb = r#"<!DOCTYPE t [<!ENTITY a "b">]><toast><visual><binding><text>&a;</text></binding></visual></toast>"#;
        for xml in [
            "",
            "<toast/>",
            "<toast>",
            "not xml",
            &deep,
            bomb,
            "<toast><binding><text>&xxe;</text></binding></toast>",
        ] {
            assert!(read_toast(xml.as_bytes()).is_err(), "{xml:.60}");
        }
        assert!(read_toast(&[0xff, 0xfe]).is_err());
    }
}
