//! The device's end of the push channel: it opens a WebSocket to a push service, says who it is,
//! gets a handle, takes pushes, and acknowledges each once the caller has made it durable.
//!
//! What the protocol does is in `state` (pure), how a frame becomes a push in `adapter` (pure),
//! and the socket in `driver`, `line`, `dial` and `tls`. Keeping what arrives, and registering
//! the handle with a backend, is left to other rooms.

mod adapter;
mod control;
mod dial;
mod driver;
mod error;
mod event;
mod line;
mod options;
#[cfg(test)]
mod socket_tests;
mod state;
mod tls;
mod url;

pub use control::ChannelControl;
pub use driver::{Channel, ChannelDriver, ChannelReceiver};
pub use error::ChannelError;
pub use event::{ChannelEvent, Delivery, Receipt};
pub use options::{BACKOFF_FIRST, BACKOFF_LONGEST, ChannelOptions, Identity, USEFUL_AFTER};
pub use url::PushUrl;
