//! Tunnels to other hosts.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::Refusal;
use crate::emulator::hub::refuse_special;
use crate::lifecycle::timeouts;

/// Connects to `host`, whose addresses are checked as those that the hub posts to are.
pub(super) async fn connect(host: &str, port: u16) -> Result<TcpStream, Refusal> {
    let limit = timeouts::PROXY_CONNECT;
    tokio::time::timeout(limit, connect_in_time(host, port))
        .await
        .unwrap_or_else(|_| Err(Refusal::TimedOut(host.to_owned())))
}

async fn connect_in_time(host: &str, port: u16) -> Result<TcpStream, Refusal> {
    let found = tokio::net::lookup_host((host, port)).await;
    let found: Vec<_> = found
        .map_err(|_| Refusal::Unresolved(host.to_owned()))?
        .collect();
    let mut failure = if found.is_empty() {
        Refusal::Unresolved(host.to_owned())
    } else {
        Refusal::SpecialAddress(host.to_owned())
    };
    let good = found
        .into_iter()
        .filter(|address| refuse_special(address.ip(), true).is_ok());
    for address in good {
        match TcpStream::connect(address).await {
            Ok(stream) => {
                stream.set_nodelay(true).ok();
                return Ok(stream);
            }
            Err(cause) => {
                failure = Refusal::Unreachable {
                    host: host.to_owned(),
                    cause,
                };
            }
        }
    }
    Err(failure)
}

/// Carries bytes both ways until both sides have ended, or nothing came for
/// [`timeouts::PROXY_IDLE`].
pub(super) async fn carry<S>(near: S, far: TcpStream)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let moved = Arc::new(AtomicBool::new(false));
    let mut near = Watched {
        stream: near,
        moved: moved.clone(),
    };
    let mut far = Watched {
        stream: far,
        moved: moved.clone(),
    };
    let idle = async {
        loop {
            tokio::time::sleep(timeouts::PROXY_IDLE).await;
            if !moved.swap(false, Ordering::Relaxed) {
                break;
            }
        }
    };
    tokio::select! {
        carried = tokio::io::copy_bidirectional(&mut near, &mut far) => {
            if let Err(error) = carried {
                tracing::trace!(%error, "a tunnel broke off");
            }
        }
        () = idle => tracing::debug!("a tunnel carried nothing for too long"),
    }
}

/// A stream that notes that something was read from it.
struct Watched<S> {
    stream: S,
    moved: Arc<AtomicBool>,
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        if buffer.filled().len() > before {
            self.moved.store(true, Ordering::Relaxed);
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    #[tokio::test(start_paused = true)]
    async fn a_tunnel_that_carries_nothing_ends() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let far = connect("127.0.0.1", port).await.unwrap();
        let (_near, other) = tokio::io::duplex(64);
        let began = tokio::time::Instant::now();
        carry(other, far).await;
        assert_eq!(began.elapsed().as_secs(), timeouts::PROXY_IDLE.as_secs());
    }

    #[tokio::test]
    async fn special_addresses_are_refused() {
        for host in [
            "169.254.169.254",
            "fe80::1",
            "0.0.0.0",
            "::ffff:169.254.169.254",
        ] {
            let refused = connect(host, 80).await.unwrap_err();
            assert!(
                matches!(refused, Refusal::SpecialAddress(_)),
                "{host}: {refused}"
            );
        }
    }
}
