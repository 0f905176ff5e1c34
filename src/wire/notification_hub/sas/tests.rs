use proptest::prelude::*;

use super::*;

const NOW: i64 = 1_795_194_829;

fn key(text: &str) -> SasKey {
    SasKey {
        name: "DefaultFullSharedAccessSignature".to_owned(),
        key: SecretString::from(text),
    }
}

fn now() -> Timestamp {
    Timestamp::from_second(NOW).unwrap()
}

fn parsed(value: &str) -> SasToken {
    SasToken::parse(value).unwrap_or_else(|error| panic!("{value}: {error}"))
}

/// A token for this `sr`, as it stands.
fn of(resource: &str) -> SasToken {
    parsed(&format!(
        "SharedAccessSignature sr={resource}&sig=x%3D&se={NOW}&skn=k"
    ))
}

/// What `@azure/notification-hubs` 2.1.0 sends with its default key.
const FROM_JS: &str = "SharedAccessSignature sr=https%3A%2F%2Flocalhost%3A8443%2F\
    &sig=%2By7Sz%2BT5cPGT1q4%2FyyXnxNJ1AGsjzDhGXyNj6hI1uI0%3D&se=1795198429\
    &skn=DefaultFullSharedAccessSignature";

#[test]
fn a_token_is_read_in_any_order_and_case() {
    let token = parsed(FROM_JS);
    assert_eq!(token.resource, "https%3A%2F%2Flocalhost%3A8443%2F");
    assert_eq!(
        token.signature,
        "+y7Sz+T5cPGT1q4/yyXnxNJ1AGsjzDhGXyNj6hI1uI0="
    );
    assert_eq!(token.expires.as_second(), 1_795_198_429);
    assert_eq!(token.key_name, "DefaultFullSharedAccessSignature");
    for same in [
        "sharedaccesssignature SKN=DefaultFullSharedAccessSignature&se=1795198429&\
         Sig=%2by7Sz%2bT5cPGT1q4%2fyyXnxNJ1AGsjzDhGXyNj6hI1uI0%3d&SR=https%3A%2F%2Flocalhost%3A8443%2F",
        "SharedAccessSignature sig=+y7Sz+T5cPGT1q4/yyXnxNJ1AGsjzDhGXyNj6hI1uI0=&se=1795198429&\
         x=y&skn=DefaultFullSharedAccessSignature&sr=https%3A%2F%2Flocalhost%3A8443%2F",
    ] {
        assert_eq!(parsed(same), token);
    }
}

/// The expected ones are Python's `hmac.digest(key, text, "sha256")`.
#[test]
fn the_key_is_the_text_and_the_resource_is_signed_as_it_came() {
    let token = parsed(
        "SharedAccessSignature sr=https%3a%2f%2flocalhost%2fhub%2f&sig=SIGNATURE&se=1795198429&skn=k",
    );
    for (key_text, expected) in [
        (
            "c2VjcmV0IGtleSBmb3IgdGVzdHM=",
            "fNTIHcYE3pF26vvfIqkmWqBB/TkQBHO2PGqxR19DWPs=",
        ),
        ("käy", "mBgsdlIqGgMvuaLK9gGDfmWuTJFLH1guuYQcqlELuZI="),
    ] {
        let signed = SasToken {
            signature: expected.to_owned(),
            ..token.clone()
        };
        assert!(signed.is_signed_by(&key(key_text)), "{key_text}");
        assert!(!signed.is_signed_by(&key("another")), "{key_text}");
        let upper = SasToken {
            resource: signed.resource.replace("%3a", "%3A"),
            ..signed.clone()
        };
        assert!(!upper.is_signed_by(&key(key_text)));
        let longer = SasToken {
            expires: Timestamp::from_second(1_795_198_430).unwrap(),
            ..signed.clone()
        };
        assert!(!longer.is_signed_by(&key(key_text)));
    }
    assert!(!token.is_signed_by(&key("c2VjcmV0IGtleSBmb3IgdGVzdHM=")));
}

#[test]
fn what_a_key_gives_is_signed_by_it() {
    let url = Url::parse("https://localhost:8443/hub/?a=b&c=d").unwrap();
    let made = key("k/e+y=").token(&url, now(), Duration::from_secs(3600));
    let token = parsed(made.expose_secret());
    assert!(token.is_signed_by(&key("k/e+y=")));
    assert!(!token.is_signed_by(&key("k/e+y")));
    assert_eq!(token.expires.as_second(), NOW + 3600);
    assert!(token.covers("localhost", "/hub/messages/"));
    let endless = key("k").token(&url, now(), Duration::MAX);
    assert!(parsed(endless.expose_secret()).is_signed_by(&key("k")));
}

#[test]
fn what_is_no_token_is_refused_without_a_word_of_it() {
    let good = "sr=s3cret&sig=s3cret&se=1&skn=s3cret";
    for (bad, hint) in [
        ("", "does not begin"),
        ("s3cret", "does not begin"),
        ("Bearer s3cret", "does not begin"),
        ("SharedAccessSignature", "does not begin"),
        ("SharedAccessSignature s3cret", "part without ="),
        ("SharedAccessSignature sig=s3cret&se=1&skn=k", "no sr"),
        (
            "SharedAccessSignature sr=&sig=s3cret&se=1&skn=k",
            "sr that is no",
        ),
        (
            "SharedAccessSignature sr=é&sig=s3cret&se=1&skn=k",
            "sr that is no",
        ),
        ("SharedAccessSignature sr=s3cret&se=1&skn=k", "no sig"),
        (
            "SharedAccessSignature sr=s3cret&sig=&se=1&skn=k",
            "sig that is no",
        ),
        (
            "SharedAccessSignature sr=s3cret&sig=%ff&se=1&skn=k",
            "sig that is no",
        ),
        ("SharedAccessSignature sr=s3cret&sig=s3cret&skn=k", "no se"),
        ("SharedAccessSignature sr=s3cret&sig=s3cret&se=1", "no skn"),
        (
            "SharedAccessSignature sr=s3cret&sig=s3cret&se=1&skn=",
            "skn that names no",
        ),
        (
            "SharedAccessSignature sr=s3cret&sig=s3cret&se=1&skn=%0a",
            "skn that names no",
        ),
        (
            &format!("SharedAccessSignature {good}&sr=s3cret"),
            "sr twice",
        ),
        (
            &format!("SharedAccessSignature {good}&SKN=s3cret"),
            "skn twice",
        ),
    ] {
        let error = SasToken::parse(bad).unwrap_err().to_string();
        assert!(error.contains(hint), "{bad}: {error}");
        assert!(!error.contains("s3cret"), "{bad}: {error}");
    }
}

#[test]
fn an_expiry_is_written_as_it_is_signed() {
    for se in [
        "",
        "-1",
        "+1",
        "01",
        "1.5",
        "1e9",
        " 1x",
        "99999999999999",
        "9223372036854775808",
    ] {
        let text = format!("SharedAccessSignature sr=a&sig=b&se={se}&skn=c");
        let error = SasToken::parse(&text).unwrap_err().to_string();
        assert!(error.contains("se that is no number"), "{se}: {error}");
    }
}

#[test]
fn no_part_is_endless() {
    let good = "sr=s3cret&sig=s3cret&se=1&skn=s3cret";
    let long = format!("SharedAccessSignature {good}&x={}", "x".repeat(LONGEST));
    assert!(
        SasToken::parse(&long)
            .unwrap_err()
            .to_string()
            .contains("longer than")
    );
    let long_name = good.replace("skn=s3cret", &format!("skn={}", "x".repeat(257)));
    assert!(SasToken::parse(&format!("SharedAccessSignature {long_name}")).is_err());
}

#[test]
fn debug_shows_neither_signature_nor_key() {
    let token = parsed(&FROM_JS.replace("%2By7Sz", "s3cret"));
    let shown = format!("{token:?} {:?}", key("s3cret"));
    assert!(!shown.contains("s3cret"), "{shown}");
}

#[test]
fn every_sdks_audience_covers_its_requests() {
    for (sdk, resource, host, path) in [
        (
            "JavaScript",
            "https%3A%2F%2Flocalhost%3A8443%2F",
            "localhost",
            "/hub/messages/",
        ),
        (
            ".NET",
            "http%3a%2f%2flocalhost%2fhub%2fregistrationids%2f",
            "localhost",
            "/hub/registrationIDs",
        ),
        (
            ".NET, a tag",
            "http%3a%2f%2flocalhost%2fhub%2ftags%2fsuite%3aa%2fregistrations%2f",
            "LOCALHOST",
            "/hub/tags/suite:A/registrations",
        ),
        (
            "Java",
            "https%3a%2f%2f127.0.0.1%3a8443%2fhub%2finstallations%2finst-1%3fapi-version%3d2020-06",
            "127.0.0.1",
            "/hub/installations/Inst-1",
        ),
        (
            "azure-sb",
            "https%3a%2f%2f127.0.0.1%3a8443%2fhub%2fmessages%2f%3fapi-version%3d2015-01",
            "127.0.0.1",
            "/hub/messages/",
        ),
        (
            "azure-sb, a tag with an encoded colon",
            "https%3a%2f%2f127.0.0.1%2fhub%2ftags%2fa%253ab%2fregistrations%3f%24top%3d1",
            "127.0.0.1",
            "/hub/tags/a%3Ab/registrations",
        ),
    ] {
        assert!(of(resource).covers(host, path), "{sdk}");
    }
}

#[test]
fn other_ways_to_name_an_audience_cover_too() {
    for (way, resource, host, path) in [
        (
            "Service Bus tools",
            "sb%3a%2f%2fNS.servicebus.windows.net%2fHub",
            "ns.servicebus.windows.net",
            "/hub/messages/$batch",
        ),
        (
            "a name alone",
            "ns.servicebus.windows.net",
            "ns.servicebus.windows.net.",
            "/hub",
        ),
        (
            "IPv6",
            "https%3A%2F%2F%5B%3A%3A1%5D%3A8443%2Fhub",
            "[::1]",
            "/hub/x",
        ),
        (
            "IPv6, no port",
            "https%3A%2F%2F%5B0%3A0%3A0%3A0%3A0%3A0%3A0%3A1%5D",
            "::1",
            "/",
        ),
        (
            "nothing encoded",
            "https://localhost:8443/hub/",
            "localhost",
            "/hub",
        ),
        (
            "a direction stands as it is",
            "https%3A%2F%2Flocalhost%2Fhub",
            "localhost",
            "/hub/../other",
        ),
        (
            "no UTF-8",
            "https%3A%2F%2Flocalhost%2Fhub%2F%25ff",
            "localhost",
            "/hub/%FF",
        ),
    ] {
        assert!(of(resource).covers(host, path), "{way}");
    }
}

#[test]
fn another_host_or_path_is_not_covered() {
    for (resource, host, path) in [
        (
            "https%3A%2F%2Flocalhost%2Fhub",
            "localhost.evil.example",
            "/hub",
        ),
        ("https%3A%2F%2Flocalhost%2Fhub", "ocalhost", "/hub"),
        ("https%3A%2F%2Flocalhost%2Fhub", "localhost", "/hub2"),
        (
            "https%3A%2F%2Flocalhost%2Fhub",
            "localhost",
            "/hub%2fmessages",
        ),
        ("https%3A%2F%2Flocalhost%2Fhub", "localhost", "/"),
        (
            "https%3A%2F%2Flocalhost%2Fhub%2Fmessages",
            "localhost",
            "/hub/registrations",
        ),
        (
            "https%3A%2F%2Flocalhost%2Fhub%2Fmessages",
            "localhost",
            "/hub/%2E%2e/hub/messages",
        ),
        ("https%3A%2F%2Flocalhost%2F%25fe", "localhost", "/%ff"),
        (
            "https%3A%2F%2Fevil.example%40localhost%2Fhub",
            "localhost",
            "/hub",
        ),
        (
            "https%3A%2F%2Flocalhost%40evil.example%2Fhub",
            "localhost",
            "/hub",
        ),
        (
            "https%3A%2F%2Fevil.example%3F%2F%2Flocalhost%2Fhub",
            "localhost",
            "/hub",
        ),
        ("https%3A%2F%2Flocalhost%3Aport%2Fhub", "localhost", "/hub"),
        ("https%3A%2F%2F%5B%3A%3A2%5D%2Fhub", "[::1]", "/hub"),
        ("%ff", "localhost", "/hub"),
        ("https%3A%2F%2F%2Fhub", "", "/hub"),
    ] {
        assert!(!of(resource).covers(host, path), "{resource} {host} {path}");
    }
}

/// What junk is made of.
const WORDS: &[&str] = &[
    "SharedAccessSignature ",
    "sr=",
    "sig=",
    "se=1",
    "skn=",
    "&",
    "%",
    "%3A%2F%2F",
    "%ff",
    "[",
    "]",
    ":",
    "@",
    "/",
    "é",
    "a",
    "=",
    " ",
    "9",
];

proptest! {
    #[test]
    fn a_token_reads_back(
        text in "[ -~é]{1,40}",
        name in "[ -~ä]{1,40}",
        path in "[a-zA-Z0-9$:._%/-]{0,40}",
        lifetime in 0_u64..10_000_000,
    ) {
        let mut url = Url::parse("https://localhost:8443").unwrap();
        url.set_path(&path);
        let key = SasKey { name: name.clone(), key: SecretString::from(text) };
        let made = key.token(&url, now(), Duration::from_secs(lifetime));
        let token = parsed(made.expose_secret());
        prop_assert!(token.is_signed_by(&key));
        prop_assert_eq!(&token.key_name, &name);
        let asked = url.path();
        if percent_decode_str(asked).decode_utf8().is_ok() {
            prop_assert!(token.covers("LocalHost", &asked.to_uppercase()));
            let below = format!("{asked}/x");
            prop_assert!(token.covers("localhost", &below));
        }
    }

    #[test]
    fn no_text_panics(
        words in proptest::collection::vec(proptest::sample::select(WORDS), 0..30),
        host in "[a-z:.\\[\\]é@]{0,12}",
        path in "[/.%a-f0-9é]{0,12}",
    ) {
        let text = words.concat();
        if let Ok(token) = SasToken::parse(&text) {
            let _covered = token.covers(&host, &path);
        }
        let _covered = audience::covers(&text, &host, &path);
        drop(SasToken::parse(&format!("SharedAccessSignature {text}")));
    }
}
