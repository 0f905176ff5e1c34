//! What a channel is opened with.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use uuid::Uuid;

use super::PushUrl;
use crate::lifecycle::timeouts;
use crate::model::{Handle, Platform};
use crate::wire::webpush::DeviceKeys;

/// The wait after the first failure; it doubles with each further one.
pub const BACKOFF_FIRST: Duration = Duration::from_millis(500);

/// The longest wait between two attempts.
pub const BACKOFF_LONGEST: Duration = Duration::from_secs(60);

/// A connection that lasted so long was useful: the backoff begins anew after it.
pub const USEFUL_AFTER: Duration = Duration::from_secs(30);

/// How a device reaches its push service.
#[derive(Debug, Clone)]
pub struct ChannelOptions {
    /// Where to try, in this order, until one greets; that one is kept. At least one.
    pub candidates: Vec<PushUrl>,
    /// The platform whose handle is wanted. A server without handset's extension gives a Web Push
    /// endpoint instead.
    pub platform: Platform,
    /// Certificates (PEM) to trust beside the system's.
    pub ca_file: Option<PathBuf>,
    /// How long an idle channel waits before it pings.
    pub ping_every: Duration,
    /// How long the peer may stay silent after a ping.
    pub pong_within: Duration,
    /// How long connecting may take: name, TCP, TLS and the WebSocket handshake.
    pub connect_within: Duration,
    /// How long `hello`, `register` and `unregister` may wait for their answers.
    pub answer_within: Duration,
    /// The wait after the first failure.
    pub backoff_first: Duration,
    /// The longest wait between two attempts.
    pub backoff_longest: Duration,
    /// The VAPID public key (RFC 8292) that senders of Web Push must prove.
    pub vapid_key: Option<String>,
}

impl ChannelOptions {
    /// The usual times, for one platform and these push services.
    #[must_use]
    pub fn new(platform: Platform, candidates: Vec<PushUrl>) -> Self {
        Self {
            candidates,
            platform,
            ca_file: None,
            ping_every: timeouts::CHANNEL_PING,
            pong_within: timeouts::CHANNEL_PONG,
            connect_within: timeouts::CHANNEL_CONNECT,
            answer_within: timeouts::CHANNEL_ANSWER,
            backoff_first: BACKOFF_FIRST,
            backoff_longest: BACKOFF_LONGEST,
            vapid_key: None,
        }
    }
}

/// Who the device is to its push service. The caller keeps it across restarts.
#[derive(Debug, Clone)]
pub struct Identity {
    /// The agent id of an earlier connection, from [`super::ChannelEvent::Identity`].
    pub uaid: Option<String>,
    /// The device's one channel, of its own making.
    pub channel_id: Uuid,
    /// The private half of its Web Push subscription.
    pub keys: Arc<DeviceKeys>,
    /// The handle it had, from [`super::ChannelEvent::Opened`].
    pub handle: Option<Handle>,
}

impl Identity {
    /// A device that no push service knows yet.
    #[must_use]
    pub fn fresh() -> Self {
        Self {
            uaid: None,
            channel_id: Uuid::new_v4(),
            keys: Arc::new(DeviceKeys::generate()),
            handle: None,
        }
    }
}
