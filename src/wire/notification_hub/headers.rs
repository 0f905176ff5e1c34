//! Names of headers and the limits of a hub.

/// The header with the format of a send.
pub const FORMAT: &str = "servicebusnotification-format";

/// The header with the tag expression of a send; without it a send goes to all.
pub const TAGS: &str = "servicebusnotification-tags";

/// The header with the handle of a direct send.
pub const DEVICE_HANDLE: &str = "servicebusnotification-devicehandle";

/// The header with the time of a scheduled send.
pub const SCHEDULE_TIME: &str = "servicebusnotification-scheduletime";

/// The header with APNs's expiry.
pub const APNS_EXPIRY: &str = "servicebusnotification-apns-expiry";

/// The header with the token of the next page.
pub const CONTINUATION: &str = "x-ms-continuationtoken";

/// The header that names a request in a hub's own logs; an answer echoes it.
pub const TRACKING_ID: &str = "trackingid";

/// The header with the hub's own id of a request.
pub const CORRELATION_ID: &str = "x-ms-correlation-request-id";

/// The header with the domain of the app backend that sends: handset's own, for hubs that ask which
/// partner it is.
pub const DOMAIN: &str = "x-handset-domain";

/// The header with the proxy through which that app backend comes, where it comes through a hosting
/// provider's: handset's own.
pub const PROXY: &str = "x-handset-proxy";

/// The header of a refused send whose push service is switched off at the hub, with the service's
/// name: handset's own, to senders that name their domain.
pub const SERVICE_OFF: &str = "x-handset-service-off";

/// The largest body that a hub takes, in bytes (64 KiB).
pub const MAX_BODY: usize = 64 * 1024;
