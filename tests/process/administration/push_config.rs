//! `handset push-config`

use serde_json::{Value, json};

use super::{changes, lines, stop};
use crate::world::World;

fn change(of: &str, setting: &str, before: &str, after: &str) -> [String; 4] {
    [of, setting, before, after].map(str::to_owned)
}

#[test]
fn without_services_the_data_folder_is_changed_for_the_next_ones() {
    let world = World::new();
    let shown = lines(&world, &["push-config", "get"]);
    assert_eq!(
        shown,
        [
            json!({"identity": "global", "apple": true, "microsoft": true, "google": true,
            "webpush": true, "stored": false, "in_force": null})
        ]
    );
    assert!(
        !world.home().join("services").exists(),
        "looking made something"
    );

    let set = ["push-config", "set", "--apple", "on", "--what-if"];
    let rehearsed = changes(&world, &set);
    assert!(
        !world.home().join("services").exists(),
        "a rehearsal made something"
    );
    let by = "on (quick-start profile)";
    let expected = [
        change("global", "apple", by, "on"),
        change("global", "microsoft", by, "off"),
        change("global", "google", by, "off"),
        change("global", "webpush", by, "off"),
    ];
    assert_eq!(rehearsed, expected);
    assert_eq!(changes(&world, &set[..4]), expected);
    assert!(changes(&world, &set[..4]).is_empty(), "it is so already");

    let served = world.serve(&[]);
    let shown = lines(&world, &["push-config", "get"]);
    assert_eq!(shown[0]["in_force"], true);
    assert_eq!(shown[0]["google"], false);
    stop(served);
}

#[test]
fn a_change_counts_at_once_and_stays() {
    let world = World::new();
    let served = world.serve(&["--site", "paris"]);
    let site = [
        "push-config",
        "set",
        "--google",
        "on",
        "--identity",
        "site:Paris",
    ];
    let made = changes(&world, &site);
    assert_eq!(made[2], change("site:Paris", "google", "-", "on"));
    assert_eq!(made[0], change("site:Paris", "apple", "-", "off"));
    let shown = lines(&world, &["push-config", "get"]);
    let in_force = |shown: &[Value]| {
        let found = shown.iter().find(|one| one["in_force"] == true);
        found.unwrap()["identity"].as_str().unwrap().to_owned()
    };
    assert_eq!(in_force(&shown), "site:Paris");
    assert_eq!(
        lines(&world, &["push-config", "get", "--filter", "site:*"]).len(),
        1
    );
    assert_eq!(
        lines(&world, &["push-config", "get", "--identity", "site:PARIS"]).len(),
        1
    );
    stop(served);

    let served = world.serve(&["--site", "Rome"]);
    assert_eq!(in_force(&lines(&world, &["push-config", "get"])), "global");
    let removed = changes(
        &world,
        &["push-config", "remove", "--identity", "site:Paris"],
    );
    assert_eq!(removed.len(), 4);
    // As the documents have it: the global one goes back to all off, and is stored.
    changes(&world, &["push-config", "remove", "--identity", "global"]);
    let shown = lines(&world, &["push-config", "get"]);
    assert_eq!(
        (&shown[0]["stored"], &shown[0]["apple"]),
        (&json!(true), &json!(false))
    );
    changes(&world, &["push-config", "reset"]);
    let shown = lines(&world, &["push-config", "get"]);
    assert_eq!(
        (&shown[0]["stored"], &shown[0]["apple"]),
        (&json!(false), &json!(true))
    );
    stop(served);
}

#[test]
fn services_without_a_disk_keep_it_until_they_end() {
    let world = World::new();
    let served = world.serve(&["--ephemeral"]);
    let ended = world
        .run(&["push-config", "set", "--apple", "on"])
        .with_code(0);
    for part in [
        "a stored configuration starts with every service off",
        "--ephemeral",
    ] {
        assert!(ended.out.contains(part), "{}", ended.out);
    }
    assert_eq!(lines(&world, &["push-config", "get"])[0]["stored"], true);
    stop(served);
    let ended = world.run(&["push-config", "get"]).with_code(0);
    assert!(ended.out.contains("quick-start profile"), "{}", ended.out);
    assert!(
        ended.out.contains("no `handset serve` runs"),
        "{}",
        ended.out
    );
}

#[test]
fn help_says_what_becomes_of_services_that_are_not_named() {
    let world = World::new();
    // The warning of the help is true, and so is its way out.
    let alone = ["push-config", "set", "--google", "off", "--what-if"];
    let ended = world.run(&alone).with_code(0);
    let all_off = "apple, microsoft, google, webpush in global";
    assert!(ended.out.contains(all_off), "{}", ended.out);
    let help = world
        .run(&["push-config", "set", "--help"])
        .with_code(0)
        .out;
    let words: Vec<&str> = help.split_whitespace().collect();
    let said = words.join(" ");
    assert!(
        said.contains("starts with every service off that is not named"),
        "{said}"
    );
    assert!(!help.contains("push-config set --google off\n"), "{help}");
}

#[test]
fn another_data_folder_is_named() {
    let world = World::new();
    let data = world.folder().join("elsewhere");
    let data = data.to_str().unwrap();
    let served = world.serve(&[]);
    // The running services have another folder, and are not concerned.
    changes(
        &world,
        &["push-config", "set", "--apple", "on", "--data", data],
    );
    assert_eq!(lines(&world, &["push-config", "get"])[0]["stored"], false);
    let there = lines(&world, &["push-config", "--data", data, "get"]);
    assert_eq!(
        (&there[0]["stored"], &there[0]["in_force"]),
        (&json!(true), &Value::Null)
    );
    stop(served);
    let served = world.serve(&["--data", data]);
    for arguments in [
        &["push-config", "get"][..],
        &["push-config", "get", "--data", data],
    ] {
        assert_eq!(lines(&world, arguments)[0]["in_force"], true);
    }
    stop(served);
}

#[test]
fn what_makes_no_sense_is_wrong_usage() {
    let world = World::new();
    for wrong in [
        &["push-config"][..],
        &["push-config", "set"],
        &["push-config", "set", "--apple"],
        &["push-config", "set", "--apple", "yes"],
        &["push-config", "set", "--identity", "global"],
        &[
            "push-config",
            "set",
            "--apple",
            "on",
            "--identity",
            "site:*",
        ],
        &["push-config", "set", "--apple", "on", "--identity", "tag:x"],
        &[
            "push-config",
            "get",
            "--identity",
            "global",
            "--filter",
            "*",
        ],
        &["push-config", "get", "--filter", ""],
        &["push-config", "remove"],
    ] {
        let ended = world.run(wrong).with_code(2);
        assert!(
            ended.err.contains("--help") || ended.err.contains("Usage"),
            "{}",
            ended.err
        );
    }
    let unknown = ["push-config", "get", "--identity", "site:Paris"];
    let ended = world.run(&unknown).with_code(1);
    assert!(
        ended.only_error().contains("set --identity site:Paris"),
        "{}",
        ended.err
    );
    let unknown = ["push-config", "remove", "--identity", "site:Paris"];
    let ended = world.run(&unknown).with_code(1);
    assert!(
        ended.only_error().contains("push-config get"),
        "{}",
        ended.err
    );
}
