//! Whether a host has an address, and whether anything listens there.

use std::io::{Error, ErrorKind};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use futures_util::stream::{FuturesUnordered, StreamExt as _};
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

/// How long after one address the next is tried, too (RFC 8305 §5): one that is silent holds up none
/// of the others.
const BETWEEN: Duration = Duration::from_millis(250);

/// A connection to the first address that takes one.
pub(super) async fn connect(
    addresses: &[SocketAddr],
    limit: Duration,
) -> Result<TcpStream, Trouble> {
    let tries = addresses
        .iter()
        .zip(0u32..)
        .map(|(address, place)| async move {
            tokio::time::sleep(BETWEEN * place).await;
            TcpStream::connect(address).await
        });
    let mut tries: FuturesUnordered<_> = tries.collect();
    let tried = async {
        let mut last = Error::from(ErrorKind::NotFound);
        while let Some(tried) = tries.next().await {
            match tried {
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

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::{TcpListener, TcpSocket};

    /// A listener whose queue is full, which answers no more connections, as a firewall does.
    async fn silent() -> (TcpListener, Vec<TcpStream>) {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(([127, 0, 0, 1], 0).into()).unwrap();
        let listener = socket.listen(1).unwrap();
        let address = listener.local_addr().unwrap();
        let mut queue = Vec::new();
        while let Ok(connected) = tokio::time::timeout(BETWEEN, TcpStream::connect(address)).await {
            queue.push(connected.unwrap());
        }
        (listener, queue)
    }

    #[tokio::test]
    async fn an_address_that_is_silent_holds_up_no_other() {
        let (silent, _queue) = silent().await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addresses = [silent.local_addr().unwrap(), listener.local_addr().unwrap()];
        let connected = connect(&addresses, Duration::from_secs(10)).await;
        assert_eq!(connected.unwrap().peer_addr().unwrap(), addresses[1]);
        assert!(connect(&addresses[..1], BETWEEN).await.is_err());
    }
}
