//! Errors as XML.

use jiff::Timestamp;

/// The body of an error: `<Error><Code>401</Code><Detail>….TrackingId:…,TimeStamp:…</Detail></Error>`.
#[must_use]
pub fn write_error(_status: u16, _detail: &str, _tracking_id: &str, _now: Timestamp) -> String {
    unimplemented!()
}
