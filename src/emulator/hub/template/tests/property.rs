//! Whatever the properties are, a document stays one.

use proptest::prelude::*;
use quick_xml::XmlVersion;
use quick_xml::events::Event;

use super::*;

/// A term, and its text.
fn term() -> impl Strategy<Value = (String, Term)> {
    prop_oneof![
        "[ -&(-~é🙂]{0,8}".prop_map(|text| (format!("'{text}'"), Term::Literal(text))),
        (0_usize..4).prop_map(|place| (format!("$(p{place})"), Term::Whole(place))),
        (0_usize..4, 0_usize..9)
            .prop_map(|(place, most)| (format!("$(P{place}, {most})"), Term::Cut(place, most))),
        (0_usize..4, 0_usize..9)
            .prop_map(|(place, most)| (format!(".(p{place},{most})"), Term::Dotted(place, most))),
        (0_usize..4).prop_map(|place| (format!("%(p{place})"), Term::Encoded(place))),
    ]
}

#[derive(Debug, Clone)]
enum Term {
    Literal(String),
    Whole(usize),
    Cut(usize, usize),
    Dotted(usize, usize),
    Encoded(usize),
}

impl Term {
    /// The term's text, by another way: over all characters.
    fn text(&self, values: &[String]) -> String {
        let of = |place: &usize| values.get(*place).cloned().unwrap_or_default();
        let first = |text: &str, most: usize| text.chars().take(most).collect::<String>();
        match self {
            Self::Literal(text) => text.clone(),
            Self::Whole(place) => of(place),
            Self::Cut(place, most) => first(&of(place), *most),
            Self::Dotted(place, most) => {
                let text = of(place);
                match (text.chars().count() > *most, *most >= 3) {
                    (true, true) => format!("{}...", first(&text, most - 3)),
                    (_, _) => first(&text, *most),
                }
            }
            Self::Encoded(place) => of(place)
                .bytes()
                .map(|byte| match byte {
                    b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                        char::from(byte).to_string()
                    }
                    _ => format!("%{byte:02X}"),
                })
                .collect(),
        }
    }
}

/// An expression in braces, and its terms.
fn expression() -> impl Strategy<Value = (String, Vec<Term>)> {
    let terms = proptest::collection::vec(term(), 1..5);
    (terms, " {0,2}").prop_map(|(terms, space)| {
        let written: Vec<_> = terms.iter().map(|(text, _)| text.as_str()).collect();
        let text = format!(
            "{{{space}{}{space}}}",
            written.join(&format!("{space}+{space}"))
        );
        (text, terms.into_iter().map(|(_, term)| term).collect())
    })
}

/// Texts that lead out of a value, where anything does.
fn values() -> impl Strategy<Value = Vec<String>> {
    const HOSTILE: &[&str] = &[
        "\"",
        "'",
        "<",
        ">",
        "&",
        "]]>",
        "\\",
        "}",
        "\0",
        "\r",
        "\n",
        "\t",
        "\u{7f}",
        "\u{85}",
        "\u{2028}",
        "\u{fffe}",
        "</text>",
        "&#x0;",
        "\",\"a\":1",
        "é",
        "🙂",
        "a",
        "%",
        "4",
        "0.5",
        " ",
        "$(p0)",
        "{'a'}",
    ];
    proptest::collection::vec(joined(HOSTILE, 12), 0..4)
}

fn joined(words: &'static [&'static str], most: usize) -> impl Strategy<Value = String> {
    let words = proptest::collection::vec(proptest::sample::select(words), 0..most);
    words.prop_map(|words| words.concat())
}

fn of_values(values: &[String]) -> Properties {
    let object: serde_json::Map<_, _> = values
        .iter()
        .enumerate()
        .map(|(place, value)| (format!("p{place}"), value.as_str().into()))
        .collect();
    properties(&serde_json::to_string(&object).unwrap())
}

fn expected(terms: &[Term], values: &[String]) -> String {
    terms.iter().map(|term| term.text(values)).collect()
}

/// A document's attribute `v`, and its text.
fn read_xml(document: &str) -> (String, String) {
    let mut reader = quick_xml::Reader::from_str(document);
    let (mut value, mut text) = (String::new(), String::new());
    let mut elements = 0;
    loop {
        let event = reader.read_event().unwrap();
        if let Event::Start(tag) = &event {
            elements += 1;
            let attribute = tag.attributes().next().unwrap().unwrap();
            assert_eq!(attribute.key.into_inner(), "v");
            let version = XmlVersion::Implicit1_0;
            value = attribute.normalized_value(version).unwrap().into_owned();
            assert_eq!(tag.attributes().count(), 1, "{document}");
        } else if let Event::Text(part) = &event {
            text.push_str(part);
        } else if let Event::GeneralRef(name) = &event {
            match name.resolve_char_ref().unwrap() {
                Some(character) => text.push(character),
                None => text.push_str(quick_xml::escape::resolve_predefined_entity(name).unwrap()),
            }
        } else if matches!(event, Event::Eof) {
            break;
        } else {
            assert!(matches!(event, Event::End(_)), "{event:?} in {document}");
        }
    }
    assert_eq!(elements, 1, "{document}");
    (value, text)
}

/// What junk is made of.
const JUNK: &[&str] = &[
    "<a>",
    "</a>",
    "<a b='",
    "'",
    "\"",
    "/>",
    "&",
    ";",
    "<!--",
    "-->",
    "<![CDATA[",
    "]]>",
    "<?xml ",
    "?>",
    "{",
    "}",
    "{\"a\":\"",
    "\"}",
    "[",
    "]",
    ":",
    ":{",
    ",",
    "$(",
    "$(p0)",
    ".(p1, 3)",
    "%(p2)",
    "#(p0)",
    "(",
    ")",
    "+",
    "\\",
    "é",
    "\0",
    " ",
    "9",
];

proptest! {
    #[test]
    fn json_stays_json((text, terms) in expression(), values in values()) {
        let body = serde_json::json!({"a": [text, {"b": "$(p0)", "n": "#(p1)"}]}).to_string();
        let rendered = template(&body, Kind::Json)
            .render(&of_values(&values), &PushVariables::default())
            .unwrap();
        let read: serde_json::Value = serde_json::from_str(&rendered).unwrap();
        let whole = expected(&terms, &values);
        prop_assert_eq!(read["a"][0].as_str(), Some(whole.as_str()));
        let first = values.first().cloned().unwrap_or_default();
        prop_assert_eq!(read["a"][1]["b"].as_str(), Some(first.as_str()));
        let second = values.get(1).cloned().unwrap_or_default();
        let number = &read["a"][1]["n"];
        match number.as_str() {
            Some(text) => prop_assert_eq!(text, &second),
            None => prop_assert_eq!(number, &second.parse::<serde_json::Value>().unwrap()),
        }
        prop_assert_eq!(read.as_object().unwrap().len(), 1);
        prop_assert_eq!(read["a"][1].as_object().unwrap().len(), 2);
    }

    #[test]
    fn xml_stays_well_formed((text, terms) in expression(), values in values()) {
        let escaped = quick_xml::escape::escape(text.as_str());
        let body = format!("<text v=\"{escaped}\">{escaped}</text>");
        let rendered = template(&body, Kind::Xml)
            .render(&of_values(&values), &PushVariables::default())
            .unwrap();
        let allowed = |c: char| match c {
            '\t' | '\n' | '\r' => c,
            c if c < ' ' || c == '\u{fffe}' || c == '\u{ffff}' => '\u{fffd}',
            c => c,
        };
        let expected: String = expected(&terms, &values).chars().map(allowed).collect();
        let (value, read) = read_xml(&rendered);
        prop_assert_eq!(&value, &expected);
        prop_assert_eq!(&read, &expected);
        let around = format!("<a>x{rendered}</a>");
        let read = Template::parse(&around, Kind::Xml);
        // What a property gives may look like an expression, and is none by then.
        let only_that = |error: Invalid| error.to_string().contains("malformed expression");
        prop_assert!(read.map_or_else(only_that, |_| true));
    }

    #[test]
    fn a_header_stays_a_line_and_a_text_as_it_is((text, terms) in expression(), values in values()) {
        let render = |kind| {
            let template = template(&text, kind);
            template.render(&of_values(&values), &PushVariables::default()).unwrap()
        };
        let expected = expected(&terms, &values);
        prop_assert_eq!(render(Kind::Header), expected.replace(char::is_control, " "));
        prop_assert_eq!(render(Kind::Text), expected);
    }

    #[test]
    fn no_template_panics(body in joined(JUNK, 40), values in values()) {
        for kind in [Kind::Xml, Kind::Json, Kind::Text, Kind::Header] {
            if let Ok(template) = Template::parse(&body, kind) {
                let rendered = template.render(&of_values(&values), &PushVariables::default());
                prop_assert!(rendered.is_ok());
            }
        }
        drop(Properties::read(body.as_bytes()));
    }
}
