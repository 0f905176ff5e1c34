//! `kill -9` of the services: what a sender was told is received outlives it.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::mpsc::sync_channel;
use std::time::{Duration, Instant};

use crate::line::{Phone, Sender};
use crate::world::{World, quiet_address};

/// How many pushes are answered before the phone comes, and how many more before the kill.
const AWAY: usize = 20;
const ONLINE: usize = 40;

/// What services that are killed may lose.
const LAST: Duration = Duration::from_millis(5);

#[test]
fn services_killed_in_a_stream_of_pushes_deliver_what_was_answered() {
    let world = World::new();
    let address = quiet_address();
    let data = world.folder().join("data");
    let flags = ["--http", &address, "--data", data.to_str().unwrap()];
    let served = world.serve(&flags);
    let address: SocketAddr = address.parse().unwrap();
    let mut phone = Phone::connect(address);
    let (path, uaid) = (phone.register(), phone.uaid.clone());
    drop(phone);

    // So that the sender is never far ahead of what was heard.
    let (answer, answers) = sync_channel(4);
    let mut sender = Sender::connect(address, &path, b"body");
    let sending = std::thread::spawn(move || {
        while let Some(version) = sender.send_until_gone() {
            answer.send((version, Instant::now())).unwrap();
        }
    });
    let mut answered: Vec<_> = answers.iter().take(AWAY).collect();
    // It acknowledges nothing, so all of it is still to come after the kill.
    let _phone = Phone::again(address, &uaid);
    answered.extend(answers.iter().take(ONLINE));
    let killed = Instant::now();
    served.running.killed();
    answered.extend(answers.iter());
    sending.join().unwrap();
    let owed: BTreeSet<String> = answered
        .into_iter()
        .filter(|(_, at)| *at + LAST < killed)
        .map(|(version, _)| version)
        .collect();
    assert!(owed.len() >= AWAY, "only {} are owed", owed.len());

    let _served = world.serve(&flags);
    let mut phone = Phone::again(address, &uaid);
    let mut arrived = BTreeSet::new();
    while !owed.is_subset(&arrived) {
        let frame = phone.hear();
        let version = frame["version"].as_str().unwrap();
        assert!(arrived.insert(version.to_owned()), "{version} came twice");
        phone.acknowledge(version);
    }
}
