//! `handset test push` whose push reaches the device, and ends there: at the task, the payload, the
//! toast.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::forwarder::{Instead, before};
use super::test_push::{ends_at, json_answer, tested};
use super::{Report, stop};
use crate::world::{Served, World};

const ON_DEVICE: &str = "The device did not finish it";

/// Tests a push through a stand-in before the backend.
#[track_caller]
fn through(
    world: &World,
    served: &Served,
    timeout: &str,
    decide: impl Fn(&str) -> Instead + Send + Sync + 'static,
) -> Report {
    let backend = format!("http://{}", before(&served.backend, decide));
    let named = ["--backend", &backend, "--push", &served.backend];
    tested(world, &[&named[..], &["--timeout", timeout]].concat(), 1)
}

fn is_fetch(request: &str) -> bool {
    request.starts_with("GET /api/notifications/")
}

/// The probe's user is pushed something else, as another sender may at any time.
fn push_another(backend: &str) {
    let host = backend.strip_prefix("http://").unwrap();
    let body = json!({"Payload": "of another sender"}).to_string();
    let credentials = STANDARD.encode("handset-probe:handset-probe");
    let mut stream = TcpStream::connect(host).unwrap();
    write!(
        stream,
        "POST /api/notifications HTTP/1.1\r\nhost: {host}\r\nauthorization: Basic {credentials}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.contains("received"), "{answer}");
}

#[test]
fn a_task_that_does_not_start_is_told_from_a_payload_that_does_not_come() {
    let world = World::new();
    let served = world.serve(&["--ephemeral"]);
    // The app has one task instance at a time, and the payload of the first push never comes.
    let (backend, first) = (served.backend.clone(), AtomicBool::new(true));
    let report = through(&world, &served, "3s", move |request| {
        if request.starts_with("POST /api/notifications") && first.swap(false, Ordering::SeqCst) {
            push_another(&backend);
        }
        match is_fetch(request) {
            true => Instead::Silence,
            false => Instead::Forward,
        }
    });
    let reason = ends_at(&report, "task", ON_DEVICE, "task_not_started");
    for part in ["reached the probe", "earlier push", "--timeout"] {
        assert!(reason.contains(part), "{reason}");
    }

    let report = through(&world, &served, "3s", |request| match is_fetch(request) {
        true => Instead::Silence,
        false => Instead::Forward,
    });
    let reason = ends_at(&report, "fetch", ON_DEVICE, "payload_not_fetched");
    assert!(reason.contains("the background task started"), "{reason}");
    stop(served);
}

#[test]
fn a_payload_that_is_refused_or_whose_backend_is_gone_ends_the_fetch() {
    let world = World::new();
    let served = world.serve(&["--ephemeral"]);
    for (status, code, parts) in [
        (
            Some("403 Forbidden"),
            "sign_in_refused",
            &["answered 403", "just signed in", "the user it is for"][..],
        ),
        (
            Some("500 Internal Server Error"),
            "payload_not_fetched",
            &["backend_failed", "answered 500", "look at its log"],
        ),
        // The connection is closed without an answer, as by a backend that was killed.
        (
            None,
            "payload_not_fetched",
            &["backend_unreachable", "look at the backend's log"],
        ),
    ] {
        let report = through(&world, &served, "10s", move |request| {
            match (is_fetch(request), status) {
                (true, Some(status)) => json_answer(status, &json!({"Message": "no"})),
                (true, None) => Instead::Answer(Vec::new()),
                (false, _) => Instead::Forward,
            }
        });
        let reason = ends_at(&report, "fetch", ON_DEVICE, code);
        for part in parts {
            assert!(reason.contains(part), "{part}: {reason}");
        }
    }
    stop(served);
}

#[test]
fn a_toast_with_another_text_is_none_of_this_push() {
    let world = World::new();
    let served = world.serve(&["--ephemeral"]);
    let report = through(&world, &served, "10s", |request| {
        let path = request.split(' ').nth(1).unwrap_or_default();
        match is_fetch(request) {
            true => {
                let id = path.rsplit('/').next().unwrap();
                let body = json!({"Id": id, "Payload": "of a cache", "Read": false});
                json_answer("200 OK", &body)
            }
            false => Instead::Forward,
        }
    });
    let reason = ends_at(&report, "toast", ON_DEVICE, "other_text");
    assert!(reason.contains("a cache before it"), "{reason}");
    stop(served);
}
