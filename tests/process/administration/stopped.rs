//! A `serve` that hangs: whoever asks it is told so in time, with the way out.

use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::{Report, stop};
use crate::world::World;

/// Well below the time in which a change may be made, and above that of a look.
const SOON: Duration = Duration::from_secs(9);

#[test]
fn services_that_are_stopped_are_named_with_the_way_out() {
    let world = World::new();
    let served = world.serve(&["--ephemeral"]);
    served.running.signal(Signal::STOP);
    let begun = Instant::now();
    let get = world.start(&["push-config", "get"]);
    let add = world.start(&["partner", "add", "contoso.example"]);
    let test = world.start(&["--json", "test", "partner", "--timeout", "1s"]);
    let pid = served.running.pid();
    let way_out = |said: &str| {
        for part in ["within 5 s", &format!("kill -CONT {pid}"), "start it anew"] {
            assert!(said.contains(part), "{said}");
        }
        assert!(!said.contains("error sending request"), "{said}");
    };
    way_out(get.ended().with_code(5).only_error());
    way_out(add.ended().with_code(5).only_error());
    let rows = test.ended().with_code(1).json_lines();
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
    let of = |check: &str| rows.iter().find(|row| row["check"] == check).unwrap();
    assert_eq!(of("TLS")["diagnosis"]["error_code"], "time_out");
    assert_eq!(of("permission")["error"], "504, Server time-out");
    way_out(of("permission")["diagnosis"]["reason"].as_str().unwrap());
    served.running.signal(Signal::CONT);
    Report::of(world.run(&["--json", "test", "partner"]), 0);
    stop(served);
}
