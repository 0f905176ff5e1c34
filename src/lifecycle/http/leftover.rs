//! What a request's body still holds when its answer is there: it is read and thrown away before the
//! answer is sent. A client that is still writing would not hear it otherwise: over HTTP/1.1 its
//! connection would break, and over HTTP/2 some clients take the reset of a body that nobody wants
//! (RFC 9113 §8.1) for a failure of the whole, curl among them.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, HttpBody};
use axum::http::{HeaderMap, header};
use bytes::Bytes;
use futures_util::StreamExt as _;
use hyper::body::{Frame, Incoming, SizeHint};
use tokio::sync::oneshot;

use crate::lifecycle::timeouts;

/// How much of a body is thrown away at most, in bytes.
const MOST: u64 = 64 * 1024 * 1024;

/// A request's body that is handed on when it is dropped before its end.
struct Watched {
    body: Option<Incoming>,
    left: Option<oneshot::Sender<Incoming>>,
    /// The client waits to hear whether it shall send the body at all (RFC 9110 §10.1.1): where
    /// nobody wanted it, there is none to throw away.
    is_held_back: bool,
}

/// Where a body arrives that was dropped.
pub(super) struct Leftover(Option<oneshot::Receiver<Incoming>>);

/// The body as it is given to a router, and what will be left of it.
pub(super) fn watch(body: Incoming, headers: &HeaderMap) -> (Body, Leftover) {
    if body.is_end_stream() {
        return (Body::new(body), Leftover(None));
    }
    let (left, arrives) = oneshot::channel();
    let watched = Watched {
        body: Some(body),
        left: Some(left),
        is_held_back: headers.contains_key(header::EXPECT),
    };
    (Body::new(watched), Leftover(Some(arrives)))
}

impl Leftover {
    /// Throws away what is left, as far as that takes neither too long nor too much.
    pub(super) async fn discard(self) {
        // Nothing has arrived where the body was read to its end, or is still being read.
        let Some(body) = self.0.and_then(|mut arrives| arrives.try_recv().ok()) else {
            return;
        };
        if body.size_hint().lower() > MOST {
            return;
        }
        let all = async {
            let (mut pieces, mut read) = (Body::new(body).into_data_stream(), 0);
            while read < MOST {
                match pieces.next().await {
                    Some(Ok(piece)) => read += piece.len() as u64,
                    Some(Err(_)) | None => return,
                }
            }
        };
        tokio::time::timeout(timeouts::HTTP_LEFTOVER, all)
            .await
            .ok();
    }
}

impl HttpBody for Watched {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let this = self.get_mut();
        this.is_held_back = false;
        let Some(body) = &mut this.body else {
            return Poll::Ready(None);
        };
        let frame = Pin::new(body).poll_frame(context);
        if matches!(frame, Poll::Ready(None | Some(Err(_)))) {
            this.left = None;
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(HttpBody::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body
            .as_ref()
            .map(HttpBody::size_hint)
            .unwrap_or_default()
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        if self.is_held_back || self.is_end_stream() {
            return;
        }
        if let (Some(left), Some(body)) = (self.left.take(), self.body.take()) {
            left.send(body).ok();
        }
    }
}
