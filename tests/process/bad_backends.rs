//! Backends that misbehave: each has its own words and exit code, and nothing follows a redirect
//! with a password.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::child::Ended;
use crate::web::{answer, answering, babbling};
use crate::world::World;

fn login(world: &World, backend: &str) -> Ended {
    let arguments = [
        "login",
        "--vault",
        "file",
        "--backend",
        backend,
        "--user",
        "alice",
        "--password-stdin",
    ];
    world.run_with(&arguments, b"correct horse")
}

/// Signs in at a backend that takes every sign-in and answers `send` with `reply`.
fn send(reply: Vec<u8>) -> Ended {
    let world = World::new();
    let address = answering(move |request| {
        if request.starts_with("POST") {
            reply.clone()
        } else {
            json("200 OK", b"[]")
        }
    });
    login(&world, &http(address)).with_code(0);
    world.run(&["send", "the secret text"])
}

fn http(address: SocketAddr) -> String {
    format!("http://{address}")
}

fn json(status: &str, body: &[u8]) -> Vec<u8> {
    answer(status, &["content-type: application/json"], body)
}

#[test]
fn a_redirect_is_not_followed_with_a_password() {
    let called = Arc::new(AtomicUsize::new(0));
    let count = called.clone();
    let elsewhere = answering(move |_| {
        count.fetch_add(1, Ordering::Relaxed);
        json("200 OK", b"[]")
    });
    let location = format!(
        "location: http://localhost:{}/api/notifications",
        elsewhere.port()
    );
    let address = answering(move |_| answer("302 Found", &[&location], b""));
    let ended = login(&World::new(), &http(address)).with_code(1);
    let said = ended.only_error();
    assert!(
        said.contains("302") && said.contains("not followed") && said.contains("localhost"),
        "{said}"
    );
    assert_eq!(called.load(Ordering::Relaxed), 0);
}

#[test]
fn a_server_that_speaks_no_tls_is_told_from_one_that_is_not_there() {
    let address = babbling(b"SSH-2.0-OpenSSH_9.2\r\n");
    let ended = login(&World::new(), &format!("https://{address}")).with_code(5);
    let said = ended.only_error();
    assert!(said.contains("TLS") && said.contains("https"), "{said}");
}

#[test]
fn a_server_that_speaks_no_http_is_named() {
    let address = babbling(b"\x16\x03\x01 what?\r\n\r\n");
    let ended = login(&World::new(), &http(address)).with_code(5);
    assert!(
        ended.only_error().contains("the connection broke off"),
        "{ended:#?}"
    );
}

#[test]
fn a_failing_backend_is_not_a_wrong_password() {
    for (status, code) in [
        ("500 Internal Server Error", 1),
        ("503 Service Unavailable", 1),
    ] {
        let address = answering(move |_| answer(status, &["retry-after: 7"], b"stack trace"));
        let ended = login(&World::new(), &http(address)).with_code(code);
        let said = ended.only_error();
        assert!(
            said.contains(&status[..3]) && said.contains("7 s"),
            "{said}"
        );
        assert!(!said.contains("stack trace"), "{said}");
    }
    let ended = send(answer("500 Internal Server Error", &[], b"")).with_code(1);
    assert!(ended.only_error().contains("500"), "{ended:#?}");
}

#[test]
fn answers_that_are_no_answers_are_told_apart() {
    let html = answer(
        "200 OK",
        &["content-type: text/html"],
        b"<!doctype html><h1>Welcome</h1>",
    );
    let cases = [
        (html, "not JSON"),
        (
            json("200 OK", b"{\"id\": \"../../admin\"}"),
            "cannot be used",
        ),
        (json("200 OK", &vec![b' '; 20 * 1024 * 1024]), "larger than"),
        (json("200 OK", b"{\"id\""), "not JSON"),
        (
            answer(
                "200 OK",
                &["content-encoding: gzip", "content-type: application/json"],
                b"not gzip",
            ),
            "unpacked",
        ),
        (
            b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{".to_vec(),
            "broke off",
        ),
    ];
    for (reply, means) in cases {
        let start = String::from_utf8_lossy(&reply[..reply.len().min(120)]).into_owned();
        let ended = send(reply);
        let code = if means == "broke off" { 5 } else { 1 };
        let ended = ended.with_code(code);
        let said = ended.only_error();
        assert!(
            said.contains(means),
            "{start:?} should be {means:?}: {said}"
        );
        assert!(said.contains("POST http://127.0.0.1"), "{said}");
        assert!(!ended.err.contains("the secret text"), "{said}");
    }
}

#[test]
fn a_refusal_after_the_sign_in_asks_for_another() {
    for status in ["401 Unauthorized", "403 Forbidden"] {
        let ended = send(answer(status, &[], b"")).with_code(4);
        assert!(ended.only_error().contains("handset login"), "{ended:#?}");
    }
}

#[test]
fn hostile_texts_of_a_backend_reach_no_terminal() {
    let reply = answer(
        "418 \x1b[2Jteapot",
        &["content-type: application/json"],
        b"{\"message\":\"\x1b]0;owned\x07\"}",
    );
    let ended = send(reply);
    assert!(
        !ended.err.contains('\x1b') && !ended.err.contains('\x07'),
        "{ended:#?}"
    );
    assert_eq!(ended.code.map(|code| code == 0), Some(false));
}
