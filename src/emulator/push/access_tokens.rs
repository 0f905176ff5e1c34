//! OAuth access tokens that the push services gave out.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::http::{HeaderMap, header};
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use crate::emulator::random;
use crate::lifecycle::Clock;

use super::header as header_text;

/// The most access tokens that are remembered; beyond that the one that expires first goes.
const MOST_TOKENS: usize = 4096;

/// The tokens, by their hashes. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(in crate::emulator) struct AccessTokens(Arc<Mutex<HashMap<[u8; 32], Timestamp>>>);

/// What a request's access token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TokenState {
    Live,
    /// It was given out here, and expired or was revoked.
    Ended,
    /// It was never given out here, or so long ago that it is forgotten.
    Unknown,
    /// There is none, or not as a bearer token.
    Missing,
}

impl TokenState {
    pub(super) fn is_live(self) -> bool {
        self == Self::Live
    }
}

impl AccessTokens {
    /// A new token, which begins with `prefix`.
    pub(in crate::emulator) fn issue(
        &self,
        prefix: &str,
        lifetime: Duration,
        clock: &Clock,
    ) -> String {
        let token = format!("{prefix}{}", random::token_256());
        let expires = clock.after(lifetime);
        let mut tokens = self.lock();
        if tokens.len() >= MOST_TOKENS {
            let now = clock.now();
            tokens.retain(|_, expires| *expires > now);
        }
        if tokens.len() >= MOST_TOKENS {
            let first = tokens.iter().min_by_key(|(_, expires)| **expires);
            if let Some(hash) = first.map(|(hash, _)| *hash) {
                tokens.remove(&hash);
            }
        }
        tokens.insert(hash(&token), expires);
        token
    }

    /// What the access token of a request is.
    pub(super) fn state_of(&self, headers: &HeaderMap, clock: &Clock) -> TokenState {
        let value = header_text(headers, header::AUTHORIZATION.as_str()).unwrap_or_default();
        let (scheme, token) = value.split_once(' ').unwrap_or_default();
        let token = token.trim();
        if !scheme.eq_ignore_ascii_case("bearer") || token.is_empty() {
            return TokenState::Missing;
        }
        match self.lock().get(&hash(token)) {
            Some(expires) if *expires > clock.now() => TokenState::Live,
            Some(_) => TokenState::Ended,
            None => TokenState::Unknown,
        }
    }

    /// Ends every token: senders have to ask for new ones.
    pub(in crate::emulator) fn revoke_all(&self) {
        for expires in self.lock().values_mut() {
            *expires = Timestamp::MIN;
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<[u8; 32], Timestamp>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_told_from_those_of_others_and_ends() {
        let clock = Clock::system();
        let tokens = AccessTokens::default();
        let state = |value: &str| {
            let headers = HeaderMap::from_iter([(header::AUTHORIZATION, value.parse().unwrap())]);
            tokens.state_of(&headers, &clock)
        };
        let token = tokens.issue("ya29.", Duration::from_secs(60), &clock);
        assert!(token.starts_with("ya29."));
        assert_eq!(state(&format!("bearer {token}")), TokenState::Live);
        assert_eq!(state("Bearer other"), TokenState::Unknown);
        for none in ["", "Bearer", "Bearer ", "Basic x"] {
            assert_eq!(state(none), TokenState::Missing, "{none}");
        }
        tokens.revoke_all();
        assert_eq!(state(&format!("Bearer {token}")), TokenState::Ended);
    }

    #[test]
    fn the_number_of_tokens_is_bounded() {
        let clock = Clock::system();
        let tokens = AccessTokens::default();
        for _ in 0..=MOST_TOKENS {
            tokens.issue("", Duration::from_secs(60), &clock);
        }
        assert_eq!(tokens.lock().len(), MOST_TOKENS);
    }
}
