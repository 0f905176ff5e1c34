//! Firebase Cloud Messaging, HTTP v1: limits, and the answer of the token endpoint.

use std::time::Duration;

/// The largest `data` and `notification` of a message to a device, in bytes.
pub const MAX_MESSAGE: usize = 4096;

/// The largest `data` and `notification` of a message to topics, in bytes.
pub const MAX_TOPIC_MESSAGE: usize = 2048;

/// The longest time to live, and the one of a message that names none: four weeks.
pub const MAX_TTL: Duration = Duration::from_secs(28 * 86_400);

/// How many messages without a collapse key are stored for an app; one more discards them all.
pub const MOST_PENDING: i64 = 100;

/// How many collapse keys have a message stored for an app at a time.
pub const MOST_COLLAPSE_KEYS: i64 = 4;

/// A registration token that its device did not ask for in so many seconds has expired: 270 days.
pub const IDLE_SECONDS: u64 = 270 * 86_400;

/// How long an access token lasts, in seconds.
pub const TOKEN_SECONDS: u64 = 3600;

/// The type URL of the detail that names FCM's own error code.
pub const ERROR_TYPE: &str = "type.googleapis.com/google.firebase.fcm.v1.FcmError";
