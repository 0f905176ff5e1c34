//! The key of the admin door, and what becomes of it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::{Value, json};

use super::{lines, stop};
use crate::world::World;

#[test]
fn the_key_is_its_owners_alone_and_goes_with_the_services() {
    let world = World::new();
    let served = world.serve(&["--ephemeral"]);
    let path = world.home().join("admin.json");
    assert_eq!(
        fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o600
    );
    let key: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    assert_eq!(key["data"], Value::Null);
    let token = key["token"].as_str().unwrap().to_owned();
    assert!(token.len() > 40);
    let public = fs::read_to_string(world.home().join("serve.json")).unwrap();
    assert!(!public.contains(&token));
    served.running.signal(rustix::process::Signal::TERM);
    let ended = served.running.ended().with_code(0);
    assert!(!ended.out.contains(&token) && !ended.err.contains(&token));
    assert!(!path.exists());
}

#[test]
fn what_a_kill_leaves_does_no_harm() {
    let world = World::new();
    let served = world.serve(&[]);
    lines(&world, &["push-config", "set", "--apple", "on"]);
    served.running.killed();
    assert!(world.home().join("admin.json").exists());
    let stored = lines(&world, &["push-config", "get"]);
    assert_eq!(stored[0]["apple"], true);
    assert_eq!(stored[0]["in_force"], Value::Null);
    let served = world.serve(&[]);
    assert_eq!(lines(&world, &["push-config", "get"])[0]["in_force"], true);
    stop(served);
}

#[test]
fn serve_says_what_is_in_force() {
    let world = World::new();
    let arguments = ["--strict", "--domain", "Contoso.Example", "--site", "Paris"];
    let mut running = world.start(
        &[
            &["serve", "--json", "--http", "127.0.0.1:0"],
            &arguments[..],
        ]
        .concat(),
    );
    let ready = running.event("services.ready");
    let off = json!({"apple": false, "microsoft": false, "google": false, "webpush": false});
    assert_eq!(
        ready["administration"],
        json!({"profile": "strict", "domain": "contoso.example", "site": "Paris", "services": off,
            "federation": false, "partner": false})
    );
    running.signal(rustix::process::Signal::TERM);
    running.ended().with_code(0);
    let mut people = world.start(&["serve", "--ephemeral", "--strict", "--http", "127.0.0.1:0"]);
    for step in [
        "`handset push-config set --apple on --microsoft on --google on --webpush on`",
        "backend.handset.localhost may not push:",
        "`handset partner federation on`",
        "`handset partner add backend.handset.localhost`",
    ] {
        people.line_with(step);
    }
    people.signal(rustix::process::Signal::TERM);
    people.ended().with_code(0);
    let mut people = world.start(&["serve", "--ephemeral", "--http", "127.0.0.1:0"]);
    people.line_with("apple, microsoft, google, webpush are on (quick-start profile)");
    people.line_with("backend.handset.localhost may push");
    for bad in [
        ["--domain", "127.0.0.1"],
        ["--domain", "a b"],
        ["--site", "*"],
        ["--site", ""],
    ] {
        let ended = world.run(&[&["serve"], &bad[..]].concat()).with_code(2);
        assert!(ended.err.contains(bad[0]), "{}", ended.err);
    }
}
