//! Errors on demand: handles that stand for no device, and whose sender is answered the error that
//! they name.
//!
//! | platform | handle | with a count |
//! |---|---|---|
//! | APNs | hex of `err:Reason`, then zeros up to 64 digits | `err:Reason:2` |
//! | FCM | `error:CODE` | `error:CODE:2` |
//! | WNS | `/w/?token=error-STATUS` or `error-WORD` | `error-503-2` |
//! | Web Push | `/wpush/v1/error-STATUS` or `error-STATUS-ERRNO` | `error-503-2`, `error-503-201-2` |
//!
//! A handle with a count (1 to 99) fails so many times, then succeeds once with nothing delivered,
//! and begins anew: what a sender's own retries meet. Behind the count may stand a label, which
//! makes a handle of its own for each test: `error:UNAVAILABLE:2:login`. All that comes before the
//! handle is looked up (authorisation, headers, for FCM the whole message) is checked as for any
//! other. A word that the platform has not is an unknown handle.

mod handle;
mod listing;
mod tries;

pub use listing::{ErrorOnDemand, errors_on_demand};

use crate::model::Platform;

use handle::Wish;
use tries::Tries;

/// Answers handles that ask for an error. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(in crate::emulator) struct OnDemand {
    tries: Tries,
}

/// What a handle that asks for an error is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Asked<T> {
    /// The error.
    Fail(T),
    /// It failed as often as it was to: success, with nothing delivered.
    Succeed,
}

impl OnDemand {
    /// What `token` asks for; none where it is an ordinary handle. `named` reads the platform's own
    /// words.
    pub(super) fn asked<T>(
        &self,
        platform: Platform,
        token: &str,
        named: impl FnOnce(&str) -> Option<T>,
    ) -> Option<Asked<T>> {
        let Wish { error, times } = Wish::read(platform, token)?;
        let error = named(&error)?;
        match times {
            Some(times) if !self.tries.fails(platform, token, times) => Some(Asked::Succeed),
            Some(_) | None => Some(Asked::Fail(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counted_handle_fails_so_often_and_begins_anew() {
        let on_demand = OnDemand::default();
        let ask = |token: &str| {
            let named = |name: &str| (name == "UNAVAILABLE").then_some(());
            on_demand.asked(Platform::Fcm, token, named)
        };
        for _ in 0..2 {
            assert_eq!(ask("error:UNAVAILABLE:2"), Some(Asked::Fail(())));
            assert_eq!(ask("error:UNAVAILABLE:2:other"), Some(Asked::Fail(())));
            assert_eq!(ask("error:UNAVAILABLE:2"), Some(Asked::Fail(())));
            assert_eq!(ask("error:UNAVAILABLE:2"), Some(Asked::Succeed));
            assert_eq!(ask("error:UNAVAILABLE:2:other"), Some(Asked::Fail(())));
            assert_eq!(ask("error:UNAVAILABLE:2:other"), Some(Asked::Succeed));
        }
        for _ in 0..3 {
            assert_eq!(ask("error:UNAVAILABLE"), Some(Asked::Fail(())));
        }
        assert_eq!(ask("error:WAT"), None);
        assert_eq!(ask("c:APA91b"), None);
    }
}
