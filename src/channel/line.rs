//! The connection itself: being dialed, or up with frames to write.

use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_util::{FutureExt as _, Sink, SinkExt as _, StreamExt as _};
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::error::Error as WsError;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

use super::dial::{Socket, line_failure};
use super::{ChannelError, PushUrl};
use crate::lifecycle::timeouts;

type Dialing = Pin<Box<dyn Future<Output = Result<Box<Socket>, ChannelError>> + Send>>;

/// A connection to a push service, or none.
#[derive(Default)]
pub(super) enum Line {
    /// No connection.
    #[default]
    Down,
    /// A connection is being made.
    Dialing(PushUrl, Dialing),
    /// A connection.
    Up(Up),
}

/// An open WebSocket and what waits to be written to it.
pub(super) struct Up {
    url: PushUrl,
    socket: Box<Socket>,
    queue: VecDeque<Message>,
    unwritten_since: Option<Instant>,
}

/// What the line brought.
#[derive(Debug)]
pub(super) enum Arrival {
    /// The connection is made.
    Connected,
    /// It could not be made, or is broken.
    Failed(ChannelError),
    /// A message came.
    Message(Message),
    /// Everything is written.
    Written,
}

impl Line {
    /// The next arrival; waits for ever while there is no connection. Messages are read only
    /// while `reading`. Nothing is lost when the future is dropped.
    pub(super) async fn next(&mut self, reading: bool) -> Arrival {
        match self {
            Self::Down => std::future::pending().await,
            Self::Dialing(url, dialing) => {
                let made = dialing.await;
                let url = url.clone();
                *self = Self::Down;
                match made {
                    Ok(socket) => {
                        *self = Self::Up(Up::new(url, socket));
                        Arrival::Connected
                    }
                    Err(error) => Arrival::Failed(error),
                }
            }
            Self::Up(up) => poll_fn(|context| up.poll(context, reading)).await,
        }
    }

    /// Queues a message at `now`; without a connection it is gone.
    pub(super) fn queue(&mut self, message: Message, now: Instant) {
        if let Self::Up(up) = self {
            up.queue.push_back(message);
            up.unwritten_since.get_or_insert(now);
        }
    }

    /// Since when something waits to be written.
    pub(super) fn unwritten_since(&self) -> Option<Instant> {
        match self {
            Self::Up(up) => up.unwritten_since,
            Self::Down | Self::Dialing(..) => None,
        }
    }

    /// Asks for what is queued below the messages, such as a pong, to be written.
    pub(super) fn flush_soon(&mut self, now: Instant) {
        if let Self::Up(up) = self {
            up.unwritten_since.get_or_insert(now);
        }
    }

    /// Ends the connection, saying goodbye as far as that does not take time.
    pub(super) fn drop_with(&mut self, farewell: Option<u16>) {
        if let (Self::Up(mut up), Some(code)) = (std::mem::take(self), farewell) {
            up.say_goodbye(code).now_or_never();
        }
    }

    /// Ends the connection in order, waiting a moment for the peer.
    pub(super) async fn close_with(&mut self, farewell: Option<u16>) {
        if let (Self::Up(mut up), Some(code)) = (std::mem::take(self), farewell) {
            tokio::time::timeout(timeouts::CHANNEL_GOODBYE, up.say_goodbye(code))
                .await
                .ok();
        }
    }
}

impl Up {
    fn new(url: PushUrl, socket: Box<Socket>) -> Self {
        Self {
            url,
            socket,
            queue: VecDeque::new(),
            unwritten_since: None,
        }
    }

    fn poll(&mut self, context: &mut Context<'_>, reading: bool) -> Poll<Arrival> {
        if self.unwritten_since.is_some()
            && let Poll::Ready(written) = self.poll_write(context)
        {
            self.unwritten_since = None;
            return Poll::Ready(match written {
                Ok(()) => Arrival::Written,
                Err(error) => Arrival::Failed(line_failure(&self.url, &error)),
            });
        }
        if !reading {
            return Poll::Pending;
        }
        self.socket.poll_next_unpin(context).map(|next| match next {
            Some(Ok(message)) => Arrival::Message(message),
            Some(Err(error)) => Arrival::Failed(line_failure(&self.url, &error)),
            None => Arrival::Failed(ChannelError::Lost {
                url: self.url.clone(),
                cause: "it was closed without a word".to_owned(),
            }),
        })
    }

    fn poll_write(&mut self, context: &mut Context<'_>) -> Poll<Result<(), WsError>> {
        let mut socket = Pin::new(&mut *self.socket);
        while !self.queue.is_empty() {
            ready!(socket.as_mut().poll_ready(context))?;
            if let Some(message) = self.queue.pop_front() {
                socket.as_mut().start_send(message)?;
            }
        }
        socket.poll_flush(context)
    }

    async fn say_goodbye(&mut self, code: u16) {
        let frame = CloseFrame {
            code: code.into(),
            reason: "".into(),
        };
        let written = poll_fn(|context| self.poll_write(context)).await;
        if written.is_err() || self.socket.send(Message::Close(Some(frame))).await.is_err() {
            return;
        }
        // The peer's own close frame ends the stream.
        while let Some(Ok(_)) = self.socket.next().await {}
    }
}
