//! How a lab is set up.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use crate::emulator::ServicesOptions;
use crate::lifecycle::timeouts;

/// How a lab is set up. The default is what [`super::Lab::start`] takes.
#[derive(Debug, Clone)]
pub struct LabOptions {
    /// The embedded services; a free loopback port and memory by default.
    pub services: ServicesOptions,
    /// How long a phone may take to be ready.
    pub ready_within: Duration,
    /// How long [`super::Lab::finish`] waits for pushes that are on their way.
    pub settle_within: Duration,
}

impl Default for LabOptions {
    fn default() -> Self {
        Self {
            services: ServicesOptions {
                http: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
                ..ServicesOptions::default()
            },
            ready_within: timeouts::LAB_READY,
            settle_within: timeouts::LAB_SETTLE,
        }
    }
}
