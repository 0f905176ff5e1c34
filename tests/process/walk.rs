//! The walk of the README: serve, login, register, run, send, look, log out.

use rustix::process::Signal;
use serde_json::Value;

use crate::world::{World, eventually};

#[test]
fn the_walk_beside_a_running_phone() {
    let world = World::new();
    let served = world.serve(&[]);
    let signed_in = world.login("phone", "alice", &served.backend);
    assert_eq!(signed_in["user"], "alice");
    assert_eq!(signed_in["vault"], "file");

    let mut phone = world.phone("phone");
    let registered = world
        .run(&["--json", "register", "--tag", "news", "--tag", "sports"])
        .with_code(0)
        .json();
    assert_eq!(registered["tags"], serde_json::json!(["news", "sports"]));

    assert_eq!(
        world.send("phone", "alice", "Your code is 4711"),
        "received"
    );
    let shown = phone.event("toast.shown");
    assert_eq!(shown["toast"]["body"], "Your code is 4711");
    assert_eq!(world.toasts("phone"), ["Your code is 4711"]);

    let status = world.status("phone");
    has_the_documented_fields(&status);
    assert_eq!(status["channel"], "open");
    assert_eq!(status["app_state"], "background");
    assert_eq!(status["tags"], registered["tags"]);
    assert_eq!(status["registration_id"], registered["registration_id"]);
    assert_eq!(
        status["inbox"],
        serde_json::json!({"waiting": 0, "awaiting_sign_in": 0})
    );

    world.run(&["unregister"]).with_code(0);
    assert_eq!(world.status("phone")["registration_id"], Value::Null);
    world.run(&["logout"]).with_code(0);
    phone.event("session.signed_out");
    assert_eq!(world.status("phone")["signed_in"], false);
    phone.signal(Signal::TERM);
    phone.ended().with_code(0);
}

#[test]
fn the_walk_without_a_running_phone() {
    let world = World::new();
    let served = world.serve(&["--ephemeral"]);
    world.login("phone", "alice", &served.backend);
    let registered = world.run(&["register", "--tag", "news"]).with_code(0);
    assert!(registered.out.contains("on wns (news)"), "{registered:#?}");

    let status = world.status("phone");
    has_the_documented_fields(&status);
    assert_eq!(
        (status["channel"].as_str(), status["signed_in"].as_bool()),
        (Some("closed"), Some(true))
    );
    assert_eq!(status["app_state"], "not_running");
    assert!(status["registration_id"].is_string(), "{status}");

    // The phone is off, and WNS drops what nobody may keep.
    let sent = world.run(&["send", "Into the void"]).with_code(0);
    assert!(sent.out.contains("dropped"), "{sent:#?}");
    // A script takes the id as it is printed.
    let stored = world.run(&["send", "--no-push", "Stored"]).with_code(0);
    let id = stored.out.trim_end();
    assert!(
        id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()),
        "{stored:#?}"
    );
    assert_eq!(world.toasts("phone"), Vec::<String>::new());

    let out = world.run(&["logout"]).with_code(0);
    assert!(out.out.contains("alice signed out"), "{out:#?}");
    let status = world.status("phone");
    assert_eq!(
        (&status["signed_in"], &status["registration_id"]),
        (&Value::Bool(false), &Value::Null)
    );
    for again in [&["send", "nobody"][..], &["logout"]] {
        let refused = world.run(again).with_code(4);
        assert!(
            refused.only_error().contains("handset login"),
            "{refused:#?}"
        );
    }
}

#[test]
fn who_signs_out_without_the_backend_is_told_what_stays_there() {
    let world = World::new();
    let served = world.serve(&["--ephemeral"]);
    world.login("phone", "alice", &served.backend);
    world.run(&["register"]).with_code(0);
    served.running.killed();
    let out = world.run(&["logout"]).with_code(0);
    assert!(out.out.contains("its registration stays"), "{out:#?}");
    assert_eq!(world.status("phone")["signed_in"], false);
    let out = world.run(&["--json", "logout"]).with_code(0).json();
    assert_eq!(out["registered"], true);
}

#[test]
fn a_push_waits_for_the_sign_in_and_is_shown_after_it() {
    let world = World::new();
    let served = world.serve(&["--token-ttl", "1h"]);
    world.login("phone", "alice", &served.backend);
    world.login("sender", "bob", &served.backend);
    world.phone("phone").killed();
    // The demo rule's password is never revoked: the token is lost instead.
    std::fs::remove_file(world.device("phone").join("vault.json")).unwrap();
    let mut phone = world.start(&["run", "--json", "--toast", "none"]);
    phone.event("channel.opened");
    eventually("the push is taken", || {
        world.send("sender", "alice", "Late") == "received"
    });
    phone.event("session.required");
    let asks = phone.event("toast.shown");
    assert_ne!(asks["toast"]["body"], "Late");
    world.login("phone", "alice", &served.backend);
    let shown = phone.event("toast.shown");
    assert_eq!(shown["toast"]["body"], "Late");
}

#[test]
fn a_shell_takes_what_env_prints() {
    let world = World::new();
    let without = world.run(&["env"]).with_code(5);
    assert!(
        without.only_error().contains("handset serve"),
        "{without:#?}"
    );

    let served = world.serve(&["--ephemeral"]);
    let mut shell = world.program("sh");
    shell.args(["-c", "eval \"$($0 env)\" && printf %s \"$HANDSET_HTTP\""]);
    shell.arg(crate::world::HANDSET);
    let evaluated = crate::child::Running::start(&mut shell)
        .ended()
        .with_code(0);
    assert_eq!(
        evaluated.out.trim_end().trim_end_matches('/'),
        served.backend
    );
    let object = world.run(&["env", "--json"]).with_code(0).json();
    assert_eq!(
        object["HANDSET_HTTP"]
            .as_str()
            .unwrap()
            .trim_end_matches('/'),
        served.backend
    );

    served.running.killed();
    // The file is left, the service is not.
    world.run(&["env"]).with_code(5);
}

/// The object that other programs read, as it is documented.
fn has_the_documented_fields(status: &Value) {
    for field in [
        "device",
        "user",
        "signed_in",
        "platform",
        "handle",
        "subscription",
        "registration_id",
        "tags",
        "channel",
        "app_state",
        "conditions",
        "badge",
        "inbox",
    ] {
        assert!(
            status.get(field).is_some(),
            "{field} is missing in {status}"
        );
    }
    for count in ["waiting", "awaiting_sign_in"] {
        assert!(status["inbox"][count].is_u64(), "{status}");
    }
}

#[test]
fn a_web_push_phone_says_what_its_senders_need() {
    let world = World::new();
    let served = world.serve(&["--ephemeral"]);
    world.login("phone", "alice", &served.backend);
    let _phone = world.phone("phone");
    world
        .run(&["register", "--platform", "webpush"])
        .with_code(0);
    let status = world.status("phone");
    assert_eq!(status["platform"], "webpush");
    let subscription = &status["subscription"];
    assert_eq!(subscription["endpoint"], status["handle"]);
    for key in ["p256dh", "auth"] {
        assert!(subscription["keys"][key].is_string(), "{status}");
    }
}
