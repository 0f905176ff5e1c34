//! What the user does with toasts and the badge: beside a phone that is on, and without one.

use serde_json::json;

use crate::child::Running;
use crate::wns::post_toast;
use crate::world::{World, eventually};

const LUNCH: &str = r#"<toast launch="open=lunch"><visual><binding template="ToastGeneric">
  <text>Canteen</text><text>Lunch at noon?</text><image src="ms-appx:///soup.png" alt="soup"/>
</binding></visual><actions>
  <action content="Yes" arguments="answer=yes"/><action content="No" arguments="answer=no"/>
</actions></toast>"#;

/// The number of the only toast with this text.
#[track_caller]
fn number(world: &World, body: &str) -> String {
    let mut found = None;
    eventually("the toast is kept", || {
        let listed = world.run(&["--json", "toasts"]).with_code(0).json_lines();
        found = listed.into_iter().find(|toast| toast["body"] == body);
        found.is_some()
    });
    found.unwrap()["id"].to_string()
}

#[test]
fn toasts_beside_a_running_phone() {
    let world = World::new();
    let served = world.serve(&["--ephemeral"]);
    world.login("phone", "alice", &served.backend);
    let mut phone = world.phone("phone");
    let none = world.run(&["toasts"]).with_code(0);
    assert_eq!(none.out, "no toast is in the action centre\n");

    post_toast(&world, &served, "phone", LUNCH, "lunch");
    phone.event("toast.shown");
    let id = number(&world, "Lunch at noon?");
    let listed = world.run(&["toasts"]).with_code(0);
    for text in [
        "Canteen: Lunch at noon?",
        "tag lunch",
        "image",
        "[Yes] [No]",
    ] {
        assert!(listed.out.contains(text), "{text} is missing: {listed:#?}");
    }
    let all = world.run(&["--json", "toasts"]).with_code(0).json();
    assert_eq!(all["tag"], "lunch");
    assert_eq!(all["launch"], "open=lunch");
    assert_eq!(all["actions"][1]["arguments"], "answer=no");

    let refused = world
        .run(&["tap", &id, "--action", "maybe\u{1b}[2J"])
        .with_code(2);
    let said = refused.only_error();
    assert!(
        said.contains("it has Yes, No") && !said.contains('\u{1b}'),
        "{said}"
    );
    let tapped = world.run(&["--json", "tap", &id, "--action", "answer=no"]);
    let tapped = tapped.with_code(0).json();
    assert_eq!(tapped["launch"], "answer=no");
    let event = phone.event("toast.tapped");
    assert_eq!(event["launch"], "answer=no");
    let again = world.run(&["tap", &id]).with_code(2);
    assert!(again.only_error().contains("handset toasts"), "{again:#?}");

    assert_eq!(
        world.send("phone", "alice", "Your code is 4711"),
        "received"
    );
    phone.event("toast.shown");
    let id = number(&world, "Your code is 4711");
    let tapped = world.run(&["tap", &id]).with_code(0);
    assert!(tapped.out.contains("counts as read"), "{tapped:#?}");
    assert!(phone.event("toast.tapped")["notification"].is_string());

    post_toast(&world, &served, "phone", LUNCH, "lunch");
    phone.event("toast.shown");
    let id = number(&world, "Lunch at noon?");
    let swept = world.run(&["--json", "dismiss", &id]).with_code(0).json();
    assert_eq!(swept["body"], "Lunch at noon?");
    phone.event("toast.dismissed");

    post_toast(&world, &served, "phone", LUNCH, "lunch");
    phone.event("toast.shown");
    number(&world, "Lunch at noon?");
    let cleared = world.run(&["--json", "clear"]).with_code(0).json();
    assert_eq!(cleared, json!({"cleared": 1}));
    assert_eq!(phone.event("toast.removed")["reason"], "cleared");
    let empty = world.run(&["clear"]).with_code(0);
    assert!(empty.out.contains("empty already"), "{empty:#?}");
}

#[test]
fn toasts_of_a_phone_that_is_off() {
    let world = World::new();
    let served = world.serve(&["--ephemeral"]);
    world.login("phone", "alice", &served.backend);
    let mut phone = world.phone("phone");
    for tag in ["one", "two", "three"] {
        post_toast(&world, &served, "phone", LUNCH, tag);
        phone.event("toast.shown");
    }
    phone.signal(rustix::process::Signal::TERM);
    phone.ended().with_code(0);
    let listed = world.run(&["--json", "toasts"]).with_code(0).json_lines();
    let ids: Vec<String> = listed.iter().map(|toast| toast["id"].to_string()).collect();
    assert_eq!(ids.len(), 3, "{listed:?}");

    let tapped = world.run(&["tap", &ids[0]]).with_code(0);
    assert!(
        tapped.out.contains("the app is told: open=lunch"),
        "{tapped:#?}"
    );
    let swept = world.run(&["dismiss", &ids[1]]).with_code(0);
    assert!(swept.out.contains("Lunch at noon?"), "{swept:#?}");
    let gone = world.run(&["dismiss", &ids[1]]).with_code(2);
    assert!(gone.only_error().contains("handset toasts"), "{gone:#?}");
    let cleared = world.run(&["clear"]).with_code(0);
    assert!(cleared.out.contains("1 toast stood there"), "{cleared:#?}");
}

#[test]
fn the_badge_stays_where_it_was_put() {
    let world = World::new();
    let served = world.serve(&["--ephemeral"]);
    let badge = |arguments: &[&str]| {
        let all = [&["--json", "badge"], arguments].concat();
        world.run(&all).with_code(0).json()
    };
    assert_eq!(badge(&[]), json!({"badge": "none", "shown": null}));
    assert_eq!(badge(&["100"]), json!({"badge": "100", "shown": "99+"}));
    let said = world.run(&["badge"]).with_code(0);
    assert_eq!(said.out, "100, shown as 99+\n");

    world.login("phone", "alice", &served.backend);
    let mut phone = world.phone("phone");
    assert_eq!(badge(&["NEWMESSAGE"])["badge"], "newMessage");
    assert_eq!(phone.event("badge.changed")["badge"], "newMessage");
    assert_eq!(world.status("phone")["badge"], "newMessage");
    assert!(
        world
            .run(&["status"])
            .with_code(0)
            .out
            .contains("newMessage")
    );
    let listed = world.run(&["toasts"]).with_code(0);
    assert!(listed.out.contains("the badge on the icon is newMessage"));
    assert_eq!(badge(&["none"]), json!({"badge": "none", "shown": null}));
}

#[test]
fn junk_is_wrong_usage_and_changes_nothing() {
    let world = World::new();
    let huge = "9".repeat(40);
    for arguments in [
        &["tap"][..],
        &["tap", "0"],
        &["tap", "-1"],
        &["tap", "--", "-1"],
        &["tap", &huge],
        &["tap", "seven"],
        &["tap", "1.5"],
        &["dismiss", "0"],
        &["dismiss", &huge],
        &["dismiss", ""],
        &["clear", "7"],
        &["badge", "smile"],
        &["badge", "-3"],
        &["badge", "1.5"],
        &["badge", ""],
        &["badge", "7", "8"],
        &["badge", "\u{202e}7"],
    ] {
        let refused = world.run(arguments).with_code(2);
        assert!(!refused.error().is_empty());
    }
    assert!(!world.home().exists(), "nothing was opened for junk");
    let largest = i64::MAX.to_string();
    for command in ["tap", "dismiss"] {
        for id in ["7", &largest] {
            let refused = world.run(&[command, id]).with_code(2);
            let said = refused.only_error();
            assert!(
                said.contains(id) && said.contains("handset toasts"),
                "{said}"
            );
            let refused = world.run(&["--json", command, id]).with_code(2).json();
            assert_eq!(
                (&refused["ok"], &refused["error"]["exit"]),
                (&json!(false), &json!(2))
            );
        }
    }
}

/// A phone that lacks its token and has a push waiting, and the number of the toast that says so.
fn asking(world: &World, backend: &str) -> (Running, String) {
    world.login("phone", "alice", backend);
    world.login("sender", "bob", backend);
    world.phone("phone").killed();
    // The demo rule's password is never revoked: the token is lost instead.
    std::fs::remove_file(world.device("phone").join("vault.json")).unwrap();
    let mut phone = world.start(&["run", "--json", "--toast", "none"]);
    phone.event("channel.opened");
    eventually("the push is taken", || {
        world.send("sender", "alice", "Late") == "received"
    });
    phone.event("toast.shown");
    let id = number(world, "Sign in as alice to see a new notification");
    (phone, id)
}

#[test]
fn the_toast_that_asks_to_sign_in_names_the_command_where_nobody_can_be_asked() {
    let world = World::new();
    let served = world.serve(&[]);
    let (mut phone, id) = asking(&world, &served.backend);
    let listed = world.run(&["toasts"]).with_code(0);
    assert!(listed.out.contains("tap it to sign in"), "{listed:#?}");
    let tapped = world.run(&["tap", &id]).with_code(4);
    let command = format!("handset login --backend {} --user alice", served.backend);
    assert!(tapped.only_error().contains(&command), "{tapped:#?}");
    assert_eq!(phone.event("toast.tapped")["launch"], "sign-in");
    world.login("phone", "alice", &served.backend);
    assert_eq!(phone.event("toast.shown")["toast"]["body"], "Late");
}

#[test]
fn the_toast_that_asks_to_sign_in_opens_it_at_a_terminal() {
    let world = World::new();
    let is_here = world.program("script").arg("--version").output().is_ok();
    if !is_here {
        // Nothing else of a bare machine gives a process a terminal of its own.
        return;
    }
    let served = world.serve(&[]);
    let (mut phone, id) = asking(&world, &served.backend);
    let tap = format!("{} tap {id}", crate::world::HANDSET);
    let mut terminal = world.program("script");
    terminal.args(["-qec", &tap, "/dev/null"]);
    let mut terminal = Running::start(&mut terminal);
    terminal.line_with("to see it");
    terminal.type_in(b"alice\n");
    assert_eq!(phone.event("toast.shown")["toast"]["body"], "Late");
    let ended = terminal.ended().with_code(0);
    let said = |text: &str| ended.out.find(text).unwrap_or_else(|| panic!("{ended:#?}"));
    assert!(said("to see it") < said("Password of alice:"), "{ended:#?}");
    assert!(
        said("Password of alice:") < said("signed in at"),
        "{ended:#?}"
    );
    assert_eq!(world.status("phone")["signed_in"], true);
}
