//! Ids of messages, in the shape that the service gives them.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rand::RngExt as _;

use crate::emulator::random;

/// `{32 hexadecimal digits}-{time}-{8 digits}-{number}`.
pub(super) fn message(now: Timestamp) -> String {
    let (time, place, number) = rest(now);
    format!("{}-{time}-{place}-{number}", random::hex_128())
}

/// `{32 hexadecimal digits}_{time}_{8 digits}_{number}_Q-S1`.
pub(super) fn scheduled(now: Timestamp) -> String {
    let (time, place, number) = rest(now);
    format!("{}_{time}_{place}_{number}_Q-S1", random::hex_128())
}

fn rest(now: Timestamp) -> (String, u32, u32) {
    let time = now
        .to_zoned(TimeZone::UTC)
        .strftime("%Y%m%d%H%M%S")
        .to_string();
    let mut rng = rand::rng();
    (
        time,
        rng.random_range(10_000_000..100_000_000),
        rng.random_range(1..100),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_carry_the_time_and_differ() {
        let now: Timestamp = "2026-11-20T17:07:40Z".parse().unwrap();
        let id = message(now);
        let parts: Vec<&str> = id.split('-').collect();
        assert_eq!(
            (parts[0].len(), parts[1], parts.len()),
            (32, "20261120170740", 4)
        );
        let id = scheduled(now);
        assert!(
            id.contains("_20261120170740_") && id.ends_with("_Q-S1"),
            "{id}"
        );
        assert_ne!(scheduled(now), id);
    }
}
