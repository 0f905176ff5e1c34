//! What SDKs and the service write, and what is refused.

use super::super::super::MAX_BODY;
use super::*;

const JS: &str = r#"{"installationId":"inst-wns-4eab36fd","platform":"wns","tags":["suite:4eab36fd:i"],"userId":"u-4eab36fd","templates":{"t1":{"body":"<toast>$(msg)</toast>","headers":{"X-WNS-Type":"wns/toast"},"tags":["suite:4eab36fd:it"]}},"pushChannel":"https://db5p.notify.windows.com/w/?token=d172285dbc3b593f54acd8f4%2b%2f%3d&i=1"}"#;

const SERVICE: &str = r#"{"installationId":"08c88ecf-32b5-412b-aba2-29be97ce34c3","pushChannel":"62BCD3484834B7E2DC56733AC5509259230CC1BA82BA1AE7D06E91908A05A8FA","pushChannelExpired":false,"platform":"apns","expirationTime":"9999-12-31T23:59:59.9999999Z","userId":"d798d460-79d2-449a-b2fc-fa5bf4090f38"}"#;

#[test]
fn an_installation_of_the_sdk_for_js_is_read() {
    let installation = read(JS).unwrap();
    assert_eq!(installation.platform, HubPlatform::Windows);
    assert_eq!(installation.user_id.as_deref(), Some("u-4eab36fd"));
    assert_eq!(tags(&installation.tags), ["suite:4eab36fd:i"]);
    let template = &installation.templates["t1"];
    assert_eq!(template.body, "<toast>$(msg)</toast>");
    assert_eq!(template.headers["X-WNS-Type"], "wns/toast");
    assert_eq!(tags(&template.tags), ["suite:4eab36fd:it"]);
    assert!(!installation.channel_expired && installation.expires.is_none());
    assert_eq!(read(&installation.write()).unwrap(), installation);
}

#[test]
fn an_installation_is_answered_as_the_service_answers() {
    let installation = read(SERVICE).unwrap();
    assert_eq!(installation.expires, None);
    assert_eq!(installation.write(), SERVICE);
    assert_eq!(read(FULL).unwrap().write(), FULL);
}

#[test]
fn dotnet_writes_null_for_what_is_not_there() {
    let json = r#"{"installationId":"a","userId":null,"pushChannel":"62bc","pushChannelExpired":null,"platform":"APNS","expirationTime":null,"tags":null,"lastUpdate":"2018","somethingNew":{"a":[1]}}"#;
    let installation = read(&format!("\u{feff}{json}")).unwrap();
    assert_eq!(installation.handle.text.as_str(), "62BC");
    assert_eq!(
        (installation.platform, installation.user_id),
        (HubPlatform::Apple, None)
    );
}

#[test]
fn the_service_names_a_template_in_its_tags() {
    let json = r#"{"installationId":"95e4","pushChannel":"62BC","pushChannelExpired":false,"platform":"apns","expirationTime":"9999-12-31T23:59:59.9999999Z","tags":["tag1"],"pushVariables":{"var1":"value1"},"templates":{"Template Name":{"body":"{\"aps\":{\"alert\":\"alert!\"}}","expiry":"2018-11-07T16:18:32.6641371-08:00","tags":["Template Name","plain"]}}}"#;
    let installation = read(json).unwrap();
    assert_eq!(
        tags(&installation.templates["Template Name"].tags),
        ["plain"]
    );
    assert_eq!(installation.push_variables["var1"], "value1");
}

#[test]
fn a_browser_s_channel_is_an_object_or_its_json() {
    let object = r#"{"endpoint":"https://a.example/x","p256dh":"BP","auth":"QQ"}"#;
    let text = serde_json::to_string(object).unwrap();
    for channel in [object, &text] {
        let json =
            format!(r#"{{"installationId":"a","platform":"Browser","pushChannel":{channel}}}"#);
        let installation = read(&json).unwrap();
        assert_eq!(installation.handle.keys.as_ref().unwrap().auth, "QQ");
        let written: serde_json::Value = serde_json::from_str(&installation.write()).unwrap();
        assert_eq!(
            written["pushChannel"],
            serde_json::from_str::<serde_json::Value>(object).unwrap()
        );
    }
    for bad in [
        r#""https://a.example/x""#,
        "{}",
        "7",
        r#"{"endpoint":"https://a.example/x","p256dh":"BP"}"#,
    ] {
        let json = format!(r#"{{"installationId":"a","platform":"browser","pushChannel":{bad}}}"#);
        assert!(read(&json).is_err(), "{bad}");
    }
}

#[test]
fn every_platform_is_read_and_written() {
    for (name, channel) in [
        ("wns", "https://a.example/"),
        ("mpns", "https://a.example/"),
        ("apns", "62BC"),
        ("fcmV1", "e1:APA"),
        ("gcm", "e1:APA"),
        ("adm", "amzn1.adm-registration.v2.123"),
        ("baidu", "user-channel"),
        ("xiaomi", "r"),
    ] {
        let json = format!(
            r#"{{"installationId":"a","pushChannel":"{channel}","pushChannelExpired":false,"platform":"{name}","expirationTime":"9999-12-31T23:59:59.9999999Z"}}"#
        );
        assert_eq!(read(&json).unwrap().write(), json);
    }
}

#[test]
fn an_expiry_may_have_an_offset_or_none() {
    for (text, time) in [
        ("2030-01-02T03:04:05Z", Some("2030-01-02T03:04:05Z")),
        (
            "2030-01-02T03:04:05.6641371-08:00",
            Some("2030-01-02T11:04:05.6641371Z"),
        ),
        ("2030-01-02T03:04:05", Some("2030-01-02T03:04:05Z")),
        ("9999-12-31T23:59:59", None),
        ("9999-12-31T23:59:59.9999999Z", None),
    ] {
        let json = format!(
            r#"{{"installationId":"a","platform":"gcm","pushChannel":"x","expirationTime":"{text}"}}"#
        );
        assert_eq!(
            read(&json).unwrap().expires,
            time.map(|time| time.parse().unwrap()),
            "{text}"
        );
    }
}

/// What is no installation, and a part of what is said of it.
const BAD: [(&str, &str); 9] = [
    ("[]", "a map"),
    ("{", "cannot be read"),
    (r#"["a","s3cret",false,"gcm"]"#, "a map"),
    (
        r#"{"platform":"gcm","pushChannel":"x"}"#,
        "no installationId",
    ),
    (
        r#"{"installationId":"a","platform":"s3cret","pushChannel":"x"}"#,
        "wns, apns",
    ),
    (r#"{"installationId":"a","pushChannel":"x"}"#, "wns, apns"),
    (
        r#"{"installationId":"a","platform":"gcm"}"#,
        "no pushChannel",
    ),
    (
        r#"{"installationId":"a","platform":"gcm","pushChannel":{"a":"s3cret"}}"#,
        "no text",
    ),
    (
        r#"{"installationId":"a","platform":"apns","pushChannel":"s3cret"}"#,
        "hexadecimal",
    ),
];

/// A bad property, and a part of what is said of it.
const BAD_PROPERTIES: [(&str, &str); 13] = [
    (r#""userId":"s3cret bob""#, "userId is not"),
    (r#""userId":7"#, "a string"),
    (r#""tags":"s3cret""#, "cannot be read"),
    (r#""tags":["(s3cret)"]"#, "tag contains"),
    (r#""pushVariables":{"a":["s3cret"]}"#, "push variable"),
    (r#""templates":{"t":{}}"#, "template has no body"),
    (r#""templates":{"t":["s3cret"]}"#, "a map"),
    (r#""templates":{"":{"body":"s3cret"}}"#, "name"),
    (
        r#""templates":{"t":{"body":"s3cret","headers":{"a":"s3cret\r\nb: c"}}}"#,
        "header",
    ),
    (r#""expirationTime":"s3cret""#, "expirationTime"),
    (
        r#""expirationTime":"-000005-01-01T00:00:00Z""#,
        "before the year 1",
    ),
    (
        r#""expirationTime":"0000-12-31T23:59:59Z""#,
        "before the year 1",
    ),
    (
        r#""secondaryTiles":{"t":{"pushChannel":"s3cret"}}"#,
        "only wns and mpns",
    ),
];

/// An installation with a property more.
fn with(property: &str) -> String {
    format!(r#"{{"installationId":"a","platform":"gcm","pushChannel":"x",{property}}}"#)
}

#[test]
fn what_is_wrong_is_named_without_its_value() {
    let whole = BAD.map(|(json, word)| (json.to_owned(), word));
    let parts = BAD_PROPERTIES.map(|(property, word)| (with(property), word));
    for (json, word) in whole.into_iter().chain(parts) {
        let error = read(&json).unwrap_err().to_string();
        assert!(error.contains(word), "{json}: {error}");
        assert!(!error.contains("s3cret"), "{error}");
    }
}

#[test]
fn sizes_and_numbers_are_bounded() {
    let numbered = |count: usize| {
        (0..count)
            .map(|n| format!("\"t{n}\""))
            .collect::<Vec<_>>()
            .join(",")
    };
    let tags = |tags: String| with(&format!(r#""tags":[{tags}]"#));
    let named =
        |id: &str| format!(r#"{{"installationId":"{id}","platform":"gcm","pushChannel":"x"}}"#);
    assert!(read(&tags(numbered(60))).is_ok());
    assert!(read(&named(&"a".repeat(102))).is_ok());
    for (json, word) in [
        (tags(numbered(61)), "more than 60 tags"),
        (tags(format!("\"{}\"", "t".repeat(121))), "121"),
        (named("a/b"), "installationId is not"),
        (named(&"a".repeat(103)), "1 to 102"),
        ("[".repeat(60_000), "cannot be read"),
        (format!(r#"{{"a":{}"#, "[".repeat(60_000)), "cannot be read"),
        (" ".repeat(MAX_BODY + 1), "at most 65536"),
    ] {
        let error = read(&json).unwrap_err().to_string();
        assert!(error.contains(word), "{json:.80}: {error}");
    }
}
