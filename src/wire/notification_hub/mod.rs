//! The REST API of Azure Notification Hubs: what senders, devices and app backends say to a hub, and
//! what it answers (Microsoft, "Notification Hubs REST APIs").
//!
//! Registrations are Atom entries, installations are JSON, outcomes are XML; a [`SasToken`] proves
//! who asks. Which of it is carried out, and for whom, is the hub's own.

mod apns_expiry;
mod connection_string;
mod error_body;
mod headers;
mod hub_name;
mod installation;
mod markup;
mod outcome;
mod platform;
mod pns_handle;
mod registration;
mod rules;
mod sas;
mod send_batch;
mod time;

pub use apns_expiry::read_apns_expiry;
pub use connection_string::{ConnectionString, MAX_SAS_KEY};
pub use error_body::write_error;
pub use headers::*;
pub use hub_name::check_hub_name;
pub use installation::{Installation, InstallationTemplate, SecondaryTile};
pub use outcome::{
    MessageState, NotificationDetails, NotificationOutcome, OutcomeCount, RegistrationResult,
};
pub use platform::{Format, HubPlatform};
pub use pns_handle::PnsHandle;
pub use registration::{Registration, StoredRegistration, Template, write_entry, write_feed};
pub(super) use rules::MOST_TAGS;
pub use sas::{SasClaim, SasKey, SasToken};
pub use send_batch::{MAX_BATCH_BODY, MAX_BATCH_HANDLES, SendBatch, read_send_batch};
pub use time::read_time;
