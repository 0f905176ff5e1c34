//! What is refused, and how.

use super::super::super::MAX_BODY;
use super::*;

fn apple(inner: &str) -> String {
    format!("<AppleRegistrationDescription>{inner}</AppleRegistrationDescription>")
}

fn problem(description: &str) -> String {
    read(description).unwrap_err().to_string()
}

#[test]
fn a_document_type_is_refused_and_no_entity_is_expanded() {
    let inner = entry(&apple("<DeviceToken>&a;</DeviceToken>"));
    for doctype in [
        r#"<!DOCTYPE e [<!ENTITY a "e28a">]>"#,
        r#"<!DOCTYPE e [<!ENTITY a SYSTEM "file:///etc/passwd">]>"#,
        r#"<!DOCTYPE e SYSTEM "http://example.org/e.dtd">"#,
        "<!DOCTYPE entry>",
    ] {
        let error = Registration::read(format!("{doctype}{inner}").as_bytes()).unwrap_err();
        assert!(error.to_string().contains("document type"), "{error}");
    }
    for entity in ["&a;", "&#0;", "&#xffffffff;", "&nbsp;"] {
        let bad = apple(&format!("<DeviceToken>e2{entity}8a</DeviceToken>"));
        assert!(read(&bad).is_err(), "{entity}");
    }
}

#[test]
fn depth_size_and_numbers_are_bounded() {
    let deep = "<a>".repeat(100_000) + &"</a>".repeat(100_000);
    assert!(read(&apple(&deep)).is_err());
    let deep = "<a>".repeat(5_000) + &"</a>".repeat(5_000);
    assert!(problem(&apple(&deep)).contains("nested"));
    let filled = |size: usize| {
        let around = entry(&apple("<DeviceToken>e2</DeviceToken><X></X>")).len();
        let filler = "x".repeat(size - around);
        entry(&apple(&format!(
            "<DeviceToken>e2</DeviceToken><X>{filler}</X>"
        )))
    };
    assert!(Registration::read(filled(MAX_BODY).as_bytes()).is_ok());
    let error = Registration::read(filled(MAX_BODY + 1).as_bytes()).unwrap_err();
    assert!(error.to_string().contains("at most 65536"), "{error}");
    let attributes: String = (0..5_000).map(|n| format!(" a{n}=''")).collect();
    assert!(problem(&apple(&format!("<X{attributes}/>"))).contains("too many attributes"));
    let token = format!("<DeviceToken>{}</DeviceToken>", "e2".repeat(1_025));
    assert!(problem(&apple(&token)).contains("at most 2048"));
}

#[test]
fn tags_are_bounded() {
    let with = |tags: &str| {
        read(&apple(&format!(
            "<Tags>{tags}</Tags><DeviceToken>e2</DeviceToken>"
        )))
    };
    let numbered = |count: usize| {
        (0..count)
            .map(|n| format!("t{n}"))
            .collect::<Vec<_>>()
            .join(",")
    };
    assert_eq!(with(&numbered(60)).unwrap().tags.len(), 60);
    assert!(
        with(&numbered(61))
            .unwrap_err()
            .to_string()
            .contains("more than 60 tags")
    );
    assert!(with(&"t".repeat(120)).is_ok());
    assert!(
        with(&"t".repeat(121))
            .unwrap_err()
            .to_string()
            .contains("121")
    );
    assert!(with("a||b").is_err() && with("a,,b").is_err());
    assert_eq!(tags(&with("News,nEWS").unwrap()), ["News"]);
}

#[test]
fn what_is_missing_doubled_or_out_of_place_is_named() {
    let template = |inner: &str| {
        format!(
            "<WindowsTemplateRegistrationDescription><ChannelUri>https://a.example/</ChannelUri>{inner}</WindowsTemplateRegistrationDescription>"
        )
    };
    let long = format!(
        "<BodyTemplate>x</BodyTemplate><TemplateName>{}</TemplateName>",
        "n".repeat(201)
    );
    for (xml, word) in [
        (String::new(), "holds no registration description"),
        ("<FooRegistrationDescription/>".to_owned(), "known are Windows"),
        ("<RegistrationDescription/>".to_owned(), "known are Windows"),
        (apple(""), "no <DeviceToken>"),
        (apple("<DeviceToken i:nil='true'>e2</DeviceToken>"), "no <DeviceToken>"),
        (apple("<DeviceToken>e2</DeviceToken><DeviceToken>e3</DeviceToken>"), "twice"),
        (apple("<DeviceToken>e2</DeviceToken>").repeat(2), "more than one"),
        (apple("<DeviceToken>e2</DeviceToken><PushVariables>[]</PushVariables>"), "PushVariables"),
        (apple("<DeviceToken>e2</DeviceToken><PushVariables>{\"a\":[]}</PushVariables>"), "variable"),
        (template(""), "no <BodyTemplate>"),
        (template("<BodyTemplate> \n</BodyTemplate>"), "no <BodyTemplate>"),
        (template("<BodyTemplate><toast/></BodyTemplate>"), "CDATA"),
        (template("<BodyTemplate>x</BodyTemplate><WnsHeaders><X/></WnsHeaders>"), "<WnsHeader>"),
        (template("<BodyTemplate>x</BodyTemplate><WnsHeaders><WnsHeader><Header>a b</Header></WnsHeader></WnsHeaders>"), "header"),
        (template("<BodyTemplate>x</BodyTemplate><WnsHeaders><WnsHeader><Value>a<b/></Value></WnsHeader></WnsHeaders>"), "element"),
        (template(&long), "200"),
        (template("<BodyTemplate>\u{1}</BodyTemplate>"), "character"),
        ("<BaiduRegistrationDescription><BaiduUserId>a-b</BaiduUserId><BaiduChannelId>c</BaiduChannelId></BaiduRegistrationDescription>".to_owned(), "hyphen"),
        ("<BrowserRegistrationDescription><Endpoint>https://a.example/</Endpoint></BrowserRegistrationDescription>".to_owned(), "<P256DH>"),
    ] {
        assert!(problem(&xml).contains(word), "{xml}: {}", problem(&xml));
    }
}

#[test]
fn junk_is_refused() {
    for junk in [
        &b""[..],
        b"null",
        b"\xff\xfe<\0e\0",
        b"<entry>",
        b"<entry/>",
        b"<feed/>",
        b"<entry/><entry/>",
        b"<entry><content></entry></content>",
        b"<entry><content><AppleRegistrationDescription><DeviceToken>e2</DeviceToken>",
    ] {
        assert!(
            Registration::read(junk).is_err(),
            "{}",
            String::from_utf8_lossy(junk)
        );
    }
    // What stands beside <content> is no description.
    let beside = "<entry><x><AppleRegistrationDescription><DeviceToken>e2</DeviceToken></AppleRegistrationDescription></x></entry>";
    assert!(Registration::read(beside.as_bytes()).is_err());
}

#[test]
fn no_error_repeats_a_handle_or_a_body() {
    for inner in [
        "<DeviceToken>s3cret</DeviceToken>",
        "<DeviceToken>e2</DeviceToken><PushVariables>s3cret</PushVariables>",
        "<DeviceToken>e2</DeviceToken><PushVariables>{\"a\":[\"s3cret\"]}</PushVariables>",
        "<DeviceToken>e2</DeviceToken><Tags>(s3cret)</Tags>",
    ] {
        assert!(
            !problem(&apple(inner)).contains("s3cret"),
            "{}",
            problem(&apple(inner))
        );
    }
}
