//! Bearer tokens: 256 random bits, stored as a hash, with an expiry.

use std::time::Duration;

use jiff::SignedDuration;
use rusqlite::{OptionalExtension as _, params};
use secrecy::SecretString;
use sha2::{Digest as _, Sha256};

use crate::emulator::random;
use crate::lifecycle::Clock;
use crate::model::UserName;
use crate::store::{Store, StoreError};

/// How long a token that was exchanged still serves requests that are on their way.
const GRACE: SignedDuration = SignedDuration::from_secs(60);

/// The most tokens of one user; beyond that the one that expires first goes.
const MOST_PER_USER: i64 = 1000;

/// The hash of a token: all that is kept of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TokenHash([u8; 32]);

impl TokenHash {
    pub(super) fn of(token: &str) -> Self {
        Self(Sha256::digest(token.as_bytes()).into())
    }
}

/// Issues, checks and ends tokens.
#[derive(Debug)]
pub(in crate::emulator) struct Tokens {
    store: Store,
    clock: Clock,
    ttl: Duration,
}

impl Tokens {
    pub(super) fn new(store: Store, clock: Clock, ttl: Duration) -> Self {
        Self { store, clock, ttl }
    }

    /// How long a token lasts, in seconds.
    pub(super) fn seconds(&self) -> u64 {
        self.ttl.as_secs()
    }

    /// A new token, which may take the place of an earlier one.
    pub(super) async fn issue(
        &self,
        user: &UserName,
        instead_of: Option<TokenHash>,
    ) -> Result<SecretString, StoreError> {
        let token = random::token_256();
        let hash = TokenHash::of(&token);
        let user = user.to_string();
        let expires = self.clock.after(self.ttl).as_millisecond();
        let now = self.clock.now();
        let grace = now.saturating_add(GRACE).unwrap_or(now).as_millisecond();
        self.store
            .write(move |c| {
                if let Some(earlier) = instead_of {
                    c.prepare_cached(
                        "UPDATE token SET expires_at = min(expires_at, ?2) WHERE hash = ?1",
                    )?
                    .execute(params![earlier.0, grace])?;
                }
                c.prepare_cached("INSERT INTO token(hash, user, expires_at) VALUES (?1, ?2, ?3)")?
                    .execute(params![hash.0, user, expires])?;
                c.prepare_cached(
                    "DELETE FROM token WHERE hash IN (SELECT hash FROM token WHERE user = ?1
                       ORDER BY expires_at DESC LIMIT -1 OFFSET ?2)",
                )?
                .execute(params![user, MOST_PER_USER])
            })
            .await?;
        Ok(token.into())
    }

    /// Whose token it is, while it lives.
    pub(super) async fn user_of(&self, token: TokenHash) -> Result<Option<UserName>, StoreError> {
        let now = self.clock.now().as_millisecond();
        let name: Option<String> = self
            .store
            .read(move |c| {
                c.prepare_cached("SELECT user FROM token WHERE hash = ?1 AND expires_at > ?2")?
                    .query_row(params![token.0, now], |row| row.get(0))
                    .optional()
            })
            .await?;
        Ok(name.and_then(|name| UserName::parse(&name).ok()))
    }

    /// Ends one token.
    pub(super) async fn revoke(&self, token: TokenHash) -> Result<(), StoreError> {
        self.store
            .write(move |c| {
                c.prepare_cached("DELETE FROM token WHERE hash = ?1")?
                    .execute(params![token.0])
            })
            .await
            .map(drop)
    }

    /// Ends every token, and says how many there were.
    pub(in crate::emulator) async fn revoke_all(&self) -> Result<usize, StoreError> {
        self.store
            .write(|c| c.execute("DELETE FROM token", []))
            .await
    }

    /// Forgets tokens that expired.
    pub(super) async fn sweep(&self) -> Result<(), StoreError> {
        let now = self.clock.now().as_millisecond();
        self.store
            .write(move |c| c.execute("DELETE FROM token WHERE expires_at <= ?1", [now]))
            .await
            .map(drop)
    }
}
