//! What the embedded services can be told.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use crate::lifecycle::{Clock, timeouts};

use super::backend::Users;
use super::credentials::SenderCredentials;
use super::hub::HubName;
use super::origins::PublicHost;
use super::push::throttle::PerHandleRate;

/// How the embedded services run. The default is loopback on the documented port, in memory, with
/// the demo users.
#[derive(Debug, Clone)]
pub struct ServicesOptions {
    /// Where to listen; port 0 takes a free one.
    pub http: SocketAddr,
    /// Where to listen for HTTPS, if at all; port 0 takes a free one.
    pub https: Option<SocketAddr>,
    /// Where to listen as a CONNECT proxy for the push hosts, if at all; port 0 takes a free one.
    pub proxy: Option<SocketAddr>,
    /// The proxy tunnels to all other hosts instead of refusing them.
    pub proxy_pass: bool,
    /// Where the database lives.
    pub data: DataLocation,
    /// Who may sign in.
    pub users: Users,
    /// How long a bearer token lasts.
    pub token_ttl: Duration,
    /// The time of day.
    pub clock: Clock,
    /// The device socket's times.
    pub socket: SocketTimings,
    /// The host of minted handles where it is not the listener's own address; the scheme is https
    /// where HTTPS is served.
    pub public_host: Option<PublicHost>,
    /// Handles that are URLs are minted under the real push hosts' names, for senders that come
    /// through the proxy, a hosts file or the preload script.
    pub real_handles: bool,
    /// Only the sender credentials that were generated here are taken, not any well-formed one.
    pub strict_credentials: bool,
    /// The sender credentials, which the hub sends with; new ones in memory where there are none.
    pub credentials: Option<SenderCredentials>,
    /// How many pushes one handle takes in how much time, before the sender is throttled; as many as
    /// come, unless told otherwise.
    pub throttle: Option<PerHandleRate>,
    /// The name of the hub, the first part of its paths.
    pub hub_name: HubName,
    /// How long a registration or an installation of the hub lasts from its last put; for ever,
    /// unless told otherwise.
    pub hub_lifetime: Option<Duration>,
    /// Hosts beside the embedded services that the hub may post to, by name or address.
    pub allowed_hosts: Vec<String>,
}

impl ServicesOptions {
    /// The documented address: 127.0.0.1:8480.
    pub const DEFAULT_HTTP: SocketAddr =
        SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 8480);

    /// The documented address of HTTPS: 127.0.0.1:8443.
    pub const DEFAULT_HTTPS: SocketAddr =
        SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 8443);

    /// The documented address of the proxy: 127.0.0.1:8481.
    pub const DEFAULT_PROXY: SocketAddr =
        SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 8481);

    /// How long a bearer token lasts unless told otherwise.
    pub const DEFAULT_TOKEN_TTL: Duration = Duration::from_secs(3600);

    /// The first listener that others than this machine may reach, if any: that demands a users
    /// file and strict credentials.
    #[must_use]
    pub fn exposed(&self) -> Option<SocketAddr> {
        let listeners = [Some(self.http), self.https, self.proxy];
        let mut listeners = listeners.into_iter().flatten();
        listeners.find(|address| !address.ip().is_loopback())
    }
}

impl Default for ServicesOptions {
    fn default() -> Self {
        Self {
            http: Self::DEFAULT_HTTP,
            https: None,
            proxy: None,
            proxy_pass: false,
            data: DataLocation::Ephemeral,
            users: Users::demo(),
            token_ttl: Self::DEFAULT_TOKEN_TTL,
            clock: Clock::system(),
            socket: SocketTimings::default(),
            public_host: None,
            real_handles: false,
            strict_credentials: false,
            credentials: None,
            throttle: None,
            hub_name: HubName::default(),
            hub_lifetime: None,
            allowed_hosts: Vec::new(),
        }
    }
}

/// Where the services keep what they know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DataLocation {
    /// In `services.db` in this folder, which is made if it is missing.
    Directory(PathBuf),
    /// In memory, gone with the services.
    Ephemeral,
}

/// The times of the device socket; the default is autopush's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SocketTimings {
    /// How long a device has for `hello`.
    pub hello: Duration,
    /// How often the service pings.
    pub ping: Duration,
    /// How long the pong may take.
    pub pong: Duration,
    /// The least time between two JSON pings.
    pub ping_flood: Duration,
    /// How long a device may take to accept a frame.
    pub send: Duration,
}

impl Default for SocketTimings {
    fn default() -> Self {
        Self {
            hello: timeouts::SERVICE_HELLO,
            ping: timeouts::SERVICE_PING,
            pong: timeouts::SERVICE_PONG,
            ping_flood: timeouts::SERVICE_PING_FLOOD,
            send: timeouts::SERVICE_SEND,
        }
    }
}
