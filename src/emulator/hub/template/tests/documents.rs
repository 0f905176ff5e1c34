//! Expressions within documents.

use super::*;

#[test]
fn a_toast_takes_expressions_as_text_and_attributes() {
    let body = "<?xml version=\"1.0\"?>\n<toast launch='%(id)' x='a\"b' y=\"$(none)\">\n  \
        <visual><binding template=\"ToastText01\"><!-- $(msg) -->\n    \
        <text id=\"1\">{'Hi, ' + $(name)}</text><text>Hi $(name)</text><image src=\"$(src)\"/>\
        <text><![CDATA[$(name)]]></text><text>{&apos;&lt;&#39; + $(name)}</text>\
        <text>$(name)<!-- once --></text><b>$(name)<i/></b></binding></visual></toast>";
    let expected = "<?xml version=\"1.0\"?>\n<toast launch=\"a%26b\" x='a\"b' y=\"\">\n  \
        <visual><binding template=\"ToastText01\"><!-- $(msg) -->\n    \
        <text id=\"1\">Hi, &lt;b&gt; &amp; \"Ann\"</text><text>Hi $(name)</text>\
        <image src=\"&lt;&quot;'&gt;\"/>\
        <text>&lt;b&gt; &amp; \"Ann\"</text><text>&lt;&lt;b&gt; &amp; \"Ann\"</text>\
        <text>&lt;b&gt; &amp; \"Ann\"</text><b>$(name)<i/></b></binding></visual></toast>";
    let json = r#"{"name":"<b> & \"Ann\"","id":"a&b","src":"<\"'>"}"#;
    // '<'' in braces: the entity of a quote ends the literal as the quote itself does.
    assert_eq!(rendered(body, Kind::Xml, json), expected);
}

#[test]
fn an_xml_declaration_says_what_is_sent() {
    for (body, expected) in [
        (
            "\u{feff}<?xml version=\"1.0\" encoding=\"utf-16\"?><badge value=\"$(n)\"/>",
            "<?xml version=\"1.0\" encoding=\"utf-8\"?><badge value=\"3\"/>",
        ),
        (
            "<?xml version='1.0' encoding='UTF-8' standalone='yes'?><badge value='3'/>",
            "<?xml version='1.0' encoding='UTF-8' standalone='yes'?><badge value='3'/>",
        ),
        ("<a><?pi $(n)?>$(n)</a>", "<a>3</a>"),
        ("<a>\n$(n)</a>", "<a>\n$(n)</a>"),
    ] {
        assert_eq!(rendered(body, Kind::Xml, "{\"n\":3}"), expected);
    }
}

#[test]
fn what_xml_may_not_have_does_not_come_from_a_property() {
    let json = r#"{"a":"x\u0000\u001b\ufffe\r\n\t]]>"}"#;
    assert_eq!(
        rendered("<a b=\"$(a)\">$(a)</a>", Kind::Xml, json),
        "<a b=\"x\u{fffd}\u{fffd}\u{fffd}&#13;&#10;&#9;]]&gt;\">x\u{fffd}\u{fffd}\u{fffd}&#13;\n\t]]&gt;</a>"
    );
}

#[test]
fn what_is_no_document_is_refused() {
    let deep = format!("{}{}", "<a>".repeat(65), "</a>".repeat(65));
    let wide = (0..65).fold(String::new(), |all, n| format!("{all} a{n}=''"));
    for (body, hint) in [
        ("", "has no element"),
        ("text", "text outside"),
        ("<a/>text", "text outside"),
        ("<a/>&amp;", "text outside"),
        ("<a/><b/>", "more than one root"),
        ("<a>", "in the middle"),
        ("<a></b>", "not well-formed"),
        ("<a", "not well-formed"),
        ("<a><!-- -- --></a>", "not well-formed"),
        ("<a b=c/>", "malformed attribute"),
        ("<a b='1' b='2'/>", "malformed attribute"),
        ("<a b='<'/>", "malformed attribute"),
        ("<a b='&#1;'/>", "malformed attribute"),
        ("<a b='&x;'/>", "unknown entity"),
        ("<a $(b)/>", "malformed attribute"),
        ("<1a/>", "malformed name"),
        ("<a>&x;</a>", "unknown entity"),
        ("<a>&#0;</a>", "unknown entity"),
        ("<a>]]></a>", "]]>"),
        ("<a>\u{1}</a>", "a character that XML does not"),
        ("<a><?xml version='1.0'?></a>", "declaration within"),
        ("<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "document type"),
        (
            "<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>",
            "document type",
        ),
        (&deep, "64 deep"),
        (&format!("<a{wide}/>"), "64 attributes"),
        ("<a>$(b</a>", "malformed expression (number 1)"),
        ("<a b='$(c)'>{}</a>", "malformed expression (number 2)"),
    ] {
        let problem = problem(body, Kind::Xml);
        assert!(problem.starts_with("template "), "{problem}");
        assert!(problem.contains(hint), "{body}: {problem}");
    }
}

#[test]
fn json_takes_expressions_as_texts_and_not_as_names() {
    let body = "\u{feff} {\"aps\": {\"alert\":\"$(msg)\",\"badge\" : \"#(n)\",\"x\":1.0e2,\"x\":null},\n \
        \"$(msg)\":[\"$(msg)\",true,\"{\\\"n: \\\" + $(n)}\",\"\\u0024(n)\",\"a \\\" $(msg)\"]}";
    let expected = " {\"aps\": {\"alert\":\"say \\\"hi\\\"\\n\\\\\",\"badge\" : 40,\"x\":1.0e2,\"x\":null},\n \
        \"$(msg)\":[\"say \\\"hi\\\"\\n\\\\\",true,\"n: 40\",\"40\",\"a \\\" $(msg)\"]}";
    let json = r#"{"msg":"say \"hi\"\n\\","n":40}"#;
    assert_eq!(rendered(body, Kind::Json, json), expected);
}

#[test]
fn a_number_is_one_where_it_stands_alone_and_is_written_as_one() {
    let give = |body: &str, n: &str| {
        let json = serde_json::json!({ "n": n }).to_string();
        rendered(&format!("{{\"v\":\"{body}\"}}"), Kind::Json, &json)
    };
    for number in [
        "0",
        "40",
        "1.5",
        "0.25",
        "1e3",
        "12.5E-7",
        "1E+2",
        "9".repeat(300).as_str(),
    ] {
        assert_eq!(give("#(n)", number), format!("{{\"v\":{number}}}"));
        assert_eq!(give("$(n)", number), format!("{{\"v\":\"{number}\"}}"));
        assert_eq!(give("{#(n)}", number), format!("{{\"v\":\"{number}\"}}"));
    }
    for text in [
        "", "-5", "+5", "01", "1.", ".5", "1e", "1e+", "e1", "1.e1", "0x10", " 1", "1 ", "1,2",
        "1e999", "NaN", "Infinity", "٣", "1}", "true",
    ] {
        assert_eq!(give("#(n)", text), format!("{{\"v\":\"{text}\"}}"));
    }
    assert_eq!(
        rendered("<a>#(n)</a>", Kind::Xml, "{\"n\":40}"),
        "<a>40</a>"
    );
}

#[test]
fn what_is_no_json_object_is_refused() {
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(64), "]".repeat(64));
    for (body, hint) in [
        ("", "not JSON"),
        ("{", "not JSON"),
        ("{\"a\":1}x", "not JSON"),
        ("{'a':1}", "not JSON"),
        ("{\"a\":$(b)}", "not JSON"),
        ("\"$(a)\"", "not a JSON object"),
        ("[\"$(a)\"]", "not a JSON object"),
        ("{\"a\":\"\\ud800\"}", "a text that is none"),
        (&deep, "64 deep"),
        ("{\"a\":\"$(b\"}", "malformed expression (number 1)"),
        (
            "{\"a\":\"$(b)\",\"c\":{\"d\":\"{}\"}}",
            "malformed expression (number 2)",
        ),
    ] {
        let problem = problem(body, Kind::Json);
        assert!(problem.contains(hint), "{body}: {problem}");
    }
}

#[test]
fn the_kind_is_seen_at_the_first_character() {
    for (body, kind) in [
        ("<toast/>", Kind::Xml),
        ("\u{feff}\n <toast/>", Kind::Xml),
        (" {\"a\":1}", Kind::Json),
        ("{\"a\":\"$(b)\"}", Kind::Json),
        ("{}", Kind::Json),
        ("{", Kind::Json),
        ("{a}", Kind::Json),
        ("{'Hi ' + $(name)}", Kind::Text),
        ("\u{feff}{ \"Hi \" + $(name) }", Kind::Text),
        ("{$(name}", Kind::Text),
        ("$(name)", Kind::Text),
        ("[1]", Kind::Text),
        ("text", Kind::Text),
        ("", Kind::Text),
    ] {
        assert_eq!(Kind::of_body(body), kind, "{body}");
    }
    let error = problem("{$(name}", Kind::of_body("{$(name}"));
    assert!(error.contains("malformed expression"), "{error}");
}

#[test]
fn a_body_of_text_says_what_the_property_says() {
    let json = r#"{"a":"one\ntwo\u0000\t<&\"}"}"#;
    let said = "one\ntwo\0\t<&\"}";
    for (body, before) in [("$(a)", ""), ("{'Hi ' + $(a)}", "Hi ")] {
        let kind = Kind::of_body(body);
        assert_eq!(rendered(body, kind, json), format!("{before}{said}"));
    }
}
