//! HTTP listeners whose connections have an owner and whose clients have to be quick.
//!
//! A connection is told by its first bytes: TLS, where the server has certificates, then HTTP/2 or
//! HTTP/1.1, whatever was agreed on in the handshake.

mod connection;
mod leftover;
mod tls;
mod wire;

use std::io::ErrorKind;
use std::sync::Arc;

use axum::Router;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use super::{Spawner, timeouts};

pub use tls::{ChooseTls, ClientCertificate};
use wire::{Opening, Wire};

/// Serves `router` over plain HTTP/1.1 and HTTP/2, as [`HttpServer::listen`] does.
pub async fn serve_http(listener: TcpListener, router: Router, most: usize, spawner: Spawner) {
    HttpServer::new(router, spawner)
        .listen(listener, most)
        .await;
}

/// A router, and how it is spoken to.
#[derive(Debug, Clone)]
pub struct HttpServer {
    router: Router,
    tls: Option<Arc<dyn ChooseTls>>,
    spawner: Spawner,
}

impl HttpServer {
    /// A server without TLS, whose connections are tasks of the scope of `spawner`.
    #[must_use]
    pub fn new(router: Router, spawner: Spawner) -> Self {
        Self {
            router,
            tls: None,
            spawner,
        }
    }

    /// The same server that answers clients who begin with TLS as well.
    #[must_use]
    pub fn with_tls(mut self, tls: Arc<dyn ChooseTls>) -> Self {
        self.tls = Some(tls);
        self
    }

    /// Serves until the scope is canceled. At most `most` connections are open at once, and the
    /// next ones wait; one that became a WebSocket no longer counts. A connection on which no
    /// request comes, or comes too slowly, is closed after [`timeouts::HTTP_HEAD`], with HTTP/2
    /// after [`timeouts::HTTP2_IDLE`]. A client of HTTP/1.1 may close its half behind a request and
    /// is answered; one that is gone looks the same, so its request ends behind
    /// [`timeouts::HTTP_WORK`] at the latest. What a router leaves of a request's body is thrown away
    /// before the answer, as long as that takes no more than [`timeouts::HTTP_LEFTOVER`].
    ///
    /// At the end no connection is taken any more. A request that is being worked on is answered;
    /// a connection without one is closed.
    pub async fn listen(self, listener: TcpListener, most: usize) {
        let spawner = self.spawner.clone();
        take_connections(listener, most, spawner, "http connection", move |stream| {
            let server = self.clone();
            async move { server.serve_plain(stream).await }
        })
        .await;
    }

    /// Serves one connection that came another way, such as through a tunnel to `host`, whose
    /// certificate a client gets that names no server.
    pub async fn serve(
        &self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        host: &str,
    ) {
        let wire = Wire::new(Box::new(stream) as wire::AnyStream);
        let Some((wire, opening)) = self.open(wire).await else {
            return;
        };
        match (opening, &self.tls) {
            (Opening::Tls, Some(tls)) => self.serve_tls(wire, tls, Some(host)).await,
            _ => connection::speak(self, wire, opening, None).await,
        }
    }

    async fn serve_plain(&self, stream: TcpStream) {
        let Some((wire, opening)) = self.open(Wire::new(stream)).await else {
            return;
        };
        match (opening, &self.tls) {
            // Boxed, as it is large and a plain socket of thousands must not carry its size.
            (Opening::Tls, Some(tls)) => Box::pin(self.serve_tls(wire, tls, None)).await,
            _ => connection::speak(self, wire, opening, None).await,
        }
    }

    async fn serve_tls<S>(&self, wire: Wire<S>, tls: &Arc<dyn ChooseTls>, host: Option<&str>)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let ending = self.spawner.token();
        let shaken = ending.run_until_cancelled(tls::shake_hands(wire, &**tls, host));
        let Some(Some((stream, certificate))) = shaken.await else {
            return;
        };
        let wire = Wire::new(Box::new(stream) as wire::AnyStream);
        // TLS within TLS is spoken by nobody: it is answered as the bad HTTP that it is.
        if let Some((wire, opening)) = self.open(wire).await {
            connection::speak(self, wire, opening, certificate).await;
        }
    }

    /// Waits for the first bytes, unless the scope ends.
    async fn open<S: AsyncRead + Unpin>(&self, mut wire: Wire<S>) -> Option<(Wire<S>, Opening)> {
        let first = tokio::time::timeout(timeouts::HTTP_HEAD, wire.read_opening());
        let first = self.spawner.token().run_until_cancelled(first).await?;
        Some((wire, first.ok()?.ok()?))
    }
}

/// Takes connections until the scope of `spawner` is canceled, and runs `serve` on each as a task
/// of that scope. At most `most` run at once, and the next ones wait. `serve` watches the scope's
/// token itself.
pub async fn take_connections<F>(
    listener: TcpListener,
    most: usize,
    spawner: Spawner,
    name: &'static str,
    serve: impl Fn(TcpStream) -> F,
) where
    F: Future<Output = ()> + Send + 'static,
{
    let ending = spawner.token().clone();
    let places = Arc::new(Semaphore::new(most));
    let take_all = async {
        // The semaphore is never closed.
        while let Ok(place) = places.clone().acquire_owned().await {
            let stream = accept(&listener).await;
            // A frame on its own must not wait for the acknowledgement of the one before (Nagle).
            stream.set_nodelay(true).ok();
            let connection = Box::pin(serve(stream));
            spawner.spawn_to_end(name, async move {
                connection.await;
                drop(place);
            });
        }
    };
    ending.run_until_cancelled(take_all).await;
}

/// The next connection. While there are no file handles left, it waits for some.
async fn accept(listener: &TcpListener) -> TcpStream {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return stream,
            Err(error) if is_of_the_peer(error.kind()) => {}
            Err(error) => {
                tracing::warn!(%error, "no connection can be taken just now");
                tokio::time::sleep(timeouts::HTTP_ACCEPT_PAUSE).await;
            }
        }
    }
}

fn is_of_the_peer(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset | ErrorKind::ConnectionRefused
    )
}

#[cfg(test)]
mod tests;
