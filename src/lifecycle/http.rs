//! An HTTP listener whose connections have an owner and whose clients have to be quick.

use std::convert::Infallible;
use std::io::ErrorKind;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::extract::Request;
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tower::ServiceExt as _;

use super::{Spawner, timeouts};

/// Serves `router` over HTTP/1.1 until the scope of `spawner` is canceled. Each connection is a
/// task of that scope. At most `most` are open at once, and the next ones wait; one that became a
/// WebSocket no longer counts. A connection on which no request comes, or comes too slowly, is
/// closed after [`timeouts::HTTP_HEAD`].
///
/// At the end no connection is taken any more. A request that is being worked on is answered; a
/// connection without one is closed.
pub async fn serve_http(listener: TcpListener, router: Router, most: usize, spawner: Spawner) {
    let ending = spawner.token().clone();
    let places = Arc::new(Semaphore::new(most));
    let take_all = async {
        // The semaphore is never closed.
        while let Ok(place) = places.clone().acquire_owned().await {
            let stream = accept(&listener).await;
            let connection = serve_connection(stream, router.clone(), spawner.clone());
            spawner.spawn_to_end("http connection", async move {
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

async fn serve_connection(stream: TcpStream, router: Router, spawner: Spawner) {
    // A frame on its own must not wait for the acknowledgement of the one before it (Nagle).
    stream.set_nodelay(true).ok();
    let at_work = Arc::new(AtomicUsize::new(0));
    let service = service_fn(|request| answer(router.clone(), request, at_work.clone()));
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(timeouts::HTTP_HEAD);
    let connection = builder.serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection.with_upgrades());
    let served = tokio::select! {
        served = connection.as_mut() => served,
        () = spawner.token().cancelled() => {
            connection.as_mut().graceful_shutdown();
            let idle = at_work.load(Ordering::Relaxed) == 0;
            let limit = if idle { timeouts::HTTP_GOODBYE } else { timeouts::SHUTDOWN };
            tokio::time::timeout(limit, connection).await.unwrap_or(Ok(()))
        }
    };
    if let Err(error) = served {
        tracing::trace!(%error, "an HTTP connection broke off");
    }
}

async fn answer(
    router: Router,
    request: Request<Incoming>,
    at_work: Arc<AtomicUsize>,
) -> Result<Response, Infallible> {
    let _work = Work::begin(at_work);
    router.oneshot(request).await
}

/// A request that is being worked on, even if its connection breaks.
struct Work(Arc<AtomicUsize>);

impl Work {
    fn begin(at_work: Arc<AtomicUsize>) -> Self {
        at_work.fetch_add(1, Ordering::Relaxed);
        Self(at_work)
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;
    use std::time::Duration;

    use axum::routing::get;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;
    use crate::lifecycle::Scope;

    async fn start(router: Router, most: usize) -> (SocketAddr, Scope) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, scope) = (listener.local_addr().unwrap(), Scope::new());
        let spawner = scope.spawner();
        scope.spawn("http", serve_http(listener, router, most, spawner));
        (address, scope)
    }

    fn hello() -> Router {
        Router::new().route("/", get(async || "hello"))
    }

    async fn say(address: SocketAddr, text: &str) -> TcpStream {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(text.as_bytes()).await.unwrap();
        stream
    }

    async fn all_of(mut stream: TcpStream) -> String {
        let mut text = String::new();
        stream.read_to_string(&mut text).await.unwrap();
        text
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_is_slow_or_silent_is_hung_up_on() {
        let (address, scope) = start(hello(), 8).await;
        let slow = say(address, "GET / HTTP/1.1\r\nHost: x\r\nX-").await;
        let silent = say(address, "").await;
        let idle = say(address, "GET / HTTP/1.1\r\nHost: x\r\n\r\n").await;
        let ended = async { (all_of(slow).await, all_of(silent).await, all_of(idle).await) };
        let (_, _, idle) = tokio::time::timeout(2 * timeouts::HTTP_HEAD, ended)
            .await
            .unwrap();
        assert!(idle.ends_with("hello"), "{idle}");
        assert_eq!(scope.shutdown(timeouts::SHUTDOWN).await, 0);
    }

    #[tokio::test]
    async fn at_the_end_only_a_request_at_work_is_waited_for() {
        let (begun, mut begins) = tokio::sync::mpsc::channel(1);
        let work = async move || {
            begun.send(()).await.ok();
            tokio::time::sleep(Duration::from_millis(50)).await;
            "done"
        };
        let (address, scope) = start(Router::new().route("/", get(work)), 8).await;
        let slow = say(address, "GET / HTTP/1.1\r\nHost: x\r\nX-").await;
        let at_work = say(address, "GET / HTTP/1.1\r\nHost: x\r\n\r\n").await;
        begins.recv().await.unwrap();
        assert_eq!(scope.shutdown(Duration::from_secs(3)).await, 0);
        assert!(all_of(at_work).await.ends_with("done"));
        assert_eq!(all_of(slow).await, "");
    }

    #[tokio::test]
    async fn so_many_connections_are_served_at_once_and_the_next_ones_wait() {
        let (address, scope) = start(hello(), 1).await;
        let first = say(address, "").await;
        let request = "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
        let mut second = say(address, request).await;
        let mut byte = [0];
        let waits = tokio::time::timeout(Duration::from_millis(50), second.read(&mut byte)).await;
        assert!(waits.is_err());
        drop(first);
        assert!(all_of(second).await.ends_with("hello"));
        assert_eq!(scope.shutdown(timeouts::SHUTDOWN).await, 0);
    }
}
