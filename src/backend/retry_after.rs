//! The `Retry-After` header (RFC 9110 §10.2.3).

use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use reqwest::header::{DATE, HeaderMap, HeaderName, RETRY_AFTER};

/// The longest wait that is taken from a backend.
const LONGEST: Duration = Duration::from_secs(60 * 60);

/// How long to wait, at most an hour: from seconds, or from an HTTP date against the answer's own
/// `Date` header, or against `now` where it has none. Nothing for what is neither.
pub(super) fn read(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = text(headers, &RETRY_AFTER)?;
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than a number holds is a long wait all the same.
        let seconds = text.parse().unwrap_or(u64::MAX);
        return Some(Duration::from_secs(seconds).min(LONGEST));
    }
    let until = http_date(text)?;
    let from = self::text(headers, &DATE)
        .and_then(http_date)
        .unwrap_or(now);
    let wait = until.duration_since(from);
    Some(
        Duration::try_from(wait)
            .unwrap_or(Duration::ZERO)
            .min(LONGEST),
    )
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

/// Reads the three forms of RFC 9110 §5.6.7.
fn http_date(text: &str) -> Option<Timestamp> {
    [
        "%a, %d %b %Y %H:%M:%S GMT",
        "%A, %d-%b-%y %H:%M:%S GMT",
        "%a %b %e %H:%M:%S %Y",
    ]
    .into_iter()
    .find_map(|format| DateTime::strptime(format, text).ok())
    .and_then(|date| date.to_zoned(TimeZone::UTC).ok())
    .map(|date| date.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wait(value: &str, date: Option<&str>) -> Option<u64> {
        let now: Timestamp = "2026-11-20T18:00:00Z".parse().unwrap();
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, value.parse().unwrap());
        if let Some(date) = date {
            headers.insert(DATE, date.parse().unwrap());
        }
        read(&headers, now).map(|wait| wait.as_secs())
    }

    #[test]
    fn seconds_are_read_and_capped() {
        assert_eq!(wait("120", None), Some(120));
        assert_eq!(wait(" 0 ", None), Some(0));
        assert_eq!(wait("86400", None), Some(3600));
        assert_eq!(wait("99999999999999999999999999", None), Some(3600));
    }

    #[test]
    fn the_three_date_forms_are_read_and_capped() {
        assert_eq!(wait("Fri, 20 Nov 2026 18:02:00 GMT", None), Some(120));
        assert_eq!(wait("Friday, 20-Nov-26 18:02:00 GMT", None), Some(120));
        assert_eq!(wait("Fri Nov 20 18:02:00 2026", None), Some(120));
        assert_eq!(wait("Fri, 20 Nov 2026 23:02:00 GMT", None), Some(3600));
        assert_eq!(wait("Fri, 20 Nov 2026 17:02:00 GMT", None), Some(0));
    }

    #[test]
    fn a_backend_with_a_wrong_clock_is_measured_by_its_own() {
        let date = "Fri, 20 Nov 2026 10:00:00 GMT";
        assert_eq!(wait("Fri, 20 Nov 2026 10:00:30 GMT", Some(date)), Some(30));
    }

    #[test]
    fn anything_else_is_no_wait() {
        for bad in ["", "soon", "-5", "1.5", "Fri, 20 Nov"] {
            assert_eq!(wait(bad, None), None, "{bad}");
        }
    }
}
