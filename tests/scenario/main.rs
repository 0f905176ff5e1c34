//! Whole stories on real sockets: phones and services in one process, as a tester meets them.
#![expect(clippy::unwrap_used, reason = "a test may stop at what should not be")]

#[path = "../support/mod.rs"]
mod support;

mod access;
mod action_centre;
mod alerts;
mod apns_rules;
mod autopush;
mod backend_profiles;
mod badges;
mod clock_jumps;
mod conditions;
mod control;
mod fcm_rules;
mod flapping;
mod foreground;
mod handles;
mod hostile_push_server;
mod hostile_pushes;
mod inbox;
mod instances;
mod kill;
mod leaks;
mod main_job;
mod manifest;
mod measure;
mod network;
mod offline;
mod owner;
mod refused_platform;
mod registration;
mod secrets;
mod sign_in;
mod switch_user;
mod taps;
mod topics;
mod triggers;
mod troubles;
mod two_users;
mod users;
mod waiting_pushes;
mod web_push_rules;
mod wns_rules;
