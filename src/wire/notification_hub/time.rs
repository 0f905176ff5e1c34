//! Times in headers, documents and templates, ISO 8601.

use jiff::Timestamp;
use jiff::civil::Time;
use jiff::fmt::temporal::Pieces;
use jiff::tz::Offset;

use crate::model::Invalid;

/// Reads a time; without a zone it is UTC. The last hours of the year 9999, with which some mean
/// "never", are beyond [`Timestamp::MAX`], and are that.
///
/// # Errors
/// [`Invalid`] names what it is a time of.
pub fn read_time(what: &'static str, text: &str) -> Result<Timestamp, Invalid> {
    let pieces = Pieces::parse(text)
        .map_err(|_| Invalid::new(what, "is no time such as 2026-11-20T18:07:40Z"))?;
    let time = pieces.time().unwrap_or_else(Time::midnight);
    let plain = pieces.date().to_datetime(time);
    let offset = pieces.to_numeric_offset().unwrap_or(Offset::UTC);
    let end = if plain.year() > 0 {
        Timestamp::MAX
    } else {
        Timestamp::MIN
    };
    Ok(offset.to_timestamp(plain).unwrap_or(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Result<String, Invalid> {
        read_time("time", text).map(|time| time.to_string())
    }

    #[test]
    fn a_time_without_a_zone_is_utc() {
        let expected = "2026-11-20T18:07:40Z";
        for text in [
            "2026-11-20T18:07:40",
            "2026-11-20T18:07:40Z",
            "2026-11-20T19:07:40+01:00",
        ] {
            assert_eq!(at(text).as_deref(), Ok(expected), "{text}");
        }
        assert!(at("2026-11-20T18:07:40.106Z").is_ok());
        assert_eq!(at("2026-11-20").as_deref(), Ok("2026-11-20T00:00:00Z"));
        for bad in ["", "soon", "2026-13-01T00:00:00Z", "1700000000", "18:07"] {
            assert!(at(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_end_of_the_calendar_is_a_time() {
        for never in [
            "9999-12-31T23:59:59Z",
            "9999-12-31T23:59:59.9999999",
            "9999-12-31T23:59:59-12:00",
        ] {
            assert_eq!(at(never), Ok(Timestamp::MAX.to_string()), "{never}");
        }
        assert!(at("10000-01-01T00:00:00Z").is_err());
    }
}
