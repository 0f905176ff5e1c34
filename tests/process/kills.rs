//! `kill -9` loses nothing: what the push service answered *received* is shown.

use rustix::process::Signal;

use crate::world::{World, eventually, quiet_address};

/// How many pushes are sent around each kill.
const PUSHES: usize = 20;

/// The moments of the kills: after the n-th event of this name.
const MOMENTS: [(&str, usize); 5] = [
    ("push.received", 3),
    ("task.started", 5),
    ("payload.fetched", 7),
    ("toast.shown", 9),
    ("task.completed", 2),
];

#[test]
fn a_phone_that_is_killed_shows_everything_it_was_sent() {
    let world = World::new();
    let served = world.serve(&["--ephemeral"]);
    world.login("phone", "alice", &served.backend);
    world.login("sender", "bob", &served.backend);
    let mut received = Vec::new();
    for (round, (event, count)) in MOMENTS.into_iter().enumerate() {
        let mut phone = world.phone("phone");
        received.extend(std::thread::scope(|scope| {
            let sending = scope.spawn(|| send_all(&world, round));
            phone.nth_event(event, count);
            phone.killed();
            let _next = world.phone("phone");
            sending.join().unwrap()
            // Here the next is killed too, with the last pushes on their way.
        }));
    }
    let _phone = world.phone("phone");
    received.sort();
    assert!(
        received.len() >= MOMENTS.len() * PUSHES / 4,
        "only {} got through",
        received.len()
    );
    eventually("everything is shown", || {
        world.toasts("phone").len() >= received.len()
    });
    assert_eq!(world.toasts("phone"), received);
    let inbox = &world.status("phone")["inbox"];
    assert_eq!(
        inbox,
        &serde_json::json!({"waiting": 0, "awaiting_sign_in": 0})
    );
}

/// Sends this round's pushes, and returns those that the push service took.
fn send_all(world: &World, round: usize) -> Vec<String> {
    let texts = (0..PUSHES).map(|push| format!("round {round}, push {push:02}"));
    texts
        .filter(|text| match world.send("sender", "alice", text).as_str() {
            "received" => true,
            "dropped" => false,
            other => panic!("{text} was {other}"),
        })
        .collect()
}

#[test]
fn services_that_are_killed_keep_what_was_not_acknowledged() {
    let world = World::new();
    let address = quiet_address();
    let data = world.folder().join("data");
    let flags = ["--http", &address, "--data", data.to_str().unwrap()];
    let served = world.serve(&flags);
    world.login("phone", "alice", &served.backend);
    world.login("sender", "bob", &served.backend);
    let phone = world.phone("phone");
    let before = world.status("phone");

    // A phone that stands still acknowledges nothing, and dies without having read anything.
    phone.signal(Signal::STOP);
    let texts: Vec<String> = (0..5).map(|push| format!("kept {push}")).collect();
    for text in &texts {
        assert_eq!(world.send("sender", "alice", text), "received");
    }
    served.running.killed();
    phone.killed();
    let served = world.serve(&flags);
    let mut phone = world.phone("phone");
    eventually("everything is shown", || {
        world.toasts("phone").len() >= texts.len()
    });
    assert_eq!(world.toasts("phone"), texts);

    // The next time it is on, and finds the way back by itself.
    served.running.killed();
    phone.event("channel.closed");
    let _served = world.serve(&flags);
    phone.event("channel.opened");
    let after = world.status("phone");
    for kept in ["handle", "registration_id"] {
        assert_eq!(before[kept], after[kept]);
    }
    assert_eq!(world.send("sender", "alice", "and on it goes"), "received");
    eventually("the last is shown", || {
        world.toasts("phone").len() > texts.len()
    });
}
