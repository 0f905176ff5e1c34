//! Push administration: which push services are on, and which partners' app backends may push.
//!
//! It gates the app backend and the hub, never the front doors that senders' SDKs call. The rules
//! stand in the services' database; what comes of them is read from a [`Policy`] in memory.

mod changes;
mod door;
mod error;
mod options;
mod partner;
mod policy;
mod refused;
mod rows;
mod ruled;
#[cfg(test)]
mod tests;

pub(super) use door::{AdminDoor, routes};
pub use error::{AdministrationError, ChangeRefused, DecidedElsewhere};
pub use options::AdministrationOptions;
pub(super) use policy::{Policy, Sender};
pub(super) use refused::PartnerRefused;
pub use ruled::PushAdministration;
