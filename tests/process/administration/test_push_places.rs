//! `handset test push` and `test partner` where something is not served.

use std::net::TcpStream;

use super::test_push::{ends_at, tested};
use super::{Report, stop};
use crate::child::Running;
use crate::node_preload::left_out;
use crate::world::World;

const NO_BACKEND: &str = "404, No app backend";

/// The push services alone, and their address.
fn push_alone(world: &World) -> (Running, String) {
    let arguments = ["serve", "--json", "--ephemeral", "--http", "127.0.0.1:0"];
    let mut running = world.start(&[&arguments[..], &["--only", "push"]].concat());
    let ready = running.event("services.ready");
    let push = ready["urls"]["push"].as_str().unwrap();
    let address = push.trim_start_matches("ws://").trim_end_matches('/');
    (running, format!("http://{address}"))
}

#[test]
fn a_place_without_an_app_backend_is_called_that() {
    let world = World::new();
    let (_served, address) = push_alone(&world);
    for named in [&[][..], &["--backend", &address]] {
        let report = tested(&world, named, 1);
        let reason = ends_at(&report, "sign-in", NO_BACKEND, "no_backend");
        for part in ["of this home", "--only", "--backend URL"] {
            assert!(reason.contains(part), "{reason}");
        }
    }
    // From elsewhere it can only be seen that nobody knows the call.
    let other = World::new();
    let report = tested(&other, &["--backend", &address], 1);
    let reason = ends_at(&report, "sign-in", NO_BACKEND, "no_backend");
    for part in ["no app backend at this address", "404", "--only"] {
        assert!(reason.contains(part), "{reason}");
    }
}

#[test]
fn a_backend_alone_has_its_push_service_where_phones_look_for_it() {
    if TcpStream::connect("127.0.0.1:8480").is_ok() {
        left_out("something listens on port 8480, where the probe would look for a push service");
        return;
    }
    let hub = "Endpoint=sb://127.0.0.1:9/;SharedAccessKeyName=a;SharedAccessKey=YQ==";
    let world = World::new().with("HANDSET_REMOTE_HUB", hub);
    let parts = ["--ephemeral", "--only", "backend", "--hub-name", "x"];
    let served = world.serve(&parts);
    let report = tested(&world, &[], 1);
    let reason = ends_at(&report, "channel", "No push service", "no_push_service");
    for part in [&served.backend[7..], "ws://127.0.0.1:8480", "--push"] {
        assert!(reason.contains(part), "{reason}");
    }
    stop(served);
}

#[test]
fn without_https_the_partner_test_says_so() {
    let world = World::new();
    let served = world.serve(&["--ephemeral", "--https", "off", "--proxy", "off"]);
    let report = Report::of(world.run(&["--json", "test", "partner"]), 1);
    let [check, error, code, reason] = report.failure();
    assert_eq!((check, error, code), ("TLS", "HTTPS is off", "https_off"));
    assert!(reason.contains("without --https off"), "{reason}");
    let rest = [("trust", "skipped"), ("permission", "success")];
    assert_eq!(report.results()[3..], rest);
    stop(served);
    // With its proxy alone it has TLS all the same, on its one port.
    let served = world.serve(&["--ephemeral", "--https", "off"]);
    Report::of(world.run(&["--json", "test", "partner"]), 0);
    stop(served);
}
