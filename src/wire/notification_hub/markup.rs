//! Writing the hub's XML: namespaces, escaped texts, times.

use std::borrow::Cow;

use jiff::Timestamp;
use quick_xml::escape::{escape, partial_escape};

use crate::wire::xml::is_xml_char;

/// The namespace of everything that is the hub's own.
pub(super) const CONNECT: &str =
    "http://schemas.microsoft.com/netservices/2010/10/servicebus/connect";

/// The namespace of `i:type` and `i:nil`.
pub(super) const INSTANCE: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// The namespace of entries and feeds (RFC 4287 §2).
pub(super) const ATOM: &str = "http://www.w3.org/2005/Atom";

/// The namespace of an entry's `etag`.
pub(super) const METADATA: &str = "http://schemas.microsoft.com/ado/2007/08/dataservices/metadata";

/// Appends `<name>text</name>`.
pub(super) fn element(out: &mut String, name: &str, content: &str) {
    out.push_str(&format!("<{name}>{}</{name}>", text(content)));
}

/// `content` as the text of an element. A character that XML does not have becomes U+FFFD.
pub(super) fn text(content: &str) -> Cow<'_, str> {
    partial_escape(representable(content))
}

/// `content` as the value of an attribute, without the quotes around it.
pub(super) fn attribute(content: &str) -> Cow<'_, str> {
    escape(representable(content))
}

/// `content` for an element that is a document by itself: as CDATA, where that can be.
pub(super) fn document(content: &str) -> Cow<'_, str> {
    if !content.contains("]]>") && content.chars().all(is_xml_char) {
        return Cow::Owned(format!("<![CDATA[{content}]]>"));
    }
    text(content)
}

fn representable(content: &str) -> Cow<'_, str> {
    if content.chars().all(is_xml_char) {
        return Cow::Borrowed(content);
    }
    let replaced = |c| if is_xml_char(c) { c } else { '\u{fffd}' };
    Cow::Owned(content.chars().map(replaced).collect())
}

/// A time to the second: `2026-11-20T17:13:49Z`.
pub(super) fn seconds(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// A time to the millisecond: `2026-11-20T17:13:49.302Z`.
pub(super) fn millis(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_xml_does_not_have_is_replaced() {
        assert_eq!(
            text("a\0<b>&\u{ffff}\r\n"),
            "a\u{fffd}&lt;b&gt;&amp;\u{fffd}&#13;\n"
        );
        assert_eq!(attribute("W/\"1\""), "W/&quot;1&quot;");
        assert_eq!(text("plain 😀"), "plain 😀");
    }

    #[test]
    fn a_document_is_cdata_unless_it_cannot_be() {
        assert_eq!(document("<a/>"), "<![CDATA[<a/>]]>");
        assert_eq!(document("]]>"), "]]&gt;");
        assert_eq!(document("<a/>\r\n"), "<![CDATA[<a/>\r\n]]>");
        assert_eq!(document("a\u{1}"), "a\u{fffd}");
    }

    #[test]
    fn times_are_written_to_the_second_or_the_millisecond() {
        let time: Timestamp = "2026-11-20T17:13:49.0204Z".parse().unwrap();
        assert_eq!(seconds(time), "2026-11-20T17:13:49Z");
        assert_eq!(millis(time), "2026-11-20T17:13:49.020Z");
    }
}
