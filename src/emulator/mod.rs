//! The embedded services: app backend, hub and push services, on one loopback HTTP listener.
//!
//! The backend decides, the hub routes by tag, the push services deliver over the device socket.
//! They speak the real protocols, so that real senders and real devices work against them; the
//! device in this crate knows them over sockets alone.

mod backend;
mod credentials;
mod error;
mod front;
mod hub;
mod names;
mod options;
mod parts;
mod preload;
mod push;
mod random;
mod schema;
mod services;
mod trace;

pub use backend::{Users, UsersError};
pub use credentials::{
    ApnsKey, CredentialsError, SenderCredentials, ServiceAccount, VapidKey, WnsClient,
};
pub use error::EmulatorError;
pub use options::{DataLocation, ServicesOptions, SocketTimings};
pub use preload::node_preload;
pub use services::{ServiceUrls, Services};
pub use trace::{DropRule, TraceCounts, TraceEntry, TraceLog, TraceStep};

#[cfg(test)]
mod tests;
