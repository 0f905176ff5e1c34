//! Whole files: what is taken, and what is refused in which line.

use super::*;

const LEAST: &str = "\
[put]
request = \"PUT /devices/{id}\"
[fetch]
request = \"GET /messages/{id}\"
payload = \"text\"
";

fn problem(text: &str) -> String {
    let error = BackendProfile::parse("mine.toml", text).unwrap_err();
    let text = error.to_string();
    assert!(
        text.starts_with("mine.toml is no backend profile: "),
        "{text}"
    );
    assert!(!text.contains('\n'), "{text}");
    text
}

#[test]
fn the_built_in_ones_can_be_read() {
    let names: Vec<_> = BackendProfile::built_in_names().collect();
    assert_eq!(names, ["embedded", "tutorial", "aspnetcore"]);
    for name in names {
        let profile = BackendProfile::built_in(name).unwrap();
        assert_eq!((profile.name().as_str(), profile.file()), (name, None));
        assert_eq!(profile.is_default(), name == "embedded");
        let text = BackendProfile::built_in_text(name).unwrap();
        assert!(
            text.lines().all(|line| line.chars().count() <= 110),
            "{name}"
        );
        let copy = BackendProfile::parse("copy.toml", text).unwrap();
        assert_eq!(copy.file(), Some(("copy.toml", text)));
        assert_ne!(copy, profile);
        assert!(profile.api().is_ok(), "{name}");
    }
    assert!(BackendProfile::built_in("nope").is_none());
    let tutorial = BackendProfile::built_in("tutorial").unwrap();
    let api = tutorial.api().unwrap();
    assert!(api.login.is_none() && api.unread.is_none() && api.read.is_none());
}

#[test]
fn one_that_could_not_be_read_would_say_so_and_not_stop_the_phone() {
    let source = Source {
        name: "embedded".to_owned(),
        text: None,
    };
    let api = Err("line 1: x".to_owned());
    let broken = BackendProfile(Arc::new(Inner { source, api }));
    assert_eq!(broken.auth_scheme(), AuthScheme::default());
    let origin = crate::model::BackendOrigin::parse("http://127.0.0.1:1").unwrap();
    let client = crate::backend::BackendClient::new(crate::backend::BackendOptions {
        profile: broken,
        ..crate::backend::BackendOptions::new(origin)
    });
    let said = client.unwrap_err().to_string();
    assert!(
        said.contains("backend profile embedded cannot be read: line 1: x"),
        "{said}"
    );
}

#[test]
fn the_embedded_one_writes_out_what_is_usual_anyway() {
    let least = BackendProfile::parse("least.toml", LEAST).unwrap();
    let embedded = BackendProfile::default().api().unwrap();
    let least = least.api().unwrap();
    assert_eq!(format!("{:?}", least.auth), format!("{:?}", embedded.auth));
    assert_eq!(
        format!("{:?}", least.codes),
        format!("{:?}", embedded.codes)
    );
    for platform in crate::model::Platform::ALL {
        assert_eq!(least.platform(platform), platform.backend_name());
        assert_eq!(embedded.platform(platform), platform.backend_name());
    }
}

#[test]
fn it_is_kept_as_the_text_it_was_read_from() {
    for profile in [
        BackendProfile::built_in("tutorial").unwrap(),
        BackendProfile::parse("/x/mine.toml", LEAST).unwrap(),
    ] {
        let json = serde_json::to_string(&profile).unwrap();
        let read: BackendProfile = serde_json::from_str(&json).unwrap();
        assert_eq!(read, profile);
    }
    let json = serde_json::to_string(&BackendProfile::default()).unwrap();
    assert_eq!(json, r#"{"name":"embedded"}"#);
    for bad in [
        r#"{"name":"nope"}"#,
        r#"{"name":"x","text":"[put]"}"#,
        r#"{}"#,
    ] {
        assert!(
            serde_json::from_str::<BackendProfile>(bad).is_err(),
            "{bad}"
        );
    }
}

/// What is added to the least file, the line at fault, and what is said of it.
const MISTAKES: &[(&str, usize, &str)] = &[
    ("[put", 6, "unclosed"),
    ("[colour]", 6, "unknown field `colour`"),
    ("[logout]\nrequest = \"POST /x\"\ncolour = 1", 8, "colour"),
    ("[logout]", 6, "request"),
    ("[logout]\nrequest = \"POST //evil/x\"", 7, "no host"),
    ("[logout]\nrequest = \"POST /{nope}\"", 7, "{nope}"),
    ("[logout]\nrequest = \"POST /{id}\"", 7, "cannot have {id}"),
    (
        "[login]\nrequest = \"POST /{password}\"\ntoken = \"t\"",
        7,
        "cannot have {password}",
    ),
    ("[login]\nrequest = \"POST /x\"", 6, "lacks token"),
    (
        "[logout]\nrequest = \"POST /x\"\ntoken = \"t\"",
        8,
        "no use for token",
    ),
    (
        "[logout]\nrequest = \"POST /x\"\nsuccess = [302]",
        8,
        "redirects",
    ),
    (
        "[logout]\nrequest = \"POST /x\"\nbody = { a = \"{handle}\" }",
        8,
        "cannot have {handle}",
    ),
    (
        "[logout]\nrequest = \"POST /x\"\nbody = {}\nform = {}",
        9,
        "a body and a form",
    ),
    ("[check]\nrequest = \"POST /x\"", 7, "must be a GET"),
    (
        "[unread]\nrequest = \"GET /x\"\nbody = {}",
        8,
        "has no body",
    ),
    (
        "[unread]\nrequest = \"GET /x\"\npayload = \"p\"",
        6,
        "lacks id",
    ),
    (
        "[create]\nrequest = \"POST /x\"\nid = \"a\"\nid_header = \"L\"",
        9,
        "both",
    ),
    (
        "[create]\nrequest = \"POST /x\"\nid = \"a..b\"",
        8,
        "names with dots",
    ),
    ("[auth]\nscheme = \"digest\"", 7, "digest"),
    ("[auth]\nheader = \"Host\"", 7, "belongs to HTTP"),
    ("[auth]\nheader = \"Content-Type\"", 7, "about the body"),
    ("[auth]\nvalue = \"Bearer\"", 7, "{token}"),
    (
        "[headers]\nAuthorization = \"Basic YTpi\"",
        6,
        "credentials",
    ),
    ("[headers]\nHost = \"evil\"", 7, "belongs to HTTP"),
    ("[status]\nsign_in = [200, 500]", 7, "5xx"),
    ("[platforms]\nwns = \"\"", 7, "platform"),
];

#[test]
fn a_mistake_is_named_with_its_line() {
    for (more, line, said) in MISTAKES {
        let said_of = problem(&format!("{LEAST}{more}\n"));
        assert!(
            said_of.contains(&format!("line {line}: ")) && said_of.contains(said),
            "{more}: {said_of}"
        );
        assert!(!said_of.contains("YTpi"), "{said_of}");
    }
}

#[test]
fn what_a_phone_cannot_be_without_must_be_there() {
    assert!(problem("").contains("no [put]"));
    assert!(problem(LEAST.split("[fetch]").next().unwrap()).contains("no [fetch]"));
    assert!(problem(&"#".repeat(20_000)).contains("16384"));
    let nested = format!("{LEAST}x = {}", "[".repeat(10_000));
    assert!(problem(&nested).contains("line 6"));
}

proptest::proptest! {
    #[test]
    fn no_file_makes_it_panic(text in "[a-z\\[\\]{}=\"/. \n0-9]{0,200}") {
        let _ = BackendProfile::parse("x", &format!("{LEAST}{text}"));
    }
}
