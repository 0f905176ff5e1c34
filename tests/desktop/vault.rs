//! The OS vault on a real Secret Service, in every state that one can be in.

use crate::actor::{AMPLE, Actor, Answer, Request, SHORT};
use crate::keyring;
use crate::session::{Session, eventually};

fn secret(text: &str) -> Answer {
    Answer::Secret(text.to_owned())
}

#[test]
#[ignore = "needs a desktop session: run tests/run"]
fn a_token_is_kept_where_secret_tool_finds_it() {
    let session = Session::start();
    let _keyring = keyring::unlocked(&session);
    let mut actor = Actor::start(&session, AMPLE);
    assert_eq!(actor.get("alice"), Answer::Nothing);
    assert_eq!(actor.set("alice", "first"), Answer::Done);
    assert_eq!(actor.set("alice", "tökén 4711"), Answer::Done);
    assert_eq!(actor.set("bob", "other"), Answer::Done);
    assert_eq!(actor.get("alice"), secret("tökén 4711"));

    let found = keyring::found(&session);
    for part in [
        "label = handset: alice at http://127.0.0.1:8480 on phone",
        "secret = tökén 4711",
        "attribute.service = handset",
        "attribute.backend = http://127.0.0.1:8480",
        "attribute.user = alice",
        "attribute.device = phone",
    ] {
        assert!(found.contains(part), "{part} is not in:\n{found}");
    }
    assert_eq!(found.matches("4711").count(), 1, "{found}");
    assert!(!found.contains("first"), "{found}");

    for _ in 0..2 {
        assert_eq!(actor.ask(Request::Delete("alice".to_owned())), Answer::Done);
    }
    assert_eq!(actor.get("alice"), Answer::Nothing);
    assert_eq!(actor.get("bob"), secret("other"));
    assert!(!keyring::found(&session).contains("alice"));
}

#[test]
#[ignore = "needs a desktop session: run tests/run"]
fn a_probe_leaves_nothing_behind() {
    let session = Session::start();
    let _keyring = keyring::unlocked(&session);
    let mut actor = Actor::start(&session, AMPLE);
    assert_eq!(actor.ask(Request::ProbeVault), Answer::Done);
    assert!(!keyring::found(&session).contains("handset"));
}

#[test]
#[ignore = "needs a desktop session: run tests/run"]
fn a_token_outlives_bus_and_keyring() {
    let mut session = Session::start();
    let first = keyring::unlocked(&session);
    let mut actor = Actor::start(&session, AMPLE);
    assert_eq!(actor.set("alice", "secret"), Answer::Done);
    drop(first);
    session.stop_bus();
    assert_eq!(actor.get("alice").error(), "NoBus");
    session.start_bus();
    let second = keyring::unlocked(&session);
    assert_eq!(actor.get("alice"), secret("secret"));
    drop(second);
    let _third = keyring::unlocked(&session);
    assert_eq!(actor.get("alice"), secret("secret"));
}

#[test]
#[ignore = "needs a desktop session: run tests/run"]
fn a_locked_keyring_is_told() {
    let session = Session::start();
    let open = keyring::unlocked(&session);
    let mut actor = Actor::start(&session, AMPLE);
    assert_eq!(actor.set("alice", "secret"), Answer::Done);
    drop(open);
    let locked = keyring::as_it_is(&session);
    assert_eq!(actor.get("alice").error(), "Locked");
    assert_eq!(actor.set("alice", "new").error(), "Locked");
    assert_eq!(actor.ask(Request::ProbeVault).error(), "Locked");
    drop(locked);
    let _unlocked = keyring::unlocked(&session);
    assert_eq!(actor.get("alice"), secret("secret"));
}

#[test]
#[ignore = "needs a desktop session: run tests/run"]
fn a_keyring_that_was_never_made_is_told() {
    let session = Session::start();
    let bare = keyring::as_it_is(&session);
    let mut actor = Actor::start(&session, AMPLE);
    assert_eq!(actor.get("alice"), Answer::Nothing);
    assert_eq!(actor.set("alice", "secret").error(), "NoKeyring");
    assert_eq!(actor.ask(Request::ProbeVault).error(), "NoKeyring");
    drop(bare);
    let _made = keyring::unlocked(&session);
    assert_eq!(actor.set("alice", "secret"), Answer::Done);
}

#[test]
#[ignore = "needs a desktop session: run tests/run"]
fn bus_and_keyring_that_appear_later_are_found() {
    let mut session = Session::without_bus();
    let mut actor = Actor::start(&session, AMPLE);
    assert_eq!(actor.get("alice").error(), "NoBus");
    session.start_bus();
    assert_eq!(actor.get("alice").error(), "NoProvider");
    assert_eq!(actor.ask(Request::ProbeVault).error(), "NoProvider");
    let _keyring = keyring::unlocked(&session);
    assert_eq!(actor.set("alice", "secret"), Answer::Done);
    assert_eq!(actor.get("alice"), secret("secret"));
}

#[test]
#[ignore = "needs a desktop session: run tests/run"]
fn a_frozen_keyring_is_told_and_found_again() {
    let session = Session::start();
    let keyring = keyring::unlocked(&session);
    let mut actor = Actor::start(&session, SHORT);
    assert_eq!(actor.set("alice", "secret"), Answer::Done);
    keyring.freeze();
    for _ in 0..3 {
        assert_eq!(actor.get("alice").error(), "Slow");
    }
    assert_eq!(actor.get("alice").error(), "Off");
    assert_eq!(actor.ask(Request::ProbeVault).error(), "Slow");
    keyring.thaw();
    eventually("the keyring is found again", || {
        actor.ask(Request::ProbeVault) == Answer::Done
    });
    assert_eq!(actor.get("alice"), secret("secret"));
}

#[test]
#[ignore = "needs a desktop session: run tests/run"]
fn what_was_reported_as_failed_is_not_stored_later() {
    let session = Session::start();
    let keyring = keyring::unlocked(&session);
    let mut actor = Actor::start(&session, SHORT);
    keyring.freeze();
    // Its connection is opened while the keyring is frozen, and is complete only after the time-out.
    assert_eq!(actor.set("alice", "late").error(), "Slow");
    keyring.thaw();
    eventually("the keyring is found again", || {
        actor.ask(Request::ProbeVault) == Answer::Done
    });
    assert_eq!(actor.get("alice"), Answer::Nothing);
}
