//! The listeners: bound all at once before any of them is served.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use tokio::net::TcpListener;
use url::Url;

use super::EmulatorError;
use super::error::Door;
use super::options::ServicesOptions;
use super::proxy::Proxy;
use super::tls::Tls;
use crate::lifecycle::{HttpServer, Scope, take_connections};
use crate::model::Invalid;

/// The most connections at once on one HTTP listener that are not device sockets.
const MOST_CONNECTIONS: usize = 4096;

/// The most connections at once to the proxy, its tunnels included.
const MOST_TUNNELS: usize = 1024;

/// What was bound, and where this process reaches it.
pub(super) struct Listeners {
    http: (TcpListener, SocketAddr),
    https: Option<(TcpListener, SocketAddr)>,
    proxy: Option<(TcpListener, SocketAddr)>,
}

impl Listeners {
    /// Binds every address that the options name.
    pub(super) async fn bind(options: &ServicesOptions) -> Result<Self, EmulatorError> {
        let http = bind(Door::Http, options.http).await?;
        let https = match options.https {
            Some(address) => Some(bind(Door::Https, address).await?),
            None => None,
        };
        let proxy = match options.proxy {
            Some(address) => Some(bind(Door::Proxy, address).await?),
            None => None,
        };
        Ok(Self { http, https, proxy })
    }

    pub(super) fn http(&self) -> SocketAddr {
        self.http.1
    }

    pub(super) fn http_url(&self) -> Result<Url, Invalid> {
        url_of("http", self.http.1)
    }

    pub(super) fn https_url(&self) -> Result<Option<Url>, Invalid> {
        let https = self.https.as_ref();
        https
            .map(|(_, address)| url_of("https", *address))
            .transpose()
    }

    pub(super) fn proxy_url(&self) -> Result<Option<Url>, Invalid> {
        let proxy = self.proxy.as_ref();
        proxy
            .map(|(_, address)| url_of("http", *address))
            .transpose()
    }

    /// True when a listener needs certificates: then every one answers TLS.
    pub(super) fn want_tls(&self) -> bool {
        self.https.is_some() || self.proxy.is_some()
    }

    /// Every address that was bound.
    pub(super) fn addresses(&self) -> Vec<SocketAddr> {
        let others = [&self.https, &self.proxy].into_iter().flatten();
        let others = others.map(|(_, address)| *address);
        std::iter::once(self.http.1).chain(others).collect()
    }

    /// Serves all of them until the scope ends.
    pub(super) fn serve(self, scope: &Scope, router: Router, tls: Option<Arc<Tls>>, pass: bool) {
        let mut server = HttpServer::new(router, scope.spawner());
        if let Some(tls) = tls {
            server = server.with_tls(tls);
        }
        if let Some((listener, _)) = self.https {
            let served = server.clone().listen(listener, MOST_CONNECTIONS);
            scope.spawn("embedded services, https", served);
        }
        if let Some((listener, _)) = self.proxy {
            let proxy = Proxy::new(server.clone(), scope.spawner(), pass);
            let serve = move |stream| {
                let proxy = proxy.clone();
                async move { proxy.serve(stream).await }
            };
            let spawner = scope.spawner();
            let served =
                take_connections(listener, MOST_TUNNELS, spawner, "proxy connection", serve);
            scope.spawn("proxy", served);
        }
        let served = server.listen(self.http.0, MOST_CONNECTIONS);
        scope.spawn("embedded services", served);
    }
}

async fn bind(door: Door, address: SocketAddr) -> Result<(TcpListener, SocketAddr), EmulatorError> {
    let failed = |cause: std::io::Error| {
        if cause.kind() == std::io::ErrorKind::AddrInUse {
            EmulatorError::AddressTaken { address, door }
        } else {
            EmulatorError::Bind {
                address,
                door,
                cause,
            }
        }
    };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    Ok((listener, bound))
}

/// Where this process reaches a listener that may be bound to every address.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(match address.ip() {
            IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    address
}

fn url_of(scheme: &str, address: SocketAddr) -> Result<Url, Invalid> {
    Url::parse(&format!("{scheme}://{}/", reachable(address)))
        .map_err(|error| Invalid::new("listening address", error.to_string()))
}
