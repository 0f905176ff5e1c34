//! The expressions, one by one.

use super::*;

fn text(body: &str, json: &str) -> String {
    rendered(body, Kind::Text, json)
}

#[test]
fn a_property_is_found_in_any_case_and_is_empty_where_there_is_none() {
    let json = r#"{"Message":"hello","_1":"one"}"#;
    for (body, expected) in [
        ("$(message)", "hello"),
        ("$( MESSAGE )", "hello"),
        ("$(_1)", "one"),
        ("$(other)", ""),
        ("{$(other)}", ""),
        ("{ $(message) + ', ' + $(other) + $(_1) }", "hello, one"),
        ("$(message)+'!'", "hello!"),
        ("#(message)", "hello"),
    ] {
        assert_eq!(text(body, json), expected, "{body}");
    }
}

/// The lengths are of the documentation's own example.
#[test]
fn a_text_is_cut_and_the_dots_count() {
    let json = r#"{"title":"This is the title line","e":"äöü🙂ß"}"#;
    for (body, expected) in [
        ("$(title, 20)", "This is the title li"),
        (".(title, 20)", "This is the title..."),
        (".(title, 22)", "This is the title line"),
        (".(title,21)", "This is the title ..."),
        (".(title, 3)", "..."),
        (".(title, 2)", "Th"),
        (".(title, 0)", ""),
        ("$(title, 0)", ""),
        ("$(title , +4 )", "This"),
        ("$(title, 4294967295)", "This is the title line"),
        ("$(e, 4)", "äöü🙂"),
        (".(e, 4)", "ä..."),
        ("{.(title, 7) + $(e,1)}", "This...ä"),
    ] {
        assert_eq!(text(body, json), expected, "{body}");
    }
}

#[test]
fn a_uri_takes_every_property() {
    let json = r#"{"q":"a b&c=d/é?~._-+%"}"#;
    assert_eq!(
        text("{'https://example.test/?q=' + %(q)}", json),
        "https://example.test/?q=a%20b%26c%3Dd%2F%C3%A9%3F~._-%2B%25"
    );
}

#[test]
fn literals_stand_in_either_quotes_and_double_them() {
    let json = r#"{"name":"Ann"}"#;
    for (body, expected) in [
        ("{'Hi, ' + $(name)}", "Hi, Ann"),
        ("{\"Hi, \" + $(name)}", "Hi, Ann"),
        ("{'it''s ' + \"\"\"x\"\"\"}", "it's \"x\""),
        ("{'' + $(name)}", "Ann"),
        ("{'$(name) + }' + '#FF0000'}", "$(name) + }#FF0000"),
    ] {
        assert_eq!(text(body, json), expected, "{body}");
    }
}

#[test]
fn a_value_that_does_not_begin_as_an_expression_stays_as_it_is() {
    let json = r#"{"name":"Ann"}"#;
    for body in [
        "",
        " ",
        "wns/toast",
        "Hi $(name)",
        " $(name)",
        "'a' + $(name)",
        "1.5",
        "a#b",
        "ms-appx:///x.png",
        "[$(name)]",
    ] {
        assert_eq!(text(body, json), body);
    }
}

#[test]
fn variables_and_defaults_count_where_there_is_no_property() {
    let device = variables(&[("FirstName", "Ann"), ("message", "of the device")]);
    let give = |body: &str, json: &str| {
        let template = template(body, Kind::Text);
        template.render(&properties(json), &device).unwrap()
    };
    for (body, expected) in [
        ("$(firstname)", "Ann"),
        (
            "{$(firstName:{Greetings}) + ', good morning!'}",
            "Ann, good morning!",
        ),
        (
            "{$(nickname:{Greetings}) + ', good morning!'}",
            "Greetings, good morning!",
        ),
        ("$(message)", "of the notification"),
        ("$(message:{default})", "of the notification"),
        ("$(empty:{default})", ""),
        ("$(none:{a, b) \\} \\\\ \\n}, 9)", "a, b) } \\"),
        (".(none:{a long default}, 9)", "a long..."),
        ("%(none:{a b})", "a%20b"),
        ("$(none:{})", ""),
    ] {
        let json = r#"{"message":"of the notification","empty":""}"#;
        assert_eq!(give(body, json), expected, "{body}");
    }
    assert_eq!(give("$(message)", r#"{"message":null}"#), "of the device");
}

#[test]
fn what_is_malformed_is_named_with_its_place() {
    for (body, place, hint) in [
        ("$", 2, "no ( behind the sign"),
        ("#FF0000", 2, "no ( behind the sign"),
        ("...", 2, "no ( behind the sign"),
        ("$ (a)", 2, "no ( behind the sign"),
        ("$(", 3, "no property's name"),
        ("$()", 3, "no property's name"),
        ("$(a b)", 3, "no property's name"),
        ("$(a-b)", 3, "no property's name"),
        ("$(var:name)", 6, "the ) is missing"),
        ("$(é)", 3, "no property's name"),
        ("$(a", 4, "the ) is missing"),
        ("$(a,", 5, "no length"),
        ("$(a, )", 5, "no length"),
        ("$(a, -1)", 5, "no length"),
        ("$(a, 1.5)", 5, "no length"),
        ("$(a, 4294967296)", 5, "no length"),
        ("$(a, 1", 7, "the ) is missing"),
        ("$(a:{x", 6, "whose } is missing"),
        ("$(a:{x\\}", 6, "whose } is missing"),
        (".(a)", 4, ".(name, 20)"),
        ("%(a, 1)", 7, "only $(…) and .(…)"),
        ("#(a, 1)", 7, "only $(…) and .(…)"),
        ("$(a) ", 6, "behind the expression"),
        ("$(a) x", 6, "behind the expression"),
        ("$(a)$(b)", 5, "behind the expression"),
        ("$(a) +", 7, "it ends"),
        ("{}", 2, "it ends"),
        ("{", 2, "the } is missing"),
        ("{$(a)} ", 8, "the } is missing"),
        ("{a}", 2, "something else"),
        ("{'a}", 3, "closing quote is missing"),
        ("{'a' + #(b)}", 12, "#(…) is joined"),
        ("#(a) + #(b)", 12, "#(…) is joined"),
        ("$body", 1, "$body, which is not supported"),
        ("{'a' + $BODY}", 8, "$body, which is not supported"),
    ] {
        let problem = problem(body, Kind::Text);
        let start =
            format!("template has a malformed expression (number 1): at character {place} ");
        assert!(problem.starts_with(&start), "{body}: {problem}");
        assert!(problem.contains(hint), "{body}: {problem}");
    }
    let name = "n".repeat(120);
    assert!(Template::parse(&format!("$({name})"), Kind::Text).is_ok());
    assert!(problem(&format!("$({name}n)"), Kind::Text).contains("1 to 120"));
}

#[test]
fn a_header_keeps_to_its_line() {
    let json = r#"{"a":"x\r\nX-Other: y\u0000\u0085z"}"#;
    assert_eq!(rendered("$(a)", Kind::Header, json), "x  X-Other: y  z");
}

#[test]
fn neither_template_nor_result_is_endless() {
    let long = format!(r#"{{"a":"{}"}}"#, "x".repeat(60_000));
    let twice = template("{$(a) + $(a)}", Kind::Text);
    let error = twice.render(&properties(&long), &PushVariables::default());
    assert!(
        error
            .unwrap_err()
            .to_string()
            .contains("more than 65536 bytes")
    );
    let terms = format!("{{{}}}", vec!["%(a)"; 9000].join("+"));
    let error = template(&terms, Kind::Text).render(&properties(&long), &PushVariables::default());
    assert!(error.is_err());
    assert!(problem(&" ".repeat(MAX_BODY + 1), Kind::Text).contains("bytes long"));
    let many = |n: usize| format!("{{\"a\":[{}]}}", vec!["\"$(a)\""; n].join(","));
    assert!(Template::parse(&many(1000), Kind::Json).is_ok());
    assert!(problem(&many(1001), Kind::Json).contains("more than 1000 expressions"));
}

#[test]
fn properties_are_texts_numbers_and_truths() {
    let json = "\u{feff}{\"s\":\"t\",\"i\":-7,\"u\":18446744073709551615,\"f\":1.50,\"e\":1e300,\
        \"t\":true,\"n\":null,\"S\":\"last\",\"ä\":\"any\"}";
    for (body, expected) in [
        ("$(s)", "last"),
        ("$(i)", "-7"),
        ("$(u)", "18446744073709551615"),
        ("$(f)", "1.5"),
        ("$(e)", "1e300"),
        ("$(t)", "true"),
        ("$(n)", ""),
    ] {
        let expected = expected.replace("1e300", &serde_json::json!(1e300).to_string());
        assert_eq!(text(body, json), expected, "{body}");
    }
    assert_eq!(text("$(s)", "{}"), "");
}

#[test]
fn other_properties_are_refused_without_a_word_of_them() {
    for (json, hint) in [
        ("", "are not JSON"),
        ("s3cret", "are not JSON"),
        ("{\"s3cret\"", "are not JSON"),
        ("\"s3cret\"", "are not a JSON object"),
        ("[\"s3cret\"]", "are not a JSON object"),
        ("{\"a\":{\"s3cret\":1}}", "are not a JSON object"),
        ("{\"a\":[\"s3cret\"]}", "are not a JSON object"),
        (
            &format!("{{\"a\":{}", "[".repeat(50_000)),
            "are not a JSON object",
        ),
        (&" ".repeat(MAX_BODY + 1), "bytes long"),
    ] {
        let error = Properties::read(json.as_bytes()).unwrap_err().to_string();
        assert!(error.contains(hint), "{error}");
        assert!(!error.contains("s3cret"), "{error}");
    }
    assert!(Properties::read(b"{\"a\":\"\xff\"}").is_err());
    let many = |n: usize| {
        let pairs: Vec<_> = (0..n).map(|n| format!("\"p{n}\":1")).collect();
        Properties::read(format!("{{{}}}", pairs.join(",")).as_bytes())
    };
    assert!(many(1000).is_ok());
    assert!(many(1001).is_err());
    let shown = format!(
        "{:?} {:?}",
        properties("{\"s3cret\":\"s3cret\"}"),
        variables(&[("s3cret", "s3cret")])
    );
    assert!(!shown.contains("s3cret"), "{shown}");
}
