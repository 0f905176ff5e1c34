//! The HTTP client for a hub elsewhere: whom it trusts, and that it goes nowhere else.

use std::io::Read as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;

use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, ClientBuilder};
use url::{Host, Url};

use crate::emulator::EmulatorError;
use crate::lifecycle::timeouts;
use crate::model::Invalid;

use super::problem;

/// The largest file of certificate authorities, in bytes.
const MAX_CA_FILE: u64 = 1024 * 1024;

/// A client for `endpoint`. Plain http is for this machine alone, whatever a connection string says:
/// the token would show.
pub(super) fn build(endpoint: &Url, ca_file: Option<&Path>) -> Result<Client, EmulatorError> {
    let local = is_loopback(endpoint);
    if endpoint.scheme() != "https" && !local {
        let problem = "must be reached over https, unless it is on this machine";
        return Err(Invalid::new("hub", problem).into());
    }
    // The one TLS provider of the crate; whoever comes first installs it for the process.
    rustls::crypto::ring::default_provider()
        .install_default()
        .ok();
    let builder = Client::builder()
        .user_agent(concat!("handset/", env!("CARGO_PKG_VERSION")))
        .redirect(Policy::none())
        .referer(false)
        .pool_idle_timeout(timeouts::HTTP_IDLE)
        .connect_timeout(timeouts::HUB_CONNECT)
        .timeout(timeouts::HUB_REQUEST);
    let builder = trust(builder, endpoint, ca_file)?;
    let builder = if local {
        stay_here(builder, endpoint)
    } else {
        builder
    };
    builder.build().map_err(|error| EmulatorError::Client {
        cause: problem::innermost(&error),
    })
}

/// The system's authorities, and those in the file. Plain http needs none.
fn trust(
    builder: ClientBuilder,
    endpoint: &Url,
    ca_file: Option<&Path>,
) -> Result<ClientBuilder, Invalid> {
    let unusable = |path: &Path, cause: String| {
        let path = path.display();
        let remedy = "give it a file of PEM certificates";
        Invalid::new(
            "--hub-ca",
            format!("{path} cannot be used: {cause}; {remedy}"),
        )
    };
    let extra = match ca_file {
        Some(path) => authorities(path).map_err(|cause| unusable(path, cause))?,
        None => Vec::new(),
    };
    if endpoint.scheme() == "http" {
        return Ok(builder.tls_certs_only([]));
    }
    Ok(builder.tls_certs_merge(extra))
}

fn authorities(path: &Path) -> Result<Vec<Certificate>, String> {
    let file = std::fs::File::open(path).map_err(|error| error.to_string())?;
    if !file.metadata().is_ok_and(|metadata| metadata.is_file()) {
        return Err("it is not a file".to_owned());
    }
    let mut pem = Vec::new();
    file.take(MAX_CA_FILE + 1)
        .read_to_end(&mut pem)
        .map_err(|error| error.to_string())?;
    if pem.len() as u64 > MAX_CA_FILE {
        return Err(format!("it is larger than {MAX_CA_FILE} bytes"));
    }
    let found = Certificate::from_pem_bundle(&pem).map_err(|error| problem::innermost(&error))?;
    if found.is_empty() {
        return Err("it holds no certificate".to_owned());
    }
    Ok(found)
}

/// Keeps a name of this machine on this machine: no proxy, and no name server that says otherwise.
fn stay_here(builder: ClientBuilder, endpoint: &Url) -> ClientBuilder {
    let builder = builder.no_proxy();
    match endpoint.domain() {
        Some(name) => builder.resolve_to_addrs(
            name,
            &[
                SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
                SocketAddr::from((Ipv6Addr::LOCALHOST, 0)),
            ],
        ),
        None => builder,
    }
}

fn is_loopback(endpoint: &Url) -> bool {
    match endpoint.host() {
        Some(Host::Domain(name)) => name.trim_end_matches('.').eq_ignore_ascii_case("localhost"),
        Some(Host::Ipv4(address)) => IpAddr::V4(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::V6(address).is_loopback(),
        None => false,
    }
}
