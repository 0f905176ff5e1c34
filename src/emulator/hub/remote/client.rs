//! The HTTP client for a hub elsewhere: whom it trusts, and that it goes nowhere else.

use std::net::IpAddr;
use std::path::Path;

use reqwest::Client;
use url::{Host, Url};

use crate::emulator::EmulatorError;
use crate::lifecycle::{self, timeouts};
use crate::model::Invalid;

use super::problem;

/// A client for `endpoint`. Plain http is for this machine alone, whatever a connection string says:
/// the token would show.
pub(super) fn build(endpoint: &Url, ca_file: Option<&Path>) -> Result<Client, EmulatorError> {
    let local = is_loopback(endpoint);
    if endpoint.scheme() != "https" && !local {
        let problem = "must be reached over https, unless it is on this machine";
        return Err(Invalid::new("hub", problem).into());
    }
    let builder = lifecycle::http_client()
        .connect_timeout(timeouts::HUB_CONNECT)
        .timeout(timeouts::HUB_REQUEST);
    let builder = lifecycle::trust(builder, endpoint, ca_file)
        .map_err(|cause| unusable(ca_file, &problem::tame(&cause)))?;
    let builder = if local {
        lifecycle::stay_here(builder, endpoint)
    } else {
        builder
    };
    builder.build().map_err(|error| EmulatorError::Client {
        cause: problem::innermost(&error),
    })
}

fn unusable(ca_file: Option<&Path>, cause: &str) -> Invalid {
    let path = ca_file.unwrap_or(Path::new("")).display();
    let remedy = "give it a file of PEM certificates";
    Invalid::new(
        "--hub-ca",
        format!("{path} cannot be used: {cause}; {remedy}"),
    )
}

fn is_loopback(endpoint: &Url) -> bool {
    match endpoint.host() {
        Some(Host::Domain(name)) => name.trim_end_matches('.').eq_ignore_ascii_case("localhost"),
        Some(Host::Ipv4(address)) => IpAddr::V4(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::V6(address).is_loopback(),
        None => false,
    }
}
