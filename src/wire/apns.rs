//! Apple Push Notification service: header names and limits of its HTTP/2 provider API.

use std::time::Duration;

/// The largest payload, in bytes.
pub const MAX_BODY: usize = 4096;

/// The largest payload of a VoIP push, in bytes.
pub const MAX_VOIP_BODY: usize = 5120;

/// The longest `apns-collapse-id`, in bytes.
pub const MAX_COLLAPSE_ID: usize = 64;

/// How long a push is stored at most: 30 days.
pub const MAX_STORED: Duration = Duration::from_secs(30 * 86_400);

/// How old a provider token may be, in seconds.
pub const TOKEN_SECONDS: i64 = 3600;

/// `apns-topic`: the app's bundle id, with a suffix for some push types.
pub const TOPIC: &str = "apns-topic";
/// `apns-push-type`.
pub const PUSH_TYPE: &str = "apns-push-type";
/// `apns-priority`: 10 at once, 5 with regard to the battery, 1 without waking the device.
pub const PRIORITY: &str = "apns-priority";
/// `apns-expiration`: seconds since 1970; 0 is one try and no storage.
pub const EXPIRATION: &str = "apns-expiration";
/// `apns-collapse-id`.
pub const COLLAPSE_ID: &str = "apns-collapse-id";
/// `apns-id`: a UUID, echoed byte for byte.
pub const ID: &str = "apns-id";
/// `apns-unique-id`: the service's own id of the message, which only the development environment
/// answers.
pub const UNIQUE_ID: &str = "apns-unique-id";

/// What some push types add to the bundle id in [`TOPIC`].
pub const TOPIC_SUFFIXES: [&str; 8] = [
    ".complication",
    ".location-query",
    ".push-type.controls",
    ".push-type.liveactivity",
    ".push-type.widgets",
    ".pushkit.fileprovider",
    ".voip",
    ".voip-ptt",
];

/// The values of `apns-push-type`.
pub const PUSH_TYPES: [&str; 11] = [
    "alert",
    "background",
    "complication",
    "controls",
    "fileprovider",
    "liveactivity",
    "location",
    "mdm",
    "pushtotalk",
    "voip",
    "widgets",
];
