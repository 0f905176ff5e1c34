use super::*;
use crate::model::{DisplayText, MessageId, RawNotification, ToastContent, ToastKey};

fn content(xml: &str) -> ToastContent {
    let key = ToastKey::of_message(&MessageId::parse("m").unwrap());
    read_toast(xml.as_bytes())
        .unwrap()
        .into_content(key, &DisplayText::new("Contoso"))
}

fn toast(template: &str, inner: &str) -> String {
    format!(r#"<toast><visual><binding template="{template}">{inner}</binding></visual></toast>"#)
}

#[test]
fn texts_are_read_with_their_entities() {
    let xml = r#"<?xml version="1.0" encoding="utf-8"?><toast launch="x"><visual>
        <binding template="ToastText01"><text id="1"> 1 &lt; 2 &amp;&#x21; <![CDATA[<b>]]>
        </text></binding>
        <binding template="ToastText02"><text id="1">other</text></binding></visual></toast>"#;
    let toast = read_toast(xml.as_bytes()).unwrap();
    assert_eq!(toast.template, ToastTemplate::ToastText01);
    assert_eq!(toast.texts, ["1 < 2 &! <b>"]);
    assert_eq!(toast.launch.as_deref(), Some("x"));
}

#[test]
fn each_layout_has_its_own_rule_for_its_strings() {
    let inner = r#"<image id="1" src="Assets/a.png" alt="a"/><text id="1">one</text><text id="2">t
        wo</text><text id="3">three</text><text id="4">four</text>"#;
    let wrapped = "t\n        wo";
    for (template, title, body, image) in [
        ("ToastText01", "Contoso", "one", false),
        ("ToastText02", "one", wrapped, false),
        ("ToastText03", "one", "t wo", false),
        ("ToastText04", "one", "t wo\nthree", false),
        ("ToastImageAndText01", "Contoso", "one", true),
        ("ToastImageAndText02", "one", wrapped, true),
        ("ToastImageAndText03", "one", "t wo", true),
        ("ToastImageAndText04", "one", "t wo\nthree", true),
        ("ToastGeneric", "one", "t\n        wo\nthree\nfour", true),
    ] {
        let toast = content(&self::toast(template, inner));
        assert_eq!(toast.template.as_str(), template);
        assert_eq!((toast.title.as_str(), toast.body.as_str()), (title, body));
        assert_eq!(toast.image.is_some(), image, "{template}");
    }
}

#[test]
fn an_adaptive_toast_is_read_whole() {
    let xml = r#"<toast launch="app=1&amp;b" duration="long" scenario="reminder" displayTimestamp="2026-11-20T18:00:00Z"
            useButtonStyle="true"><header id="h" title="H" arguments="x"/>
        <visual baseUri="ms-appx:///Assets/"><binding template="ToastText01"><text>old</text></binding>
        <binding template="ToastGeneric">
          <text hint-maxLines="1" placement="attribution">via SMS</text><text hint-style="title">Adam</text>
          <group><subgroup hint-weight="1"><text>in a group</text></subgroup></group>
          <image placement="hero" src="hero.png" alt="The view"/>
          <image placement="appLogoOverride" hint-crop="circle" src="https://example.org/a.png"/>
          <progress value="0.5" status="x"/>
        </binding></visual>
        <actions><input id="box" type="text"/><input id="time" type="selection"><selection id="1" content="1"/></input>
          <action content="Reply" arguments="reply&amp;1" hint-inputId="box"/>
          <action content="Menu" arguments="m" placement="contextMenu"/><action content="" arguments="nameless"/>
          <action activationType="system" arguments="snooze" content=""/></actions>
        <audio src="ms-winsoundevent:Notification.Default"/></toast>"#;
    let toast = content(xml);
    assert_eq!(toast.title.as_str(), "Adam");
    assert_eq!(toast.body.as_str(), "in a group\nvia SMS");
    assert_eq!(toast.launch.as_deref(), Some("app=1&b"));
    let image = toast.image.unwrap();
    assert_eq!(image.source, "ms-appx:///Assets/hero.png");
    assert_eq!(image.alt.as_str(), "The view");
    let buttons: Vec<_> = toast
        .actions
        .iter()
        .map(|action| (action.content.as_str(), action.arguments.as_str()))
        .collect();
    assert_eq!(buttons, [("Reply", "reply&1"), ("Snooze", "snooze")]);
}

#[test]
fn what_is_left_out_has_a_default() {
    let image_only = toast("ToastGeneric", r#"<image src="a.png"/>"#);
    assert_eq!(content(&image_only).title.as_str(), "Contoso");
    let unknown = toast("ToastSquare999", "<text>a</text><text>b</text>");
    assert_eq!(content(&unknown).template, ToastTemplate::ToastText02);
    let no_heading = toast("ToastText02", "<text></text><text>b</text>");
    assert_eq!(content(&no_heading).title.as_str(), "Contoso");
    let bad_image = toast("ToastGeneric", r#"<text>a</text><image src=""/>"#);
    assert_eq!(content(&bad_image).image, None);
}

#[test]
fn numbers_of_parts_are_bounded() {
    let actions = r#"<action content="b" arguments="b"/>"#.repeat(60);
    let xml = format!(
        "<toast><visual>{}</visual><actions>{actions}</actions></toast>",
        r#"<binding template="ToastText04"><text>x</text></binding>"#.repeat(60)
    );
    assert_eq!(content(&xml).actions.len(), ToastContent::MOST_ACTIONS);
    let many = toast("ToastGeneric", &"<text>y</text>".repeat(400));
    assert_eq!(read_toast(many.as_bytes()).unwrap().texts.len(), 16);
    let long = format!(
        r#"<toast launch="{}"><visual><binding template="ToastText01"><text>a</text></binding></visual></toast>"#,
        "l".repeat(ToastContent::MAX_LAUNCH + 1)
    );
    assert!(read_toast(long.as_bytes()).is_err());
}

#[test]
fn hostile_documents_are_refused() {
    let deep = "<toast>".repeat(1000);
    let nested = format!("<toast>{}{}</toast>", "<a>".repeat(400), "</a>".repeat(400));
    let large = toast("ToastText01", &"x".repeat(RawNotification::MAX_CONTENT));
    let bomb = r#"<!DOCTYPE t [<!ENTITY a "b"><!ENTITY c "&a;&a;">]><toast><visual><binding><text>&c;</text></binding></visual></toast>"#;
    for xml in [
        "",
        "<toast/>",
        "<toast>",
        "<toast></visual>",
        "not xml",
        &deep,
        &nested,
        &large,
        bomb,
        "<toast><binding><text>&xxe;</text></binding></toast>",
        "<toast><visual><binding><text>&#xD800;</text></binding></visual></toast>",
        r#"<toast launch="&xxe;"><visual><binding><text>a</text></binding></visual></toast>"#,
        r#"<toast launch="1" launch="2"><visual><binding><text>a</text></binding></visual></toast>"#,
        "<tile><visual><binding><text>a</text></binding></visual></tile>",
        "<toast><visual><binding><text>a</text></binding></visual></toast><toast/>",
        "<toast><text>outside</text></toast>",
    ] {
        assert!(read_toast(xml.as_bytes()).is_err(), "{xml:.60}");
    }
    assert!(read_toast(&[0xff, 0xfe]).is_err());
}

proptest::proptest! {
    #[test]
    fn no_document_panics(inner in "(<|</|text|>|binding|image src=\"|\"|&|;|#x|[a-z ]|/>|é){0,60}") {
        drop(read_toast(inner.as_bytes()));
        drop(read_toast(toast("ToastGeneric", &inner).as_bytes()));
    }
}
