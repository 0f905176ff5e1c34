//! Errors as XML.

use jiff::Timestamp;

use super::markup;

/// The gateway that answers, by which a request's name ends in errors.
const GATEWAY: &str = "G1";

/// The body of an error: `<Error><Code>401</Code><Detail>….TrackingId:…_G1,TimeStamp:…</Detail></Error>`.
///
/// `detail` may be empty, and may end with a full stop of its own, as the service's do; the time is
/// the service's `11/7/2018 12:18:37 AM`, in UTC.
#[must_use]
pub fn write_error(status: u16, detail: &str, tracking_id: &str, now: Timestamp) -> String {
    let time = now.strftime("%-m/%-d/%Y %-I:%M:%S %p");
    let (detail, id) = (markup::text(detail), markup::text(tracking_id));
    format!(
        "<Error><Code>{status}</Code>\
         <Detail>{detail}.TrackingId:{id}_{GATEWAY},TimeStamp:{time}</Detail></Error>"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_written_as_the_service_writes_them() {
        let id = "cc8c4f9b-fd82-4cfa-8f99-7a089eb4cd69";
        let at = |time: &str| time.parse::<Timestamp>().unwrap();
        assert_eq!(
            write_error(
                404,
                "Installation not found",
                id,
                at("2018-11-07T00:18:37Z")
            ),
            "<Error><Code>404</Code><Detail>Installation not found.TrackingId:cc8c4f9b-fd82-4cfa-8f99-\
             7a089eb4cd69_G1,TimeStamp:11/7/2018 12:18:37 AM</Detail></Error>"
        );
        let manage = "Manage claim is required for this operation.";
        assert_eq!(
            write_error(401, manage, "a", at("2020-07-02T18:33:23.9Z")),
            "<Error><Code>401</Code><Detail>Manage claim is required for this operation..TrackingId:\
             a_G1,TimeStamp:7/2/2020 6:33:23 PM</Detail></Error>"
        );
        assert_eq!(
            write_error(404, "", "a", at("2018-11-07T12:00:00Z")),
            "<Error><Code>404</Code><Detail>.TrackingId:a_G1,TimeStamp:11/7/2018 12:00:00 PM</Detail></Error>"
        );
    }

    #[test]
    fn what_a_request_brought_is_escaped() {
        let body = write_error(400, "a<b>\0", "</Detail>&", Timestamp::UNIX_EPOCH);
        assert!(
            body.contains("a&lt;b&gt;\u{fffd}.TrackingId:&lt;/Detail&gt;&amp;_G1"),
            "{body}"
        );
    }
}
