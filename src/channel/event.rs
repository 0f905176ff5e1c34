//! What a channel tells its device.

use std::time::Duration;

use tokio::sync::mpsc::UnboundedSender;

use super::{ChannelError, PushUrl};
use crate::model::{Handle, MessageId, Platform, RawNotification, Subscription};

/// Something happened on the channel.
#[derive(Debug)]
pub enum ChannelEvent {
    /// The push service named the device anew: to be kept, and any earlier handle is void.
    Identity {
        /// The agent id to open the next channel with.
        uaid: String,
    },
    /// The channel is open and has a handle.
    Opened {
        /// The push service that greeted: to be kept as the first choice.
        url: PushUrl,
        /// Where senders reach the device.
        handle: Handle,
        /// The platform of the handle: Web Push where the server knows no other.
        platform: Platform,
        /// What a Web Push sender needs; none on other platforms.
        subscription: Option<Subscription>,
        /// How long the handle lasts, where the service says so. It is renewed before, with
        /// another `Opened`.
        expires_in: Option<Duration>,
        /// The handle is another than before: the backend is to be told.
        new_handle: bool,
    },
    /// A push arrived.
    Delivery(Delivery),
    /// Something arrived and was given up at once. Where it had a readable version, the service
    /// was told that it did not reach the app.
    Dropped {
        /// The message, where it said which one it is.
        message: Option<MessageId>,
        /// The rule, by name: `undecryptable`, `content_too_large`, `unreadable_frame`, ….
        reason: &'static str,
        /// What was wrong, shortened.
        detail: String,
    },
    /// The channel is closed.
    Closed {
        /// Why.
        reason: ChannelError,
        /// When it is opened again; none when it stays closed.
        retry_in: Option<Duration>,
    },
}

/// A push, and the receipt the push service waits for.
#[derive(Debug)]
pub struct Delivery {
    /// The push.
    pub raw: RawNotification,
    /// Given back once the push is durable.
    pub receipt: Receipt,
}

impl Delivery {
    /// Tells the service that the push is durable; see [`Receipt::ack`].
    pub fn ack(self) {
        self.receipt.ack();
    }
}

/// What the push service waits for. Dropped without [`Receipt::ack`], the message comes again on
/// the next connection.
#[derive(Debug)]
#[must_use = "a push that is not acknowledged comes again"]
pub struct Receipt {
    pub(super) ack: Ack,
    pub(super) to: UnboundedSender<Ack>,
}

impl Receipt {
    /// Tells the service that the push is durable: to be called only then. After the connection
    /// it came on is lost this does nothing: the push comes again under the same message id.
    pub fn ack(self) {
        // The channel may be closed for good: then nobody waits.
        self.to.send(self.ack).ok();
    }
}

/// One message to acknowledge, and the connection it came on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ack {
    pub(super) connection: u64,
    pub(super) version: MessageId,
}
