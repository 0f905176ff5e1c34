//! HTTP on a connection, from its first request to its end.

use std::convert::Infallible;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::response::Response;
use hyper::body::Incoming;
use hyper::rt::Executor;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use super::wire::{Opening, Wire};
use super::{ClientCertificate, HttpServer, leftover};
use crate::lifecycle::{Spawner, timeouts};

/// The largest head of an HTTP/1.1 request, in bytes; its body is read in pieces of at most this.
const MAX_HEAD: usize = 64 * 1024;

/// The largest header list of an HTTP/2 request, in bytes (RFC 9113 §6.5.2).
const MAX_HEADER_LIST: u32 = 32 * 1024;

/// How many requests an HTTP/2 client may have under way at once (APNs: 1000).
const MOST_STREAMS: u32 = 1000;

/// The largest frame of HTTP/2 that is read, in bytes: the least that the protocol allows.
const MAX_FRAME: u32 = 16 * 1024;

/// How much of one request's body may wait to be read, in bytes.
const STREAM_WINDOW: u32 = 64 * 1024;

/// How much of all bodies on one connection may wait to be read, in bytes.
const CONNECTION_WINDOW: u32 = 256 * 1024;

/// How much of one answer may wait to be sent, in bytes.
const MAX_SEND_BUFFER: usize = 64 * 1024;

/// How many streams a client may reset before they were looked at (CVE-2023-44487).
const MOST_RESETS: usize = 20;

/// How many streams may be reset for what their client did wrong before it is hung up on.
const MOST_BAD_STREAMS: usize = 1024;

/// Answers the requests that come on `wire` until either side ends it.
pub(super) async fn speak<S>(
    server: &HttpServer,
    wire: Wire<S>,
    opening: Opening,
    certificate: Option<ClientCertificate>,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let work = Work::default();
    let (router, counted) = (server.router.clone(), work.clone());
    let service = service_fn(move |mut request: Request<Incoming>| {
        if let Some(certificate) = certificate {
            request.extensions_mut().insert(certificate);
        }
        answer(router.clone(), request, counted.clone())
    });
    let (io, spawner) = (TokioIo::new(wire), &server.spawner);
    let served = if opening == Opening::Http2 {
        let streams = Streams::new(spawner.clone());
        let _over = streams.over.clone().drop_guard();
        let connection = http2(streams).serve_connection(io, service);
        let goodbye = |connection: Pin<&mut _>| http2::Connection::graceful_shutdown(connection);
        // Boxed, as it is large and a socket of thousands must not carry its size.
        let driven = drive(
            connection,
            goodbye,
            &work,
            spawner,
            Some(timeouts::HTTP2_IDLE),
        );
        Box::pin(driven).await
    } else {
        let connection = http1().serve_connection(io, service).with_upgrades();
        let goodbye =
            |connection: Pin<&mut _>| http1::UpgradeableConnection::graceful_shutdown(connection);
        let drive = drive(connection, goodbye, &work, spawner, None);
        tokio::select! {
            served = drive => served,
            () = work.has_been_at_work(timeouts::HTTP_WORK) => Ok(()),
        }
    };
    if let Err(error) = served {
        tracing::trace!(%error, "an HTTP connection broke off");
    }
}

fn http1() -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .max_buf_size(MAX_HEAD)
        // Who has said all may close its half and still hear the answer (RFC 9112 §9.6).
        .half_close(true)
        .header_read_timeout(timeouts::HTTP_HEAD);
    builder
}

fn http2(streams: Streams) -> http2::Builder<Streams> {
    let mut builder = http2::Builder::new(streams);
    builder
        .timer(TokioTimer::new())
        .max_concurrent_streams(MOST_STREAMS)
        .max_header_list_size(MAX_HEADER_LIST)
        .max_frame_size(MAX_FRAME)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_send_buf_size(MAX_SEND_BUFFER)
        .max_pending_accept_reset_streams(MOST_RESETS)
        .max_local_error_reset_streams(MOST_BAD_STREAMS)
        .keep_alive_interval(timeouts::HTTP2_PING)
        .keep_alive_timeout(timeouts::HTTP2_PONG);
    builder
}

/// Runs the connection until it ends by itself, has been idle for too long, or the scope ends.
async fn drive<C>(
    connection: C,
    goodbye: impl FnOnce(Pin<&mut C>),
    work: &Work,
    spawner: &Spawner,
    idle: Option<Duration>,
) -> hyper::Result<()>
where
    C: Future<Output = hyper::Result<()>>,
{
    let mut connection = pin!(connection);
    let limit = tokio::select! {
        served = connection.as_mut() => return served,
        () = work.has_been_idle(idle) => timeouts::HTTP_LAST_ANSWER,
        () = spawner.token().cancelled() => {
            if work.is_none() { timeouts::HTTP_GOODBYE } else { timeouts::HTTP_LAST_ANSWER }
        }
    };
    goodbye(connection.as_mut());
    let ended = tokio::time::timeout(limit, connection).await;
    ended.unwrap_or(Ok(()))
}

async fn answer(
    router: Router,
    request: Request<Incoming>,
    work: Work,
) -> Result<Response, Infallible> {
    let _piece = work.begin();
    let (parts, body) = request.into_parts();
    let (body, leftover) = leftover::watch(body, &parts.headers);
    let response = router.oneshot(Request::from_parts(parts, body)).await;
    leftover.discard().await;
    response
}

/// The requests of one connection.
#[derive(Debug, Clone, Default)]
struct Work(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    at_work: AtomicUsize,
    begun: AtomicUsize,
}

/// A request that is being worked on, even if its connection breaks.
struct Piece(Work);

impl Work {
    fn begin(&self) -> Piece {
        self.0.begun.fetch_add(1, Ordering::Relaxed);
        self.0.at_work.fetch_add(1, Ordering::Relaxed);
        Piece(self.clone())
    }

    fn is_none(&self) -> bool {
        self.0.at_work.load(Ordering::Relaxed) == 0
    }

    /// Waits until the one request that a connection has at a time was worked on for `time`, or up to
    /// twice as long.
    async fn has_been_at_work(&self, time: Duration) {
        loop {
            let before = self.0.begun.load(Ordering::Relaxed);
            tokio::time::sleep(time).await;
            if !self.is_none() && self.0.begun.load(Ordering::Relaxed) == before {
                return;
            }
        }
    }

    /// Waits until there was no request for `time`, or up to twice as long; for ever without one.
    async fn has_been_idle(&self, time: Option<Duration>) {
        let Some(time) = time else {
            return std::future::pending().await;
        };
        loop {
            let before = self.0.begun.load(Ordering::Relaxed);
            tokio::time::sleep(time).await;
            if self.is_none() && self.0.begun.load(Ordering::Relaxed) == before {
                return;
            }
        }
    }
}

impl Drop for Piece {
    fn drop(&mut self) {
        self.0.0.at_work.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Runs the streams of one HTTP/2 connection, none of which outlives it.
#[derive(Debug, Clone)]
struct Streams {
    spawner: Spawner,
    over: CancellationToken,
}

impl Streams {
    fn new(spawner: Spawner) -> Self {
        let over = CancellationToken::new();
        Self { spawner, over }
    }
}

impl<F> Executor<F> for Streams
where
    F: Future<Output = ()> + Send + 'static,
{
    fn execute(&self, stream: F) {
        let over = self.over.clone();
        self.spawner.spawn_to_end("http stream", async move {
            over.run_until_cancelled(stream).await;
        });
    }
}
