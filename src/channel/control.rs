//! What a device may ask of its channel.

use std::sync::Arc;

use tokio::sync::{Notify, mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use super::ChannelError;

/// Where the outcome of a wish to unregister goes.
pub(super) type UnregisterReply = oneshot::Sender<Result<(), ChannelError>>;

/// Steers an open channel. Cheap to clone; dropping it changes nothing.
#[derive(Debug, Clone)]
pub struct ChannelControl {
    unregister: mpsc::Sender<UnregisterReply>,
    closing: CancellationToken,
    nudge: Arc<Notify>,
}

/// The driver's end of a [`ChannelControl`].
#[derive(Debug)]
pub(super) struct Wishes {
    pub(super) unregister: mpsc::Receiver<UnregisterReply>,
    pub(super) closing: CancellationToken,
    pub(super) nudge: Arc<Notify>,
}

impl ChannelControl {
    pub(super) fn new() -> (Self, Wishes) {
        let (unregister, wishes) = mpsc::channel(4);
        let control = Self {
            unregister,
            closing: CancellationToken::new(),
            nudge: Arc::default(),
        };
        let wishes = Wishes {
            unregister: wishes,
            closing: control.closing.clone(),
            nudge: control.nudge.clone(),
        };
        (control, wishes)
    }

    /// Gives the handle back to the push service. After that the channel is closed for good.
    ///
    /// # Errors
    /// [`ChannelError::NotOpen`] while there is no open channel; otherwise what kept the service
    /// from answering.
    pub async fn unregister(&self) -> Result<(), ChannelError> {
        let (reply, outcome) = oneshot::channel();
        self.unregister
            .send(reply)
            .await
            .map_err(|_| ChannelError::ClosedByDevice)?;
        outcome.await.unwrap_or(Err(ChannelError::ClosedByDevice))
    }

    /// Closes the channel for good: what was acknowledged is still sent.
    pub fn close(&self) {
        self.closing.cancel();
    }

    /// The network may have changed: a closed channel is opened at once, an open one pings, so
    /// that a dead connection is noticed.
    pub fn reconnect_now(&self) {
        self.nudge.notify_one();
    }
}
