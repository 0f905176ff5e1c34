//! The embedded services: app backend, hub and push services, behind one router that is reached
//! over HTTP, HTTPS and a CONNECT proxy.
//!
//! The backend decides, the hub routes by tag, the push services deliver over the device socket.
//! They speak the real protocols, so that real senders and real devices work against them; the
//! device in this crate knows them over sockets alone.

mod administration;
mod backend;
mod credentials;
mod error;
mod front;
mod hub;
mod listeners;
mod names;
mod options;
mod origins;
mod parts;
mod preload;
mod proxy;
mod push;
mod random;
mod roles;
mod schema;
mod services;
mod tls;
mod trace;
mod urls;

pub use administration::{
    AdministrationError, AdministrationOptions, ChangeRefused, DecidedElsewhere, PushAdministration,
};
pub use backend::{Users, UsersError};
pub use credentials::{
    ApnsKey, CredentialsError, HubRule, HubRules, SenderCredentials, ServiceAccount, VapidKey,
    WnsClient,
};
pub use error::{Door, EmulatorError};
pub use hub::{HubName, RemoteHubOptions};
pub use options::{DataLocation, ServicesOptions, SocketTimings};
pub use origins::PublicHost;
pub use preload::node_preload;
pub use push::on_demand::{ErrorOnDemand, errors_on_demand};
pub use push::throttle::PerHandleRate;
pub use roles::{Role, Roles};
pub use services::Services;
pub use trace::{DropRule, TraceCounts, TraceEntry, TraceLog, TraceStep};
pub use urls::ServiceUrls;

#[cfg(test)]
mod tests;
