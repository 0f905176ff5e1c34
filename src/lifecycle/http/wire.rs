//! A byte stream that tells by its first bytes what is spoken on it, and that does not wait for
//! ever for a peer that takes nothing.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

use crate::lifecycle::timeouts;

/// What an HTTP/2 client sends first (RFC 9113 §3.4).
const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// The first byte of a TLS handshake record (RFC 8446 §5.1).
const HANDSHAKE: u8 = 0x16;

/// A stream of whatever kind, for ways in that are few.
pub(super) type AnyStream = Box<dyn Stream>;

pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// What is spoken on a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Opening {
    Tls,
    Http1,
    Http2,
}

/// The stream, with the bytes that were read to tell.
pub(super) struct Wire<S> {
    stream: S,
    opening: [u8; PREFACE.len()],
    /// How many bytes of `opening` were read, and how many of these were handed on.
    read: u8,
    handed_on: u8,
    /// Until when the peer must take something, while there is something to take.
    stalled: Option<Pin<Box<Sleep>>>,
}

impl<S> Wire<S> {
    pub(super) fn new(stream: S) -> Self {
        Self {
            stream,
            opening: [0; PREFACE.len()],
            read: 0,
            handed_on: 0,
            stalled: None,
        }
    }

    fn watch<T>(
        &mut self,
        context: &mut Context<'_>,
        progress: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if progress.is_ready() {
            self.stalled = None;
            return progress;
        }
        let stalled = self
            .stalled
            .get_or_insert_with(|| Box::pin(tokio::time::sleep(timeouts::HTTP_STALL)));
        let stalled = stalled.as_mut();
        Future::poll(stalled, context).map(|()| Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncRead + Unpin> Wire<S> {
    /// Reads until it is clear what is spoken.
    pub(super) async fn read_opening(&mut self) -> io::Result<Opening> {
        loop {
            let read = usize::from(self.read);
            let (known, rest) = self.opening.split_at_mut(read);
            if known.first() == Some(&HANDSHAKE) {
                return Ok(Opening::Tls);
            }
            if !PREFACE.starts_with(known) {
                return Ok(Opening::Http1);
            }
            if rest.is_empty() {
                return Ok(Opening::Http2);
            }
            match self.stream.read(rest).await? {
                0 => return Ok(Opening::Http1),
                more => self.read += u8::try_from(more).map_err(io::Error::other)?,
            }
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Wire<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let waiting = &this.opening[usize::from(this.handed_on)..usize::from(this.read)];
        if waiting.is_empty() {
            return Pin::new(&mut this.stream).poll_read(context, buffer);
        }
        let most = waiting.len().min(buffer.remaining());
        buffer.put_slice(&waiting[..most]);
        this.handed_on = this
            .handed_on
            .saturating_add(u8::try_from(most).unwrap_or(u8::MAX));
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Wire<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let progress = Pin::new(&mut this.stream).poll_write(context, bytes);
        this.watch(context, progress)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let progress = Pin::new(&mut this.stream).poll_write_vectored(context, slices);
        this.watch(context, progress)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let progress = Pin::new(&mut this.stream).poll_flush(context);
        this.watch(context, progress)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let progress = Pin::new(&mut this.stream).poll_shutdown(context);
        this.watch(context, progress)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncWriteExt as _;

    async fn told(bytes: &[&[u8]]) -> (Opening, Vec<u8>) {
        let (mut near, far) = tokio::io::duplex(64);
        let bytes: Vec<Vec<u8>> = bytes.iter().map(|bytes| bytes.to_vec()).collect();
        let write = async move {
            for part in bytes {
                near.write_all(&part).await.unwrap();
                tokio::task::yield_now().await;
            }
        };
        let read = async {
            let mut wire = Wire::new(far);
            let opening = wire.read_opening().await.unwrap();
            let mut all = Vec::new();
            wire.read_to_end(&mut all).await.unwrap();
            (opening, all)
        };
        tokio::join!(write, read).1
    }

    #[tokio::test]
    async fn the_first_bytes_tell_and_none_is_lost() {
        let preface: &[u8] = PREFACE;
        for (bytes, opening) in [
            (&[preface, b"more"][..], Opening::Http2),
            (
                &[&preface[..3], &preface[3..20], &preface[20..]],
                Opening::Http2,
            ),
            (&[b"\x16\x03\x01"], Opening::Tls),
            (&[b"P", b"OST / HTTP/1.1\r\n\r\n"], Opening::Http1),
            (
                &[b"GET / HTTP/1.1\r\nhost: a-long-one\r\n\r\n"],
                Opening::Http1,
            ),
            (&[b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r!"], Opening::Http1),
            (&[b"\x00"], Opening::Http1),
            (&[], Opening::Http1),
        ] {
            assert_eq!(told(bytes).await, (opening, bytes.concat()));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_takes_nothing_is_given_up() {
        let (_near, far) = tokio::io::duplex(8);
        let mut wire = Wire::new(far);
        let began = tokio::time::Instant::now();
        let error = wire.write_all(&[0; 64]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert_eq!(began.elapsed().as_secs(), timeouts::HTTP_STALL.as_secs());
    }
}
