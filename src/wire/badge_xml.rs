//! The badge a WNS `wns/badge` notification carries: XML of the badge schema.

use super::xml::{self, Attributes, Visitor};
use crate::model::{Badge, Invalid, RawNotification};

/// Reads a badge: `<badge value="7"/>`, a glyph's name, or `none`.
///
/// # Errors
/// [`Invalid`] when it is not well-formed, or its value is no badge.
pub fn read_badge(content: &[u8]) -> Result<Badge, Invalid> {
    let mut parse = Parse(None);
    let limit = RawNotification::MAX_CONTENT;
    xml::read("badge", "badge", limit, content, &mut parse)?;
    match parse.0 {
        // What the sender wrote is not repeated: only toasts show a push's text.
        Some(value) => value.trim().parse().map_err(|_: Invalid| {
            Invalid::new(
                "badge",
                "has a `value` that is no number, not none, and no picture",
            )
        }),
        None => Err(Invalid::new("badge", "has no `value`")),
    }
}

/// The value of the root; what stands within it says nothing.
struct Parse(Option<String>);

impl Visitor for Parse {
    fn open(&mut self, name: &str, attributes: &Attributes) -> Result<(), Invalid> {
        if name == "badge" && self.0.is_none() {
            self.0 = attributes.get("value").map(str::to_owned);
        }
        Ok(())
    }

    fn text(&mut self, _text: &str) {}

    fn close(&mut self, _name: &str) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_glyphs_and_none_are_read() {
        for (xml, badge) in [
            (r#"<badge value="7"/>"#, "7"),
            (
                r#"<?xml version="1.0"?><badge version="1" value="newMessage"></badge>"#,
                "newMessage",
            ),
            (r#"<badge value="0"/>"#, "none"),
            (r#"<badge value="none"/>"#, "none"),
            (r#"<badge value="99999999999999999999"/>"#, "4294967295"),
        ] {
            assert_eq!(read_badge(xml.as_bytes()).unwrap().to_string(), badge);
        }
    }

    #[test]
    fn what_is_no_badge_is_refused() {
        let huge = format!(r#"<badge value="{}"/>"#, "9".repeat(9000));
        for xml in [
            "",
            "<badge/>",
            r#"<badge value=""/>"#,
            r#"<badge value="-1"/>"#,
            r#"<badge value="&lol;"/>"#,
            r#"<!DOCTYPE b [<!ENTITY a "7">]><badge value="&a;"/>"#,
            r#"<toast value="7"/>"#,
            r#"<badge value="1"/><badge value="2"/>"#,
            &huge,
        ] {
            assert!(read_badge(xml.as_bytes()).is_err(), "{xml:.60}");
        }
    }
}
