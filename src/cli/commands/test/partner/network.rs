//! Whether a host has an address, and whether anything listens there.

use std::io::{Error, ErrorKind};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use tokio::net::TcpStream;

use crate::cli::commands::test::place::{Place, is_loopback};
use crate::cli::commands::test::trouble::Trouble;

/// The most addresses of one name that are tried.
const MOST_ADDRESSES: usize = 16;

/// The host's addresses. A name below `localhost` is this machine, whatever a name server says
/// (RFC 6761 §6.3).
pub(super) async fn resolve(place: &Place, limit: Duration) -> Result<Vec<SocketAddr>, Trouble> {
    let Place { host, port } = place;
    if is_loopback(host) && host.parse::<std::net::IpAddr>().is_err() {
        let here = [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
        return Ok(here.map(|ip| SocketAddr::new(ip, *port)).to_vec());
    }
    let found = tokio::net::lookup_host((host.as_str(), *port));
    match tokio::time::timeout(limit, found).await {
        Err(_) => Err(Trouble::time_out("no name server answered", limit)),
        Ok(Err(error)) => Err(Trouble::name_unknown(host, &error.to_string())),
        Ok(Ok(found)) => {
            let found: Vec<SocketAddr> = found.take(MOST_ADDRESSES).collect();
            if found.is_empty() {
                return Err(Trouble::name_unknown(host, "it has none"));
            }
            Ok(found)
        }
    }
}

/// A connection to the first address that takes one.
pub(super) async fn connect(
    addresses: &[SocketAddr],
    limit: Duration,
) -> Result<TcpStream, Trouble> {
    let tried = async {
        let mut last = Error::from(ErrorKind::NotFound);
        for address in addresses {
            match TcpStream::connect(address).await {
                Ok(stream) => return Ok(stream),
                Err(error) => last = error,
            }
        }
        Err(last)
    };
    match tokio::time::timeout(limit, tried).await {
        Err(_) => Err(Trouble::time_out("no connection was made", limit)),
        Ok(Ok(stream)) => Ok(stream),
        Ok(Err(error)) if error.kind() == ErrorKind::ConnectionRefused => {
            Err(Trouble::connection_refused())
        }
        Ok(Err(error)) => Err(Trouble::unreachable(&error.to_string())),
    }
}
