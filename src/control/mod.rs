//! The control API of a running phone, and its client; and the client of push administration.
//!
//! Whoever runs a device owns it. It serves this API on loopback and writes its address and a
//! token into `control.json`, mode 0600, in the device's folder; other commands find it there.

mod address;
mod administration;
mod api;
mod client;
mod commands;
mod exchange;
mod server;

pub use address::ControlAddress;
pub use administration::{AdminClient, AdminError, AdminKey, Administration, WrittenKey};
pub use api::{
    BadgeBody, BadgeState, Cleared, ConditionsBody, ControlFailure, LoginBody, RegisterBody,
    Registered, SendBody, Sent, SentTo, SignedIn, TapBody, TasksQuery,
};
pub use client::{ControlClient, ControlError};
pub use commands::{
    badge, check_sign_in, clear, conditions, dismiss, login, logout, profile, register, send,
    set_badge, set_conditions, status, tap, task, tasks, toasts, unregister,
};
pub use server::{ControlServer, ServerError};
