//! The CONNECT proxy, for SDKs that can be given a proxy and no other host: it answers for the
//! push hosts itself, and refuses all others, or tunnels to them where it is told to.

mod refusal;
mod tunnel;

use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Body;
use axum::http::uri::Authority;
use axum::http::{Method, Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;

use super::names::is_push_host;
use crate::lifecycle::{HttpServer, Spawner, timeouts};
use refusal::Refusal;

/// The largest head of a request, in bytes.
const MAX_HEAD: usize = 16 * 1024;

/// Takes connections to the proxy.
#[derive(Debug, Clone)]
pub(super) struct Proxy {
    /// The embedded services, which stand for every push host.
    server: HttpServer,
    spawner: Spawner,
    /// Other hosts are tunnelled to.
    pass: bool,
}

/// Where an accepted CONNECT leads.
#[derive(Debug)]
enum Way {
    /// To the embedded services, under this name.
    Embedded(String),
    /// To another host.
    Out(TcpStream),
}

/// What a connection becomes once its CONNECT is answered.
type Next = Arc<Mutex<Option<(OnUpgrade, Way)>>>;

impl Proxy {
    pub(super) fn new(server: HttpServer, spawner: Spawner, pass: bool) -> Self {
        Self {
            server,
            spawner,
            pass,
        }
    }

    /// Serves one connection, and the tunnel that it becomes, until the scope ends.
    pub(super) async fn serve(&self, stream: TcpStream) {
        let ending = self.spawner.token();
        let next = Next::default();
        let asked = self.answer_requests(stream, next.clone());
        if ending.run_until_cancelled(asked).await.is_none() {
            return;
        }
        let taken = next.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some((upgrade, way)) = taken else {
            return;
        };
        let Ok(upgraded) = upgrade.await else {
            return;
        };
        self.lead(upgraded, way).await;
    }

    async fn answer_requests(&self, stream: TcpStream, next: Next) {
        let service = service_fn(|request| self.answer(request, next.clone()));
        let mut builder = http1::Builder::new();
        builder
            .timer(TokioTimer::new())
            .max_buf_size(MAX_HEAD)
            .header_read_timeout(timeouts::HTTP_HEAD);
        let connection = builder.serve_connection(TokioIo::new(stream), service);
        if let Err(error) = connection.with_upgrades().await {
            tracing::trace!(%error, "a connection to the proxy broke off");
        }
    }

    async fn lead(&self, upgraded: Upgraded, way: Way) {
        let stream = TokioIo::new(upgraded);
        match way {
            Way::Embedded(host) => self.server.serve(stream, &host).await,
            Way::Out(other) => {
                let carried = tunnel::carry(stream, other);
                self.spawner.token().run_until_cancelled(carried).await;
            }
        }
    }

    async fn answer(
        &self,
        mut request: Request<Incoming>,
        next: Next,
    ) -> Result<Response<Body>, Infallible> {
        let way = match self.way(&request).await {
            Ok(way) => way,
            Err(refusal) => {
                tracing::info!(%refusal, "the proxy refused a request");
                return Ok(refusal.into_response());
            }
        };
        let upgrade = hyper::upgrade::on(&mut request);
        *next.lock().unwrap_or_else(PoisonError::into_inner) = Some((upgrade, way));
        Ok(Response::new(Body::empty()))
    }

    async fn way(&self, request: &Request<Incoming>) -> Result<Way, Refusal> {
        if request.method() != Method::CONNECT {
            return Err(match request.uri().host() {
                Some(_) => Refusal::PlainHttp,
                None => Refusal::NoProxyRequest,
            });
        }
        let target = request.uri().authority().ok_or(Refusal::NoTarget)?;
        let (host, port) = read_target(target)?;
        if is_push_host(host) {
            return Ok(Way::Embedded(host.to_owned()));
        }
        if !self.pass {
            return Err(Refusal::NoPushHost(host.to_owned()));
        }
        tunnel::connect(host, port).await.map(Way::Out)
    }
}

/// Host and port, both of which CONNECT must name (RFC 9110 §9.3.6).
fn read_target(target: &Authority) -> Result<(&str, u16), Refusal> {
    let host = target.host().trim_start_matches('[').trim_end_matches(']');
    match target.port_u16() {
        Some(port) if port != 0 && !host.is_empty() && !target.as_str().contains('@') => {
            Ok((host, port))
        }
        _ => Err(Refusal::NoTarget),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_a_host_and_a_port() {
        for (target, host, port) in [
            ("fcm.googleapis.com:443", "fcm.googleapis.com", 443),
            ("api.push.apple.com:2197", "api.push.apple.com", 2197),
            ("[::1]:80", "::1", 80),
        ] {
            let target = Authority::try_from(target).unwrap();
            assert_eq!(read_target(&target).ok(), Some((host, port)));
        }
        for junk in ["fcm.googleapis.com", "x:0", "user@x:1", "x:99999"] {
            let target = Authority::try_from(junk);
            assert!(
                target.is_err() || read_target(&target.unwrap()).is_err(),
                "{junk}"
            );
        }
    }
}
