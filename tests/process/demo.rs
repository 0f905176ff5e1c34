//! The first minute of a new user: `handset demo` on a bare machine.

use std::os::unix::net::UnixListener;
use std::time::Duration;

use rustix::process::Signal;

use crate::world::World;

#[test]
fn the_toast_is_drawn_in_the_terminal() {
    let world = World::new();
    let ended = world
        .run(&["demo", "--message", "Meeting at 3"])
        .with_code(0);
    for said in [
        "there is no keyring: the token will be in memory",
        "there is no notification daemon: toasts are drawn in the terminal",
        "toast: handset\n  Meeting at 3",
        "the toast carried the payload",
    ] {
        assert!(ended.out.contains(said), "{said:?} is missing: {ended:#?}");
    }
    assert_eq!(ended.err, "");
    assert_eq!(world.left_in_tmp(), Vec::<String>::new());
}

#[test]
fn programs_read_events_to_the_last_line() {
    for platform in ["wns", "apns", "fcm", "webpush"] {
        let world = World::new();
        let arguments = ["demo", "--json", "--platform", platform, "--user", "bob"];
        let events = world.run(&arguments).with_code(0).json_lines();
        for event in &events {
            let ts = event["ts"].as_str().unwrap();
            assert!(ts.ends_with('Z') && ts.len() == 24, "{event}");
            assert!(event["event"].is_string(), "{event}");
        }
        let of = |name: &str| events.iter().find(|event| event["event"] == name).unwrap();
        assert_eq!(of("toast.shown")["toast"]["body"], "Your code is 4711");
        assert_eq!(of("phone.ready")["platform"], platform);
        let last = events.last().unwrap();
        assert_eq!(last["event"], "demo.finished");
        assert_eq!(last["ok"], true);
        assert!(last["elapsed_ms"].is_u64(), "{last}");
    }
}

/// A bus that accepts and never answers holds the demo in its middle for seconds.
fn with_a_dead_bus(world: World) -> (World, UnixListener) {
    let socket = world.folder().join("bus");
    let listener = UnixListener::bind(&socket).unwrap();
    let address = format!("unix:path={}", socket.display());
    (world.with("DBUS_SESSION_BUS_ADDRESS", &address), listener)
}

#[test]
fn an_interrupt_leaves_nothing_behind() {
    for (event, dead_bus) in [("services.ready", true), ("session.signed_in", false)] {
        let mut world = World::new();
        let mut bus = None;
        if dead_bus {
            let (with_bus, listener) = with_a_dead_bus(world);
            world = with_bus;
            bus = Some(listener);
        }
        let mut demo = world.start(&["demo", "--json"]);
        demo.event(event);
        demo.signal(Signal::INT);
        let ended = demo.ended_within(Duration::from_secs(2)).with_code(130);
        let last = ended.json_lines().pop().unwrap();
        assert_eq!(
            (last["event"].as_str(), last["ok"].as_bool()),
            (Some("demo.finished"), Some(false))
        );
        assert_eq!(world.left_in_tmp(), Vec::<String>::new(), "after {event}");
        drop(bus);
    }
}

#[test]
fn a_bus_that_hangs_costs_seconds_and_not_the_demo() {
    let (world, _bus) = with_a_dead_bus(World::new());
    let ended = world.run(&["demo"]).with_code(0);
    assert!(ended.out.contains("there is no keyring"), "{ended:#?}");
    assert!(
        ended.out.contains("the toast carried the payload"),
        "{ended:#?}"
    );
}

#[test]
fn a_platform_that_is_none_is_refused_with_the_choice() {
    let ended = World::new()
        .run(&["demo", "--platform", "pager"])
        .with_code(2);
    assert!(
        ended.error().contains("none of wns, apns, fcm and webpush"),
        "{ended:#?}"
    );
}
