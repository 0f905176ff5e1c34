//! On which processors a benchmark runs.

use std::process::Command;

/// Moves this process to these processors, as `taskset` writes them; false where that cannot be.
pub(crate) fn pin(cpus: &str) -> bool {
    let own = std::process::id().to_string();
    let done = Command::new("taskset").args(["-cp", cpus, &own]).output();
    done.is_ok_and(|done| done.status.success())
}
