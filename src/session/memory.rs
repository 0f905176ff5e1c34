//! What a session remembers, and how that changes: pure state.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::backend::Credential;

/// A token is refreshed when a fifth of its life is left, and at the latest so long before its end.
const REFRESH_BEFORE: SignedDuration = SignedDuration::from_mins(5);

/// A token with its dates.
#[derive(Debug, Clone)]
pub(super) struct Token {
    pub(super) credential: Credential,
    pub(super) generation: i64,
    pub(super) issued_at: Timestamp,
    pub(super) expires_at: Option<Timestamp>,
    /// False once the backend said that it does not refresh tokens.
    pub(super) refreshable: bool,
}

impl Token {
    /// When to ask for the next one: only for a token whose end is known.
    pub(super) fn refresh_at(&self) -> Option<Timestamp> {
        let expires_at = self.expires_at.filter(|_| self.refreshable)?;
        let life = expires_at.duration_since(self.issued_at);
        let before = (life / 5).clamp(SignedDuration::ZERO, REFRESH_BEFORE);
        expires_at.saturating_sub(before).ok()
    }
}

/// What is known at a moment.
#[derive(Debug)]
pub(super) enum Known {
    /// The vault has not answered yet.
    Nothing,
    SignedOut,
    Token(Token),
    /// There was a token: it expired or was refused.
    Expired,
}

/// The state of one session. It begins with nothing known.
#[derive(Debug, Default)]
pub(super) struct Memory {
    held: Held,
    last_generation: i64,
}

#[derive(Debug, Default)]
enum Held {
    #[default]
    Nothing,
    SignedOut,
    Token(Token),
    Expired,
}

impl Memory {
    /// What is known at `now`. A token that has expired by then is wiped.
    pub(super) fn known(&mut self, now: Timestamp) -> Known {
        if let Held::Token(token) = &self.held
            && token.expires_at.is_some_and(|end| end <= now)
        {
            self.held = Held::Expired;
        }
        match &self.held {
            Held::Nothing => Known::Nothing,
            Held::SignedOut => Known::SignedOut,
            Held::Expired => Known::Expired,
            Held::Token(token) => Known::Token(token.clone()),
        }
    }

    /// The generation of a token issued at `now`: above every one before it, even if the clock
    /// was put back.
    pub(super) fn next_generation(&self, now: Timestamp) -> i64 {
        now.as_millisecond()
            .max(self.last_generation.saturating_add(1))
    }

    pub(super) fn sign_in(&mut self, token: Token) {
        self.last_generation = self.last_generation.max(token.generation);
        self.held = Held::Token(token);
    }

    pub(super) fn sign_out(&mut self) {
        self.held = Held::SignedOut;
    }

    /// Wipes the token if it is the refused one. Returns whether it was.
    pub(super) fn refused(&mut self, generation: i64) -> bool {
        let is_the_one = matches!(&self.held, Held::Token(token) if token.generation == generation);
        if is_the_one {
            self.held = Held::Expired;
        }
        is_the_one
    }

    /// The backend does not refresh the token in use.
    pub(super) fn not_refreshable(&mut self) {
        if let Held::Token(token) = &mut self.held {
            token.refreshable = false;
        }
    }
}

/// The moment `expires_in` seconds after `now`.
pub(super) fn expiry(now: Timestamp, expires_in: u64) -> Timestamp {
    SignedDuration::try_from(Duration::from_secs(expires_in))
        .ok()
        .and_then(|life| now.checked_add(life).ok())
        .unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn token(generation: i64, expires_at: Option<i64>) -> Token {
        Token {
            credential: Credential::bearer("t".into()).unwrap(),
            generation,
            issued_at: at(0),
            expires_at: expires_at.map(at),
            refreshable: true,
        }
    }

    #[test]
    fn only_the_token_that_was_used_is_refused() {
        let mut memory = Memory::default();
        assert!(!memory.refused(0));
        memory.sign_in(token(7, None));
        assert!(!memory.refused(6));
        assert!(matches!(memory.known(at(0)), Known::Token(_)));
        assert!(memory.refused(7));
        assert!(matches!(memory.known(at(0)), Known::Expired));
        assert!(!memory.refused(7));
        memory.sign_in(token(8, None));
        assert!(!memory.refused(7));
    }

    #[test]
    fn a_token_is_gone_at_its_end_and_does_not_come_back() {
        let mut memory = Memory::default();
        memory.sign_in(token(1, Some(100)));
        assert!(matches!(memory.known(at(99)), Known::Token(_)));
        assert!(matches!(memory.known(at(100)), Known::Expired));
        assert!(matches!(memory.known(at(50)), Known::Expired));
    }

    #[test]
    fn generations_grow_even_when_the_clock_goes_back() {
        let mut memory = Memory::default();
        let first = memory.next_generation(at(1000));
        assert_eq!(first, 1_000_000);
        memory.sign_in(token(first, None));
        assert_eq!(memory.next_generation(at(10)), first + 1);
        memory.sign_out();
        assert_eq!(memory.next_generation(at(10)), first + 1);
        memory.sign_in(token(i64::MAX, None));
        assert_eq!(memory.next_generation(at(10)), i64::MAX);
    }

    #[test]
    fn a_refresh_is_due_when_a_fifth_is_left_and_five_minutes_at_most() {
        assert_eq!(token(1, None).refresh_at(), None);
        assert_eq!(token(1, Some(100)).refresh_at(), Some(at(80)));
        assert_eq!(token(1, Some(86_400)).refresh_at(), Some(at(86_100)));
        assert_eq!(token(1, Some(-5)).refresh_at(), Some(at(-5)));
        let mut memory = Memory::default();
        memory.sign_in(token(1, Some(100)));
        memory.not_refreshable();
        let Known::Token(token) = memory.known(at(1)) else {
            panic!("the token stays");
        };
        assert_eq!(token.refresh_at(), None);
    }

    #[test]
    fn a_life_without_bounds_ends_with_the_calendar() {
        assert_eq!(expiry(at(5), 10), at(15));
        assert_eq!(expiry(at(5), u64::MAX), Timestamp::MAX);
    }
}
