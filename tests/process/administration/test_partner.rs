//! `handset test partner`: each failure has its line.

use std::net::TcpListener;

use super::{Report, changes, stop};
use crate::web::babbling;
use crate::world::World;

#[track_caller]
fn tested(world: &World, more: &[&str], code: i32) -> Report {
    let arguments = [&["--json", "test", "partner"], more].concat();
    Report::of(world.run(&arguments), code)
}

/// Where the services answer TLS, and the file of their authority.
fn https(world: &World) -> (String, String) {
    let file = std::fs::read(world.home().join("serve.json")).unwrap();
    let file: serde_json::Value = serde_json::from_slice(&file).unwrap();
    let https = file["https"].as_str().unwrap();
    let place = https.trim_start_matches("https://").trim_end_matches('/');
    (place.to_owned(), file["ca"].as_str().unwrap().to_owned())
}

#[test]
fn the_running_services_pass_every_check() {
    let world = World::new();
    let served = world.serve(&["--ephemeral"]);
    let report = tested(&world, &[], 0);
    let checks = ["name", "reachability", "TLS", "trust", "permission"];
    assert_eq!(report.results(), checks.map(|check| (check, "success")));
    assert_eq!(report.rows[4]["target"], "backend.handset.localhost");
    let table = world.run(&["test", "partner"]).with_code(0).out;
    let heading: Vec<&str> = table.lines().next().unwrap().split_whitespace().collect();
    assert_eq!(
        heading,
        ["Check", "Target", "Result", "Latency", "Error", "Diagnosis"]
    );
    assert_eq!(table.matches("Success").count(), 5, "{table}");
    stop(served);
}

#[test]
fn without_services_there_is_nothing_to_reach() {
    let world = World::new();
    let report = tested(&world, &[], 1);
    let [check, error, code, reason] = report.failure();
    assert_eq!(
        (check, error, code),
        ("name", "504, Server time-out", "no_services")
    );
    assert!(reason.contains("start it"), "{reason}");
    // Nobody's domain is asked about; one that is named can be all the same.
    assert_eq!(report.results()[4], ("permission", "skipped"));
    let named = tested(&world, &["--domain", "backend.handset.localhost"], 1);
    assert_eq!(named.results()[4], ("permission", "success"));
    let people = world.run(&["test", "partner"]).with_code(1).out;
    assert!(
        people.contains("ErrorCode=no_services, Source="),
        "{people}"
    );
}

#[test]
fn each_check_on_the_way_fails_in_its_own_words() {
    let world = World::new();
    let closed = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = closed.local_addr().unwrap().to_string();
    drop(closed);
    let report = tested(&world, &["--target", &address], 1);
    let [check, error, code, _] = report.failure();
    assert_eq!(
        (check, error, code),
        ("reachability", "504, Server time-out", "connection_refused")
    );
    let skipped = [
        ("TLS", "skipped"),
        ("trust", "skipped"),
        ("permission", "skipped"),
    ];
    assert_eq!(report.results()[2..], skipped);

    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap().to_string();
    let report = tested(&world, &["--target", &address, "--timeout", "1s"], 1);
    let [check, error, code, reason] = report.failure();
    assert_eq!(
        (check, error, code),
        ("TLS", "504, Server time-out", "time_out")
    );
    assert!(reason.contains("within 1.0 s"), "{reason}");

    let other = babbling(b"SSH-2.0-OpenSSH_9.2\r\n").to_string();
    let [check, _, code, _] = tested(&world, &["--target", &other], 1)
        .failure()
        .map(str::to_owned);
    assert_eq!((check.as_str(), code.as_str()), ("TLS", "tls_failed"));

    let nowhere = ["--target", "partner.invalid:443", "--timeout", "5s"];
    let report = tested(&world, &nowhere, 1);
    let [check, error, code, _] = report.failure();
    assert_eq!((check, error), ("name", "504, Server time-out"));
    assert!(["name_unknown", "time_out"].contains(&code), "{code}");
}

#[test]
fn trust_is_told_from_the_handshake() {
    let (world, other) = (World::new(), World::new());
    let (served, elsewhere) = (world.serve(&["--ephemeral"]), other.serve(&["--ephemeral"]));
    let (place, authority) = https(&other);
    // Another home's services are strangers, until their authority is named.
    let report = tested(&world, &["--target", &place], 1);
    let [check, _, code, reason] = report.failure();
    assert_eq!((check, code), ("trust", "unknown_authority"));
    assert!(reason.contains("--ca"), "{reason}");
    assert_eq!(report.results()[2], ("TLS", "success"));
    tested(&world, &["--target", &place, "--ca", &authority], 0);
    // This home's authority stands for this home's services alone, by the names it has certified.
    let (own, _) = https(&world);
    let port = own.rsplit_once(':').unwrap().1;
    tested(&world, &["--target", &format!("localhost:{port}")], 0);
    let named = format!("partner.localhost:{port}");
    let report = tested(&world, &["--target", &named], 1);
    let [check, _, code, reason] = report.failure();
    assert_eq!((check, code), ("trust", "other_name"));
    assert!(reason.contains("partner.localhost"), "{reason}");
    let junk = world.folder().join("junk.pem");
    std::fs::write(&junk, "junk").unwrap();
    let report = tested(&world, &["--ca", junk.to_str().unwrap()], 1);
    let [check, _, code, reason] = report.failure();
    assert_eq!((check, code), ("trust", "no_authorities"));
    assert!(reason.contains("junk.pem"), "{reason}");
    stop(served);
    stop(elsewhere);
}

#[test]
fn permission_is_the_partner_rule() {
    let world = World::new();
    let served = world.serve(&["--ephemeral"]);
    let refused = |more: &[&str]| {
        let report = tested(&world, more, 1);
        let [check, error, code, reason] = report.failure();
        assert_eq!(check, "permission");
        assert!(reason.contains("handset partner"), "{reason}");
        (error.to_owned(), code.to_owned())
    };
    let domain = ["--domain", "contoso.example"];
    let not_allowed = "403, Domain is not allowed".to_owned();
    assert_eq!(
        refused(&domain),
        (not_allowed.clone(), "domain_not_allowed".to_owned())
    );
    changes(&world, &["partner", "add", "contoso.example"]);
    tested(&world, &domain, 0);
    changes(&world, &["partner", "remove", "contoso.example"]);
    changes(&world, &["partner", "block", "contoso.example"]);
    assert_eq!(refused(&domain).1, "domain_blocked");
    changes(&world, &["partner", "remove", "contoso.example"]);

    // A provider's proxy stands for its domains, and has to be there.
    let (proxy, _) = https(&world);
    let through = ["--domain", "contoso.example", "--proxy", &proxy];
    let provider = [
        "partner",
        "provider",
        "Edge",
        "--proxy",
        &proxy,
        "--enabled",
        "off",
    ];
    changes(&world, &provider);
    assert_eq!(refused(&through).1, "provider_off");
    changes(&world, &["partner", "provider", "Edge", "--enabled", "on"]);
    let report = tested(&world, &through, 0);
    assert_eq!(report.results()[4], ("proxy", "success"));

    changes(&world, &["partner", "federation", "off"]);
    let off = (
        "403, Federation is off".to_owned(),
        "federation_off".to_owned(),
    );
    assert_eq!(refused(&[]), off);
    stop(served);

    let strict = world.serve(&["--strict", "--ephemeral"]);
    assert_eq!(refused(&[]), off);
    stop(strict);
}

#[test]
fn what_makes_no_sense_is_wrong_usage() {
    let world = World::new();
    for wrong in [
        ["--target", "http://x"],
        ["--target", "a b"],
        ["--domain", "127.0.0.1"],
        ["--proxy", ":443"],
        ["--timeout", "0s"],
    ] {
        let arguments = [&["test", "partner"], &wrong[..]].concat();
        world.run(&arguments).with_code(2);
    }
    world.run(&["test"]).with_code(2);
}
