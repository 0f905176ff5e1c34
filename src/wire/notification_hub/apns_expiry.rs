//! The expiry of an Apple push, as senders and templates write it.

use crate::model::Invalid;

use super::read_time;

/// Reads an expiry as APNs has it, in seconds since 1970: `YYYY-MM-DDThh:mm±hh:mm` (W3C, "Date and
/// Time Formats"), in UTC where there is no offset, or the seconds themselves. Zero, or what is past,
/// is now or never.
///
/// # Errors
/// [`Invalid`] of the kind `what` where it is neither.
pub fn read_apns_expiry(what: &'static str, text: &str) -> Result<i64, Invalid> {
    let text = text.trim();
    if let Ok(seconds) = text.parse::<u32>() {
        return Ok(seconds.into());
    }
    read_time(what, text).map(|at| at.as_second().max(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expiry_is_a_time_or_the_seconds_of_one() {
        let read = |text: &str| read_apns_expiry("expiry", text);
        assert_eq!(read("1997-07-16T19:20+01:00"), Ok(869_077_200));
        assert_eq!(read("1997-07-16T18:20:00Z"), Ok(869_077_200));
        assert_eq!(read(" 1997-07-16T18:20:00 "), Ok(869_077_200));
        assert_eq!(read("869077200"), Ok(869_077_200));
        assert_eq!(read("0"), Ok(0));
        assert_eq!(read("9999-12-31T23:59:59.9999999"), Ok(253_402_207_200));
        assert_eq!(read("1960-01-01T00:00:00Z"), Ok(0));
        for bad in ["", "soon", "-1", "99999999999", "2027-13-01T00:00"] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
