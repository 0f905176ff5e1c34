//! Windows Push Notification Services: header names, limits and the token answer.

use serde::{Deserialize, Serialize};

/// The largest notification body, in bytes ("exceeds 5000 byte": 5,000 itself passes).
pub const MAX_BODY: usize = 5000;

/// How long an access token lasts, in seconds.
pub const TOKEN_SECONDS: u64 = 86_400;

/// How long a channel URI lasts, in seconds: 30 days.
pub const CHANNEL_SECONDS: u64 = 30 * 86_400;

/// `X-WNS-Type`: required, one of `wns/raw`, `wns/toast`, `wns/tile`, `wns/badge`.
pub const TYPE: &str = "x-wns-type";
/// `X-WNS-Cache-Policy`: `cache` or `no-cache`; raw is not cached by default.
pub const CACHE_POLICY: &str = "x-wns-cache-policy";
/// `X-WNS-TTL`: seconds from receipt.
pub const TTL: &str = "x-wns-ttl";
/// `X-WNS-Tag`: at most 16 alphanumeric characters.
pub const TAG: &str = "x-wns-tag";
/// `X-WNS-Group`: at most 16 alphanumeric characters.
pub const GROUP: &str = "x-wns-group";
/// `X-WNS-Match` of a `DELETE`: which toasts leave the action centre.
pub const MATCH: &str = "x-wns-match";
/// What stands for [`TYPE`] on the way to the device where toasts are to leave; its body is empty,
/// tag and group stand where those of a toast do. No sender may name it.
pub const REMOVAL: &str = "wns/toast-removal";
/// `X-WNS-SuppressPopup`: `true` sends a toast straight to the action centre.
pub const SUPPRESS_POPUP: &str = "x-wns-suppresspopup";
/// `X-WNS-PRIORITY`: 1 high to 4 very low.
pub const PRIORITY: &str = "x-wns-priority";
/// `X-WNS-RequestForStatus`: `true` asks for [`DEVICE_CONNECTION_STATUS`].
pub const REQUEST_FOR_STATUS: &str = "x-wns-requestforstatus";
/// `X-WNS-Status`: `received`, `dropped` or `channelthrottled`.
pub const STATUS: &str = "x-wns-status";
/// `X-WNS-NotificationStatus`: the same, which some senders read instead.
pub const NOTIFICATION_STATUS: &str = "x-wns-notificationstatus";
/// `X-WNS-Msg-ID`: at most 16 characters.
pub const MSG_ID: &str = "x-wns-msg-id";
/// `X-WNS-DeviceConnectionStatus`: `connected` or `disconnected`.
pub const DEVICE_CONNECTION_STATUS: &str = "x-wns-deviceconnectionstatus";
/// `X-WNS-Debug-Trace`.
pub const DEBUG_TRACE: &str = "x-wns-debug-trace";
/// `X-WNS-Error-Description`.
pub const ERROR_DESCRIPTION: &str = "x-wns-error-description";
/// `MS-CV`: echoed where given.
pub const MS_CV: &str = "ms-cv";

/// Answer of the token endpoint. `token_type` is exactly `bearer`, as senders compare it.
#[derive(Serialize, Deserialize)]
pub struct TokenAnswer {
    /// `bearer`.
    pub token_type: String,
    /// The token.
    pub access_token: String,
    /// Seconds until it expires.
    pub expires_in: u64,
}
