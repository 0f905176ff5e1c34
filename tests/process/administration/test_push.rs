//! `handset test push`: the whole way, and each hop at which it may end.

use std::net::TcpListener;

use rustix::process::Signal;
use serde_json::{Value, json};

use super::forwarder::{Instead, before};
use super::{Report, changes, stop};
use crate::web::{answer, answering};
use crate::world::World;

const HOPS: [&str; 9] = [
    "sign-in",
    "channel",
    "registration",
    "payload",
    "push",
    "device",
    "task",
    "fetch",
    "toast",
];

#[track_caller]
pub(super) fn tested(world: &World, more: &[&str], code: i32) -> Report {
    let arguments = [&["--json", "test", "push"], more].concat();
    let ended = world.run(&arguments);
    // It removes what it registered, and waits for nothing that has happened already.
    assert!(!ended.err.contains("not removed in time"), "{}", ended.err);
    let report = Report::of(ended, code);
    assert!(world.left_in_tmp().is_empty(), "{:?}", world.left_in_tmp());
    report
}

/// The push ends at `hop`, after all those before it, with this error and code.
#[track_caller]
pub(super) fn ends_at(report: &Report, hop: &str, error: &str, code: &str) -> String {
    let [failed, said, found, reason] = report.failure();
    assert_eq!((failed, said, found), (hop, error, code), "{reason}");
    let before: Vec<&str> = HOPS
        .iter()
        .copied()
        .take_while(|name| *name != hop)
        .collect();
    let checks: Vec<&str> = report.results().iter().map(|(check, _)| *check).collect();
    assert_eq!(checks, [&before[..], &[hop]].concat());
    reason.to_owned()
}

pub(super) fn json_answer(status: &str, body: &Value) -> Instead {
    let body = body.to_string();
    Instead::Answer(answer(
        status,
        &["content-type: application/json"],
        body.as_bytes(),
    ))
}

#[test]
fn a_push_goes_the_whole_way_on_every_platform_and_leaves_nothing() {
    let world = World::new();
    let served = world.serve(&["--ephemeral"]);
    for platform in ["wns", "apns", "fcm", "webpush"] {
        let report = tested(&world, &["--platform", platform], 0);
        assert_eq!(
            report.results(),
            HOPS.map(|hop| (hop, "success")),
            "{platform}"
        );
    }
    let table = world.run(&["test", "push"]).with_code(0).out;
    let heading: Vec<&str> = table.lines().next().unwrap().split_whitespace().collect();
    assert_eq!(
        heading,
        ["Check", "Target", "Result", "Latency", "Error", "Diagnosis"]
    );
    assert_eq!(table.matches("Success").count(), HOPS.len(), "{table}");
    // No device of the probe's user is left at the backend.
    world.login("phone", "handset-probe", &served.backend);
    let sent = ["--json", "send", "--to", "handset-probe", "x"];
    let sent = world.run(&sent).with_code(0).json();
    assert_eq!(sent["deliveries"], json!([]));
    stop(served);
}

#[test]
fn an_interrupt_ends_it_and_leaves_nothing() {
    let world = World::new();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let backend = format!("http://{}", silent.local_addr().unwrap());
    let running = world.start(&["test", "push", "--backend", &backend, "--timeout", "1h"]);
    // It has connected, so that it is on its way.
    let _connected = silent.accept().unwrap();
    running.signal(Signal::INT);
    running.ended().with_code(130);
    assert!(world.left_in_tmp().is_empty(), "{:?}", world.left_in_tmp());
}

#[test]
fn a_backend_that_does_not_answer_is_a_time_out() {
    const TIME_OUT: &str = "504, Server time-out";
    let world = World::new();
    let reason = ends_at(&tested(&world, &[], 1), "sign-in", TIME_OUT, "no_services");
    assert!(reason.contains("--backend URL"), "{reason}");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let backend = format!("http://{}", listener.local_addr().unwrap());
    let named = ["--backend", &backend, "--timeout", "1s"];
    ends_at(&tested(&world, &named, 1), "sign-in", TIME_OUT, "time_out");
    drop(listener);
    ends_at(
        &tested(&world, &named, 1),
        "sign-in",
        TIME_OUT,
        "connection_refused",
    );
    let plain = ["--backend", "http://192.0.2.7:1"];
    let reason = ends_at(
        &tested(&world, &plain, 1),
        "sign-in",
        "Not asked",
        "plain_http",
    );
    assert!(reason.contains("--allow-http"), "{reason}");
}

#[test]
fn a_user_who_may_not_sign_in_is_told() {
    let world = World::new();
    let served = world.serve(&["--ephemeral"]);
    let named = [
        "test",
        "push",
        "--json",
        "--user",
        "alice",
        "--password-stdin",
    ];
    let report = Report::of(world.run_with(&named, b"wrong"), 1);
    let reason = ends_at(
        &report,
        "sign-in",
        "401, Sign-in refused",
        "sign_in_refused",
    );
    assert!(
        reason.contains("--password-stdin") && !reason.contains("wrong"),
        "{reason}"
    );
    Report::of(world.run_with(&named, b"alice"), 0);
    stop(served);
}

#[test]
fn a_place_that_is_no_push_service_ends_the_channel() {
    let world = World::new();
    let served = world.serve(&["--ephemeral"]);
    let elsewhere = answering(|_| answer("404 Not Found", &[], b""));
    let push = format!("ws://{elsewhere}");
    let report = tested(&world, &["--push", &push], 1);
    ends_at(&report, "channel", "Not a push service", "no_push_service");
    stop(served);
}

/// What the stand-in before the backend makes of each request, and where the push ends.
struct Case {
    requests: &'static str,
    status: &'static str,
    body: fn() -> Value,
    hop: &'static str,
    error: &'static str,
    code: &'static str,
}

const REJECTED: &str = "403, Push notification request was rejected";

const CASES: [Case; 8] = [
    Case {
        requests: "PUT /api/register/",
        status: "400 Bad Request",
        body: || json!({"Message": "no"}),
        hop: "registration",
        error: "403, Registration was rejected",
        code: "registration_rejected",
    },
    Case {
        requests: "POST /api/notifications",
        status: "400 Bad Request",
        body: || json!({"Message": "no"}),
        hop: "payload",
        error: REJECTED,
        code: "request_rejected",
    },
    Case {
        requests: "POST /api/notifications",
        status: "500 Internal Server Error",
        body: || json!({}),
        hop: "payload",
        error: "The app backend failed",
        code: "backend_failed",
    },
    Case {
        requests: "POST /api/notifications",
        status: "201 Created",
        body: || json!({"Id": "1", "To": "handset-probe", "Deliveries": []}),
        hop: "push",
        error: "404, Not registered",
        code: "unregistered",
    },
    Case {
        requests: "POST /api/notifications",
        status: "201 Created",
        body: || {
            json!({"Id": "1", "To": "handset-probe", "Deliveries": [
                {"Platform": "wns", "Outcome": "refused", "Reason": "the push service answered 401"}]})
        },
        hop: "push",
        error: REJECTED,
        code: "request_rejected",
    },
    Case {
        requests: "POST /api/notifications",
        status: "201 Created",
        body: || {
            json!({"Id": "1", "To": "handset-probe", "Deliveries": [
                {"Platform": "wns", "Outcome": "dropped"}]})
        },
        hop: "push",
        error: "480, Temporarily unavailable",
        code: "dropped",
    },
    Case {
        requests: "POST /api/notifications",
        status: "201 Created",
        body: || {
            json!({"Id": "1", "To": "handset-probe", "Deliveries": [
                {"Platform": "wns", "Outcome": "received"}]})
        },
        hop: "device",
        error: "480, Temporarily unavailable",
        code: "not_delivered",
    },
    Case {
        requests: "GET /api/notifications/",
        status: "404 Not Found",
        body: || json!({}),
        hop: "fetch",
        error: "The device did not finish it",
        code: "payload_gone",
    },
];

#[test]
fn each_hop_fails_in_its_own_words() {
    let world = World::new();
    let served = world.serve(&["--ephemeral"]);
    for case in &CASES {
        let (requests, status, body) = (case.requests, case.status, case.body);
        let stand_in = before(&served.backend, move |request| {
            match request.starts_with(requests) {
                true => json_answer(status, &body()),
                false => Instead::Forward,
            }
        });
        let backend = format!("http://{stand_in}");
        let named = [
            "--backend",
            &backend,
            "--push",
            &served.backend,
            "--timeout",
            "3s",
        ];
        let report = tested(&world, &named, 1);
        ends_at(&report, case.hop, case.error, case.code);
    }
    let silent = before(&served.backend, |request| {
        match request.starts_with("POST /api/notifications") {
            true => Instead::Silence,
            false => Instead::Forward,
        }
    });
    let backend = format!("http://{silent}");
    let named = [
        "--backend",
        &backend,
        "--push",
        &served.backend,
        "--timeout",
        "2s",
    ];
    ends_at(
        &tested(&world, &named, 1),
        "payload",
        "504, Server time-out",
        "time_out",
    );
    stop(served);
}

#[test]
fn a_push_through_a_service_that_is_off_ends_there() {
    let world = World::new();
    let served = world.serve(&["--ephemeral"]);
    changes(&world, &["push-config", "set", "--apple", "on"]);
    let report = tested(&world, &[], 1);
    ends_at(&report, "push", "403, Push service is off", "service_off");
    let [.., reason] = report.failure();
    assert!(
        reason.contains("push-config set --microsoft on"),
        "{reason}"
    );
    tested(&world, &["--platform", "apns"], 0);
    stop(served);
}

#[test]
fn a_backend_that_is_no_partner_does_not_push() {
    let world = World::new();
    let served = world.serve(&["--ephemeral", "--domain", "contoso.example"]);
    tested(&world, &[], 0);
    changes(&world, &["partner", "block", "contoso.example"]);
    let report = tested(&world, &[], 1);
    ends_at(
        &report,
        "payload",
        "403, Domain is not allowed",
        "domain_blocked",
    );
    let [.., reason] = report.failure();
    assert!(reason.contains("handset partner"), "{reason}");
    changes(&world, &["partner", "federation", "off"]);
    let report = tested(&world, &[], 1);
    assert_eq!(report.failure()[2], "federation_off");
    stop(served);
}
