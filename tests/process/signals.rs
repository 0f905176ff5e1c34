//! Ending in order, and what a process leaves when it could not.

use std::time::Duration;

use rustix::process::Signal;

use crate::world::World;

/// How long an orderly end may take.
const SOON: Duration = Duration::from_secs(2);

#[test]
fn a_termination_is_done_and_an_interrupt_is_130() {
    let world = World::new();
    for (signal, code) in [(Signal::TERM, 0), (Signal::INT, 130)] {
        let served = world.serve(&[]);
        world.login("phone", "alice", &served.backend);
        let phone = world.phone("phone");
        let control = world.device("phone").join("control.json");
        assert!(control.exists() && world.home().join("serve.json").exists());

        phone.signal(signal);
        phone.ended_within(SOON).with_code(code);
        assert!(!control.exists());
        served.running.signal(signal);
        served.running.ended_within(SOON).with_code(code);
        assert!(!world.home().join("serve.json").exists());
    }
}

#[test]
fn services_end_soon_although_a_phone_is_connected() {
    let world = World::new();
    let served = world.serve(&["--ephemeral"]);
    world.login("phone", "alice", &served.backend);
    let mut phone = world.phone("phone");
    served.running.signal(Signal::TERM);
    served.running.ended_within(SOON).with_code(0);
    let closed = phone.event("channel.closed");
    assert!(closed["retry_in_ms"].is_u64(), "{closed}");
    phone.signal(Signal::TERM);
    phone.ended_within(SOON).with_code(0);
}

#[test]
fn what_a_kill_leaves_does_no_harm() {
    let world = World::new();
    let served = world.serve(&["--ephemeral"]);
    world.login("phone", "alice", &served.backend);
    world.phone("phone").killed();
    let control = world.device("phone").join("control.json");
    assert!(control.exists());
    assert_eq!(world.status("phone")["app_state"], "not_running");
    let phone = world.phone("phone");
    assert_eq!(world.status("phone")["app_state"], "background");
    phone.signal(Signal::TERM);
    phone.ended().with_code(0);

    for junk in [
        "",
        "{}",
        "junk",
        r#"{"address":"192.0.2.1:80","token":"t","pid":1}"#,
    ] {
        std::fs::write(&control, junk).unwrap();
        assert_eq!(
            world.status("phone")["app_state"],
            "not_running",
            "with {junk:?}"
        );
    }
}

#[test]
fn people_are_told_once_why_the_channel_is_closed_and_when_it_is_open_again() {
    let world = World::new();
    let address = crate::world::quiet_address();
    let flags = ["--ephemeral", "--http", &address];
    let served = world.serve(&flags);
    world.login("phone", "alice", &served.backend);
    let mut phone = world.start(&["run", "--toast", "none"]);
    phone.line_with("the phone is ready as alice on wns");
    served.running.killed();
    phone.line_with("the channel is closed: ");
    phone.line_with("refused the connection");
    let _served = world.serve(&flags);
    phone.line_with("the channel is open again");
    phone.signal(Signal::INT);
    let ended = phone.ended_within(SOON).with_code(130);
    assert_eq!(
        ended.out.matches("refused the connection").count(),
        1,
        "{ended:#?}"
    );
    assert!(!ended.out.contains("closed by the device"), "{ended:#?}");
}
