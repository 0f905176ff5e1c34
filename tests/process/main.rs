//! The real binary, as people and scripts start it: exit codes, texts, signals, kills.
//!
//! Every test has a home, a temporary folder and an environment of its own, without a session bus
//! and without a display. A process is ready when it prints its ready line; nothing sleeps, and
//! whatever a test starts is killed by its own process id when the test lets go of it.

#![cfg(unix)]
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on says so by panicking; the allowance for tests does not reach their helpers"
)]

mod administration;
mod backend_profiles;
mod bad_backends;
mod child;
mod demo;
mod disk_troubles;
mod doctor;
mod environment;
mod errors;
mod hands;
mod help;
mod hub;
mod junk;
mod kill_rounds;
mod kill_services;
mod kills;
#[expect(dead_code, reason = "the benchmarks use the rest")]
#[path = "../bench/line.rs"]
mod line;
mod live_autopush;
mod node_preload;
mod only;
mod owner;
mod pipes;
mod secrets;
mod sign_in;
mod signals;
mod tasks;
mod toasts;
mod walk;
mod ways;
mod web;
mod wns;
mod world;
