//! Push administration: which push services are on, and which partners' app backends may push.
//!
//! It gates the app backend and the hub, never the front doors that senders' SDKs call.

mod policy;

pub(super) use policy::{PartnerRefused, Policy, ServiceOff};
