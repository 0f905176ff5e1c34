//! The REST API of Azure Notification Hubs: what senders, devices and app backends say to a hub, and
//! what it answers (Microsoft, "Notification Hubs REST APIs").
//!
//! Registrations are Atom entries, installations are JSON, outcomes are XML; a [`SasToken`] proves
//! who asks. Which of it is carried out, and for whom, is the hub's own.

mod connection_string;
mod error_body;
mod headers;
mod installation;
mod markup;
mod outcome;
mod platform;
mod pns_handle;
mod registration;
mod rules;
mod sas;
mod send_batch;

pub use connection_string::ConnectionString;
pub use error_body::write_error;
pub use headers::*;
pub use installation::{Installation, InstallationTemplate, SecondaryTile};
pub use outcome::{
    MessageState, NotificationDetails, NotificationOutcome, OutcomeCount, RegistrationResult,
    SendProgress,
};
pub use platform::{Format, HubPlatform};
pub use pns_handle::PnsHandle;
pub use registration::{Registration, StoredRegistration, Template, write_entry, write_feed};
pub use sas::{SasClaim, SasKey, SasToken};
pub use send_batch::{MAX_BATCH_BODY, MAX_BATCH_HANDLES, SendBatch, read_send_batch};
