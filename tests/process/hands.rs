//! A phone that changes hands takes nothing along.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use rustix::process::Signal;
use serde_json::Value;

use crate::world::{Served, World, eventually};

/// Carol sends a plain toast to every FCM device of alice's.
fn toast_for_alice(served: &Served, text: &str) -> Value {
    let host = served.backend.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    write!(
        stream,
        "POST /api/notifications?pns=fcmv1&to_tag=alice HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\
         authorization: Basic Y2Fyb2w6Y2Fyb2w=\r\ncontent-length: {}\r\n\r\n{text:?}",
        text.len() + 2
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {answer}"))
}

#[test]
fn what_waits_for_a_user_is_not_shown_to_the_next() {
    let world = World::new();
    let served = world.serve(&["--ephemeral"]);
    world.login("phone", "alice", &served.backend);
    let platform = ["register", "--platform", "fcm"];
    world.run(&platform).with_code(0);
    let phone = world.phone("phone");
    let alices = world.status("phone")["handle"].clone();
    phone.signal(Signal::TERM);
    phone.ended().with_code(0);
    let sent = toast_for_alice(&served, "for alice only");
    assert_eq!(sent["Deliveries"][0]["Outcome"], "received", "{sent}");

    world.run(&["logout"]).with_code(0);
    world.login("phone", "bob", &served.backend);
    let phone = world.phone("phone");
    assert_ne!(world.status("phone")["handle"], alices);
    assert_eq!(world.send("phone", "bob", "for bob"), "received");
    eventually("bob's own is shown", || {
        world.toasts("phone") == ["for bob"]
    });
    phone.signal(Signal::TERM);
    phone.ended().with_code(0);
}

#[test]
fn a_running_phone_has_another_handle_for_its_next_user() {
    let world = World::new();
    let served = world.serve(&["--ephemeral"]);
    world.login("phone", "alice", &served.backend);
    world.run(&["register", "--platform", "fcm"]).with_code(0);
    let mut phone = world.phone("phone");
    let alices = world.status("phone")["handle"].clone();
    world.login("phone", "bob", &served.backend);
    phone.event("registration.updated");
    assert_ne!(world.status("phone")["handle"], alices);
    assert_eq!(world.send("phone", "bob", "for bob"), "received");
    eventually("it is shown", || world.toasts("phone") == ["for bob"]);
    phone.signal(Signal::TERM);
    phone.ended().with_code(0);
}
