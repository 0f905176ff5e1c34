//! The history of background tasks: beside a phone that is on, and without one.

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::world::{World, eventually};

#[track_caller]
fn listed(world: &World, more: &[&str]) -> Vec<Value> {
    let all = [&["--json", "tasks"], more].concat();
    world.run(&all).with_code(0).json_lines()
}

#[test]
fn the_history_beside_a_running_phone_and_after_it() {
    let world = World::new();
    let served = world.serve(&["--ephemeral"]);
    let none = world.run(&["tasks"]).with_code(0);
    assert_eq!(none.out, "no background task has run yet\n");
    world.login("phone", "alice", &served.backend);
    let mut phone = world.phone("phone");
    for text in ["one", "two", "three"] {
        assert_eq!(world.send("phone", "alice", text), "received");
        phone.event("task.completed");
    }
    eventually("the last one has ended", || {
        listed(&world, &[])[0]["result"] == "completed"
    });
    let all = listed(&world, &[]);
    assert_eq!(all.len(), 3, "{all:?}");
    assert_eq!(listed(&world, &["--limit", "2"]), all[..2]);
    let newest = &all[0];
    assert_eq!(newest["trigger"], "raw_push");
    assert_eq!(newest["outcome"], "shown");

    let text = world.run(&["tasks"]).with_code(0).out;
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 4, "{text}");
    let column = lines[0].find("result").unwrap();
    for line in &lines[1..] {
        assert!(line[column..].starts_with("completed"), "{text}");
        assert!(
            line.ends_with("shown") && line.contains("raw_push"),
            "{text}"
        );
    }

    let id = newest["id"].to_string();
    let shown = world.run(&["--json", "tasks", "show", &id]).with_code(0);
    assert_eq!(shown.json(), *newest);
    let shown = world.run(&["tasks", "show", &id]).with_code(0).out;
    for field in [
        "message",
        "progress",
        "suspended",
        "throttled",
        "error",
        "completed",
    ] {
        assert!(shown.contains(field), "{field} is missing:\n{shown}");
    }
    assert!(
        shown.contains(newest["message"].as_str().unwrap()),
        "{shown}"
    );

    phone.signal(rustix::process::Signal::TERM);
    phone.ended().with_code(0);
    assert_eq!(listed(&world, &[]), all);
    world.run(&["tasks", "show", &id]).with_code(0);
}

#[test]
fn a_task_that_is_canceled_or_over_its_budget_is_told_apart_and_tried_again() {
    let world = World::new();
    let served = world.serve(&["--ephemeral"]);
    world.login("phone", "alice", &served.backend);
    let run = ["run", "--json", "--toast", "none", "--task-budget", "1s"];
    let mut phone = world.start(&run);
    phone.event("phone.ready");
    let set = |condition: &str| {
        world.run(&["condition", "set", condition]).with_code(0);
    };
    // It comes while the services still answer, and is fetched when they do not.
    set("quiet_hours=on");
    assert_eq!(world.send("phone", "alice", "Late"), "received");
    phone.event("push.held");
    served.running.signal(Signal::STOP);
    set("quiet_hours=off");
    phone.event("task.started");
    set("quiet_hours=on");
    let canceled = phone.event("task.canceled");
    assert_eq!(canceled["reason"], "QuietHoursEntered");
    set("quiet_hours=off");
    let canceled = phone.event("task.canceled");
    assert_eq!(canceled["reason"], "ExecutionTimeExceeded");
    served.running.signal(Signal::CONT);
    phone.event("toast.shown");
    let results = || {
        let all = listed(&world, &[]);
        let told = |one: &Value| [one["result"].clone(), one["reason"].clone()];
        all.iter().map(told).collect::<Vec<_>>()
    };
    eventually("the last one has ended", || {
        results()[0] == [json!("completed"), Value::Null]
    });
    let results = results();
    for reason in ["QuietHoursEntered", "ExecutionTimeExceeded"] {
        let canceled = [json!("canceled"), json!(reason)];
        assert!(results.contains(&canceled), "{results:?}");
    }
}

#[test]
fn junk_is_wrong_usage_and_an_unknown_number_says_where_to_look() {
    let world = World::new();
    let huge = "9".repeat(40);
    for arguments in [
        &["tasks", "--limit", "0"][..],
        &["tasks", "--limit", "-1"],
        &["tasks", "--limit", "1001"],
        &["tasks", "--limit", &huge],
        &["tasks", "--limit", "many"],
        &["tasks", "7"],
        &["tasks", "show"],
        &["tasks", "show", "0"],
        &["tasks", "show", "-1"],
        &["tasks", "show", &huge],
        &["tasks", "--limit", "3", "show", "1"],
        &["condition", "table", "--platform", "symbian"],
    ] {
        world.run(arguments).with_code(2).error();
    }
    assert!(!world.home().exists(), "nothing was opened for junk");
    let served = world.serve(&["--ephemeral"]);
    world.login("phone", "alice", &served.backend);
    let off = |world: &World| {
        for id in ["7", &u64::MAX.to_string(), &i64::MAX.to_string()] {
            let refused = world.run(&["tasks", "show", id]).with_code(2);
            let said = refused.only_error();
            assert!(
                said.contains(id) && said.contains("`handset tasks`"),
                "{said}"
            );
            let refused = world
                .run(&["--json", "tasks", "show", id])
                .with_code(2)
                .json();
            assert_eq!(
                (&refused["ok"], &refused["error"]["exit"]),
                (&json!(false), &json!(2))
            );
        }
    };
    off(&world);
    let _phone = world.phone("phone");
    off(&world);
}

#[test]
fn status_tells_what_is_not_as_usual() {
    let world = World::new();
    let status = || world.run(&["status"]).with_code(0).out;
    assert!(status().contains("phone, off"), "{}", status());
    assert!(status().contains("as usual"), "{}", status());
    world
        .run(&["condition", "set", "screen=locked", "app=force_quit"])
        .with_code(0);
    assert!(
        status().contains("app=force_quit screen=locked"),
        "{}",
        status()
    );
    let served = world.serve(&["--ephemeral"]);
    world.login("phone", "alice", &served.backend);
    let _phone = world.phone("phone");
    assert!(
        status().contains("phone, on, the app ended by the user"),
        "{}",
        status()
    );
    world.run(&["condition", "reset"]).with_code(0);
    assert!(
        status().contains("the app in the background"),
        "{}",
        status()
    );

    world
        .run(&["condition", "set", "battery_saver=on"])
        .with_code(0);
    assert_eq!(world.send("phone", "alice", "Later"), "received");
    eventually("the push waits", || {
        status().contains("1 waiting, 1 of them held")
    });
}

#[test]
fn people_are_told_why_a_push_waits_and_a_toast_is_not_drawn() {
    let world = World::new();
    let served = world.serve(&["--ephemeral"]);
    world.login("phone", "alice", &served.backend);
    let mut phone = world.start(&["run", "--toast", "none"]);
    phone.line_with("the phone is ready");
    world
        .run(&["condition", "set", "battery_saver=on", "dnd=on"])
        .with_code(0);
    assert_eq!(world.send("phone", "alice", "Later"), "received");
    phone.line_with("battery saver is on; `handset condition set battery_saver=off` lets it go");
    world
        .run(&["condition", "set", "battery_saver=off"])
        .with_code(0);
    phone.line_with("a push that waited is taken up");
    phone.line_with("action centre alone: do not disturb is on");
}

#[test]
fn the_table_of_conditions_is_of_the_platforms_that_are_named() {
    let world = World::new();
    let arguments = ["--json", "condition", "table", "--platform", "fcm"];
    let table = world.run(&arguments).with_code(0);
    assert_eq!(table.err, "", "progress is for a terminal");
    let rows = table.json_lines();
    assert!(rows.len() > 10 && rows.iter().all(|row| row["platform"] == "fcm"));
    let row = |condition: &str| {
        rows.iter()
            .find(|row| row["condition"] == condition)
            .unwrap()
    };
    let doze = &row("doze=on")["pushes"];
    assert_eq!(doze[0]["priority"], "normal");
    assert!(
        doze[0]["under"].as_str().unwrap().starts_with("held"),
        "{doze}"
    );
    assert_eq!(
        (&doze[0]["after"], &doze[2]["under"]),
        (&json!("shown"), &json!("shown"))
    );
    assert_eq!(
        row("app=force_quit")["pushes"][2]["after"],
        "dropped: force_stopped"
    );
}
