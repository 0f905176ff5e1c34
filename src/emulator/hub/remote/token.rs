//! The token that proves the backend to a hub: made for the whole hub, and used until it is old.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;
use url::Url;

use crate::lifecycle::Clock;
use crate::wire::notification_hub::SasKey;

/// How long a token is good for (the SDKs': between 5 minutes and an hour).
const LIFETIME: Duration = Duration::from_secs(3600);

/// How long before its end a token is no longer used: more than any request takes, with room for
/// clocks that differ.
const MARGIN: SignedDuration = SignedDuration::from_secs(600);

/// Makes tokens.
#[derive(Debug)]
pub(super) struct SasTokens {
    key: SasKey,
    /// What a token is for, with everything below it.
    resource: Url,
    clock: Clock,
    current: Mutex<Option<(SecretString, Timestamp)>>,
}

impl SasTokens {
    pub(super) fn new(key: SasKey, resource: Url, clock: Clock) -> Self {
        Self {
            key,
            resource,
            clock,
            current: Mutex::new(None),
        }
    }

    /// The value of an `Authorization` header.
    pub(super) fn current(&self) -> SecretString {
        let now = self.clock.now();
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((token, made)) = &*current
            && is_fresh(*made, now)
        {
            return token.clone();
        }
        let token = self.key.token(&self.resource, now, LIFETIME);
        *current = Some((token.clone(), now));
        token
    }

    /// The hub refused the token: the next one is made anew, by a clock that was set right meanwhile.
    pub(super) fn forget(&self) {
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// True while a token has more than the margin to live; a clock that was set back counts as old, too.
fn is_fresh(made: Timestamp, now: Timestamp) -> bool {
    let age = now.duration_since(made);
    let lifetime = SignedDuration::try_from(LIFETIME).unwrap_or(SignedDuration::ZERO);
    !age.is_negative() && age < lifetime - MARGIN
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_token_is_used_again_until_it_is_old_or_refused() {
        let clock = Clock::simulated(Timestamp::from_second(1_800_000_000).unwrap());
        let key = SasKey {
            name: "RootManageSharedAccessKey".to_owned(),
            key: "secret".into(),
        };
        let resource = Url::parse("https://ns.servicebus.windows.net/hub").unwrap();
        let tokens = SasTokens::new(key, resource, clock.clone());
        let text = || tokens.current().expose_secret().to_owned();
        let first = text();
        assert!(first.starts_with("SharedAccessSignature "));
        tokio::time::advance(Duration::from_secs(2999)).await;
        assert_eq!(text(), first);
        tokio::time::advance(Duration::from_secs(2)).await;
        let second = text();
        assert_ne!(second, first);
        clock.set_by(SignedDuration::from_secs(-60));
        let third = text();
        assert_ne!(third, second, "the clock was set back");
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(text(), third);
        tokens.forget();
        assert_ne!(text(), third);
        assert!(!format!("{tokens:?}").contains("secret\""));
    }
}
