//! `handset doctor`: what is missing, and what to do about it.

use std::net::TcpListener;

use serde_json::Value;

use crate::world::World;

/// Nobody's push service: its port was free a moment ago.
fn nowhere() -> String {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap();
    format!("ws://{}", closed.local_addr().unwrap())
}

#[test]
fn each_missing_thing_is_named_with_its_remedy() {
    let ended = World::new()
        .run(&["doctor", "--push", &nowhere()])
        .with_code(1);
    for (check, remedy) in [
        ("failed   keyring", "--vault file"),
        ("warning  notification daemon", "--toast terminal"),
        (
            "warning  backend",
            "handset login --backend URL --user NAME",
        ),
        ("failed   push channel", "handset serve"),
        ("ok       clock", ""),
    ] {
        let lines = ended
            .out
            .lines()
            .skip_while(|line| !line.starts_with(check));
        let mut about = lines.take(1).collect::<Vec<_>>();
        assert!(!about.is_empty(), "{check:?} is missing:\n{}", ended.out);
        about.extend(
            ended
                .out
                .lines()
                .skip_while(|line| !line.starts_with(check))
                .skip(1)
                .take_while(|line| line.starts_with(' ')),
        );
        assert!(
            about.join("\n").contains(remedy),
            "{check} lacks {remedy:?}:\n{}",
            ended.out
        );
    }
    assert!(!ended.out.contains("Error"), "{}", ended.out);
}

#[test]
fn programs_read_the_findings() {
    let world = World::new();
    let report = world
        .run(&["doctor", "--json", "--push", &nowhere()])
        .with_code(1)
        .json();
    assert_eq!(report["ok"], false);
    let verdicts: Vec<(&str, &str)> = findings(&report);
    assert_eq!(
        verdicts,
        [
            ("keyring", "failed"),
            ("notification daemon", "warning"),
            ("backend", "warning"),
            ("push channel", "failed"),
            ("clock", "ok"),
        ]
    );

    let served = world.serve(&["--ephemeral"]);
    world.login("phone", "alice", &served.backend);
    let _phone = world.phone("phone");
    let report = world.run(&["doctor", "--json"]).with_code(0).json();
    assert_eq!(report["ok"], true);
    let bad: Vec<_> = findings(&report)
        .into_iter()
        .filter(|(_, verdict)| *verdict != "ok")
        .collect();
    assert_eq!(bad, [("notification daemon", "warning")]);
}

fn findings(report: &Value) -> Vec<(&str, &str)> {
    let of = |finding: &'_ Value, field: &str| finding[field].as_str().map(str::to_owned);
    let all = report["findings"].as_array().unwrap();
    for finding in all {
        assert!(of(finding, "finding").is_some(), "{finding}");
    }
    all.iter()
        .map(|finding| {
            let text = |field: &str| finding[field].as_str().unwrap();
            (text("check"), text("verdict"))
        })
        .collect()
}
