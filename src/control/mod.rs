//! The control API of a running phone, and its client.
//!
//! Whoever runs a device owns it. It serves this API on loopback and writes its address and a
//! token into `control.json`, mode 0600, in the device's folder; other commands find it there.

mod address;
mod api;
mod client;
mod commands;
mod server;

pub use address::ControlAddress;
pub use api::{
    ConditionsBody, ControlFailure, LoginBody, RegisterBody, Registered, SendBody, Sent, SentTo,
    SignedIn,
};
pub use client::{ControlClient, ControlError};
pub use commands::{
    conditions, login, logout, profile, register, send, set_conditions, status, toasts, unregister,
};
pub use server::{ControlServer, ServerError};
