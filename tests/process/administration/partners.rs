//! `handset partner`

use serde_json::{Value, json};

use super::{changes, lines, stop};
use crate::world::World;

const PROVIDER: [&str; 7] = [
    "partner",
    "provider",
    "Fabrikam, Inc.",
    "--proxy",
    "Edge.Fabrikam.example",
    "--enabled",
    "on",
];

/// Those of one list that are stored, or, of the allowed ones, hold by the `profile`.
fn names(listed: &[Value], list: &str) -> Vec<String> {
    let (list, stored) = match list {
        "profile" => ("allowed", false),
        list => (list, true),
    };
    let of_list = listed.iter().filter(|entry| entry["list"] == list);
    let of_list = of_list.filter(|entry| entry.get("stored").is_none_or(|found| *found == stored));
    let name = |entry: &Value| {
        let name = entry.get("domain").or_else(|| entry.get("identity"));
        name.and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    of_list.map(name).collect()
}

#[test]
fn the_lists_are_kept_with_the_services_and_without() {
    let world = World::new();
    let own = "backend.handset.localhost";
    assert_eq!(
        names(&lines(&world, &["partner", "list"]), "profile"),
        [own]
    );
    assert!(
        !world.home().join("services").exists(),
        "looking made something"
    );
    let add = [
        "partner",
        "add",
        "Contoso.Example",
        "--comment",
        "Ken, 4711",
    ];
    assert_eq!(changes(&world, &add).len(), 2);
    let served = world.serve(&[]);
    changes(&world, &PROVIDER);
    changes(&world, &["partner", "block", own]);
    changes(&world, &["partner", "federation", "off"]);
    let listed = lines(&world, &["partner", "list"]);
    assert_eq!(
        listed[0],
        json!({"list": "federation", "enabled": false, "stored": true})
    );
    assert_eq!(names(&listed, "allowed"), ["contoso.example"]);
    assert_eq!(names(&listed, "blocked"), [own]);
    assert_eq!(names(&listed, "provider"), ["Fabrikam, Inc."]);
    assert!(names(&listed, "profile").is_empty());
    stop(served);
    assert_eq!(lines(&world, &["partner", "list"]), listed);
    let table = world.run(&["partner", "list"]).with_code(0).out;
    for part in [
        "federation is off (stored)",
        "provider, on",
        "edge.fabrikam.example",
        "Ken, 4711",
    ] {
        assert!(table.contains(part), "{table}");
    }
    let through = ["partner", "add", "deep.example", "--proxy"];
    changes(&world, &[&through[..], &["edge.fabrikam.example"]].concat());
    let listed = lines(&world, &["partner", "list"]);
    let level = |domain: &str| {
        let found = listed.iter().find(|entry| entry["domain"] == domain);
        found.unwrap()["verification"].as_str().unwrap().to_owned()
    };
    // The level in force: its own, its provider's, or the usual one.
    assert_eq!(level("contoso.example"), "use-source-verification");
    assert_eq!(level("deep.example"), "always-verifiable");
    assert!(table.contains("use-source-verification"), "{table}");
    changes(&world, &["partner", "remove", "deep.example"]);
    changes(&world, &["partner", "remove", "contoso.example"]);
    changes(&world, &["partner", "remove", "fabrikam, inc."]);
    changes(&world, &["partner", "reset"]);
    assert_eq!(
        names(&lines(&world, &["partner", "list"]), "profile"),
        [own]
    );
}

/// What is refused once the lists are made, and what is said of it.
const REFUSED: &[(&[&str], &str)] = &[
    (
        &["partner", "add", "contoso.example"],
        "is an allowed domain already",
    ),
    (
        &["partner", "block", "contoso.example"],
        "is an allowed domain already",
    ),
    (
        &["partner", "add", "bad.example"],
        "is a blocked domain already",
    ),
    (
        &["partner", "block", "bad.example", "--what-if"],
        "is a blocked domain already",
    ),
    (
        &[
            "partner",
            "provider",
            "Other",
            "--proxy",
            "edge.fabrikam.example",
            "--enabled",
            "on",
        ],
        "the proxy of the hosting provider Fabrikam, Inc. already",
    ),
    (
        &[
            "partner",
            "provider",
            "Fabrikam, Inc.",
            "--proxy",
            "new.example",
        ],
        "cannot be changed",
    ),
    (
        &["partner", "provider", "New", "--enabled", "on"],
        "--proxy HOST",
    ),
    (
        &["partner", "remove", "nobody.example"],
        "handset partner list",
    ),
    (
        &["partner", "remove", "backend.handset.localhost"],
        "handset partner block",
    ),
];

#[test]
fn the_documented_refusals_hold() {
    let world = World::new();
    let served = world.serve(&["--ephemeral"]);
    changes(&world, &["partner", "add", "contoso.example"]);
    changes(&world, &["partner", "block", "bad.example"]);
    changes(&world, &PROVIDER);
    for (refused, part) in REFUSED {
        let ended = world.run(refused).with_code(1);
        assert!(
            ended.only_error().contains(part),
            "{refused:?}: {}",
            ended.err
        );
    }
    let changed = [
        "partner",
        "provider",
        "Fabrikam, Inc.",
        "--enabled",
        "off",
        "--what-if",
    ];
    assert_eq!(changes(&world, &changed)[0][2..], ["on", "off"]);
    stop(served);
}

#[test]
fn names_are_checked() {
    let world = World::new();
    let long = format!("{}.example", "a".repeat(64));
    for wrong in [
        &["partner"][..],
        &["partner", "add"],
        &["partner", "add", "127.0.0.1"],
        &["partner", "add", "http://contoso.example"],
        &["partner", "add", "*.example"],
        &["partner", "add", &long],
        &["partner", "add", "a.example", "--proxy", "a b"],
        &["partner", "add", "a.example", "--proxy", "a.example:0"],
        &["partner", "add", "a.example", "--verification", "sometimes"],
        &["partner", "add", "a.example", "--comment", "a\u{1b}[31m"],
        &["partner", "provider", "", "--enabled", "on"],
        &["partner", "federation"],
        &["partner", "federation", "maybe"],
        &["partner", "remove", "a.example", "--list", "friends"],
    ] {
        let ended = world.run(wrong).with_code(2);
        assert!(!ended.err.contains('\u{1b}'), "{}", ended.err);
    }
}
