//! One owner: who runs the device, and how others reach it.

use serde_json::Value;

use crate::world::World;

#[test]
fn the_second_phone_learns_who_is_the_first() {
    let world = World::new();
    let served = world.serve(&["--ephemeral"]);
    world.login("phone", "alice", &served.backend);
    let phone = world.phone("phone");
    let second = world.run(&["run", "--toast", "none"]).with_code(1);
    let said = second.only_error();
    assert!(said.contains(&format!("process {}", phone.pid())), "{said}");
    assert!(said.contains("--device"), "{said}");

    // Another device is another matter.
    world.login("tablet", "alice", &served.backend);
    let _tablet = world.phone("tablet");
}

#[test]
fn a_sign_in_beside_a_running_phone_goes_through_it() {
    let world = World::new();
    let served = world.serve(&["--ephemeral"]);
    world.login("phone", "alice", &served.backend);
    let mut phone = world.phone("phone");
    let signed_in = world.login("phone", "bob", &served.backend);
    assert_eq!(signed_in["user"], "bob");
    assert_eq!(phone.event("session.signed_in")["user"], "bob");
    let updated = phone.event("registration.updated");
    assert_eq!(updated["user"], "bob");

    let wrong = [
        "login",
        "--vault",
        "file",
        "--backend",
        &served.backend,
        "--user",
        "eve",
        "--password-stdin",
    ];
    let refused = world.run_with(&wrong, b"nonsense").with_code(4);
    assert!(
        refused.only_error().contains("eve could not sign in"),
        "{refused:#?}"
    );
    assert_eq!(world.status("phone")["user"], "bob");
}

#[test]
fn the_control_file_is_private_and_says_who_runs() {
    use std::os::unix::fs::PermissionsExt as _;

    let world = World::new();
    let served = world.serve(&["--ephemeral"]);
    world.login("phone", "alice", &served.backend);
    let phone = world.phone("phone");
    // Who reads the ready line finds the file.
    let path = world.device("phone").join("control.json");
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let file: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    assert_eq!(file["pid"], phone.pid());
}

#[test]
fn a_phone_waits_for_a_command_that_holds_the_device() {
    let world = World::new();
    let served = world.serve(&["--ephemeral"]);
    world.login("phone", "alice", &served.backend);
    // A short command is nobody's phone: whoever holds the lock without a control API lets go soon.
    let lock = std::fs::File::open(world.device("phone").join("lock")).unwrap();
    lock.lock().unwrap();
    let mut phone = world.start(&["run", "--json", "--toast", "none"]);
    // It has asked for the lock long since when two whole commands are over.
    for device in ["one", "two"] {
        world.status(device);
    }
    assert!(phone.is_running());
    lock.unlock().unwrap();
    phone.event("phone.ready");
}
