//! Push administration: `push-config`, `partner`, `test partner` and `test push`, with and without
//! running services.

mod door;
mod forwarder;
mod partners;
mod push_config;
mod stopped;
mod test_partner;
mod test_push;
mod test_push_arriving;
mod test_push_places;

use serde_json::Value;

use crate::child::Ended;
use crate::world::{Served, World};

/// The JSON lines of a command that went well.
#[track_caller]
fn lines(world: &World, arguments: &[&str]) -> Vec<Value> {
    let arguments = [&["--json"], arguments].concat();
    world.run(&arguments).with_code(0).json_lines()
}

/// What a command that changes the rules says it changed: of, setting, before, after.
#[track_caller]
fn changes(world: &World, arguments: &[&str]) -> Vec<[String; 4]> {
    let told = lines(world, arguments).remove(0);
    let changes = told["changes"].as_array().unwrap().clone();
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let fields =
        |change: &Value| ["of", "setting", "before", "after"].map(|field| text(&change[field]));
    changes.iter().map(fields).collect()
}

/// A report of `handset test`: its lines, each with all its fields, and the exit code.
struct Report {
    rows: Vec<Value>,
    code: i32,
}

impl Report {
    #[track_caller]
    fn of(ended: Ended, code: i32) -> Self {
        let rows = ended.with_code(code).json_lines();
        for row in &rows {
            for field in [
                "check",
                "target",
                "result",
                "latency_ms",
                "error",
                "diagnosis",
            ] {
                assert!(row.get(field).is_some(), "{field} is missing: {row}");
            }
            let failed = row["result"] == "failure";
            assert_eq!(failed, !row["error"].is_null(), "{row}");
            assert_eq!(failed, !row["diagnosis"].is_null(), "{row}");
        }
        let failed = rows.iter().any(|row| row["result"] == "failure");
        assert_eq!(failed, code == 1, "{rows:?}");
        Self { rows, code }
    }

    /// How each check ended.
    fn results(&self) -> Vec<(&str, &str)> {
        self.rows
            .iter()
            .map(|row| {
                (
                    row["check"].as_str().unwrap(),
                    row["result"].as_str().unwrap(),
                )
            })
            .collect()
    }

    /// The one check that failed: its name, the error, the code, the reason.
    #[track_caller]
    fn failure(&self) -> [&str; 4] {
        let failed: Vec<&Value> = self
            .rows
            .iter()
            .filter(|row| row["result"] == "failure")
            .collect();
        assert_eq!((failed.len(), self.code), (1, 1), "{:?}", self.rows);
        let diagnosis = &failed[0]["diagnosis"];
        assert!(!diagnosis["source"].as_str().unwrap().is_empty());
        [
            &failed[0]["check"],
            &failed[0]["error"],
            &diagnosis["error_code"],
            &diagnosis["reason"],
        ]
        .map(|value| value.as_str().unwrap())
    }
}

/// Ends the services in good order.
#[track_caller]
fn stop(served: Served) {
    served.running.signal(rustix::process::Signal::TERM);
    served.running.ended().with_code(0);
}
