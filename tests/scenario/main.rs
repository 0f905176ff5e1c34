//! Whole stories on real sockets: phones and services in one process, as a tester meets them.
#![expect(clippy::unwrap_used, reason = "a test may stop at what should not be")]

#[path = "../support/mod.rs"]
mod support;

mod autopush;
mod clock_jumps;
mod conditions;
mod control;
mod flapping;
mod hostile_push_server;
mod hostile_pushes;
mod kill;
mod leaks;
mod main_job;
mod measure;
mod network;
mod offline;
mod owner;
mod refused_platform;
mod registration;
mod secrets;
mod sign_in;
mod switch_user;
mod troubles;
mod users;
