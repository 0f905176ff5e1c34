//! Whole stories on real sockets: phones and services in one process, as a tester meets them.
#![expect(clippy::unwrap_used, reason = "a test may stop at what should not be")]

#[path = "../support/mod.rs"]
mod support;

mod main_job;
