//! Sign-in, the token and its expiry, sign-out.
//!
//! A [`Session`] is one device's sign-in for one account:
//! `signed_out → signed_in(token, expiry?) → expired`. A token counts once the backend has
//! accepted it *and* the vault keeps it; a token known to be expired is not sent. Each token has a
//! generation, so that a refusal is tied to the token that was used and a newer one is left alone.
//! Asking the user to sign in, and removing the registration first, is the device's business.

mod error;
mod memory;
mod sign_in;
mod stored;
#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

pub use error::SessionError;
pub use sign_in::SignIn;

use crate::backend::{BackendClient, Credential};
use crate::lifecycle::Clock;
use crate::model::{Account, AuthScheme};
use crate::telemetry::{Event, EventName, EventStream};
use crate::vault::{Vault, VaultKey};
use memory::{Known, Memory};
use stored::Stored;

/// A token in use.
#[derive(Debug, Clone)]
pub struct Current {
    /// What goes into the header for credentials, `Authorization` unless the backend's profile names
    /// another.
    pub credential: Credential,
    /// Which token it is: grows with each new token of this device and account, across restarts
    /// too. It is the time of sign-in in milliseconds of Unix time, or more.
    pub generation: i64,
    /// When it expires, where that is known.
    pub expires_at: Option<Timestamp>,
}

/// How a session stands, for people and programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionState {
    /// The vault has not been asked yet, or could not answer.
    Unknown,
    /// There is no token.
    SignedOut,
    /// There is a token.
    SignedIn {
        /// How it is sent.
        scheme: AuthScheme,
        /// When it expires, where that is known.
        expires_at: Option<Timestamp>,
    },
    /// The token expired or was refused: the user must sign in.
    Expired,
}

/// One device's sign-in for one account. Cheap to clone; clones are the same session.
#[derive(Debug, Clone)]
pub struct Session(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    vault: Vault,
    key: VaultKey,
    clock: Clock,
    events: EventStream,
    memory: Mutex<Memory>,
    /// Guards no data, only the order: sign-in, refresh, sign-out and reading the vault take turns
    /// and wait for vault and backend meanwhile. What is remembered has its own short-held lock.
    turn: tokio::sync::Mutex<()>,
}

impl Session {
    /// The session of `key`'s user and device at `key`'s backend. Nothing is read yet.
    #[must_use]
    pub fn new(vault: Vault, key: VaultKey, clock: Clock, events: EventStream) -> Self {
        Self(Arc::new(Inner {
            vault,
            key,
            clock,
            events,
            memory: Mutex::default(),
            turn: tokio::sync::Mutex::default(),
        }))
    }

    /// Whose session it is.
    #[must_use]
    pub fn account(&self) -> Account {
        Account {
            user: self.0.key.user.clone(),
            backend: self.0.key.backend.clone(),
        }
    }

    /// How the session stands, without asking anybody.
    #[must_use]
    pub fn state(&self) -> SessionState {
        match self.known() {
            Known::Nothing => SessionState::Unknown,
            Known::SignedOut => SessionState::SignedOut,
            Known::Expired => SessionState::Expired,
            Known::Token(token) => SessionState::SignedIn {
                scheme: token.credential.scheme(),
                expires_at: token.expires_at,
            },
        }
    }

    /// Reads the token from the vault, unless it is known already. A vault that cannot answer is
    /// asked again at the next need, so that a keyring which appears later is found.
    ///
    /// # Errors
    /// [`SessionError::Vault`]; [`SessionError::Damaged`] once for an entry that cannot be read,
    /// which then counts as signed out.
    pub async fn restore(&self) -> Result<SessionState, SessionError> {
        if matches!(self.known(), Known::Nothing) {
            let _turn = self.0.turn.lock().await;
            self.read_vault().await?;
        }
        Ok(self.state())
    }

    /// The token to use, if there is one that is neither refused nor expired.
    ///
    /// # Errors
    /// [`SessionError`] as for [`Session::restore`], while the vault has not answered.
    pub async fn credential(&self) -> Result<Option<Current>, SessionError> {
        self.restore().await?;
        let Known::Token(token) = self.known() else {
            return Ok(None);
        };
        Ok(Some(Current {
            credential: token.credential,
            generation: token.generation,
            expires_at: token.expires_at,
        }))
    }

    /// The backend refused the token of this generation: it is wiped and not used again. A newer
    /// token is left alone. Returns whether it was the one in use.
    pub fn refused(&self, generation: i64) -> bool {
        let was_in_use = self.memory().refused(generation);
        if was_in_use {
            tracing::info!(account = %self.account(), "the token was refused");
        }
        was_in_use
    }

    /// When [`Session::refresh_if_near_expiry`] will have something to do, if ever.
    #[must_use]
    pub fn refresh_at(&self) -> Option<Timestamp> {
        match self.known() {
            Known::Token(token) => token.refresh_at(),
            Known::Nothing | Known::SignedOut | Known::Expired => None,
        }
    }

    /// Asks the vault, if nothing is known still. The caller has the turn.
    async fn read_vault(&self) -> Result<(), SessionError> {
        if !matches!(self.known(), Known::Nothing) {
            return Ok(());
        }
        let Some(secret) = self.0.vault.get(&self.0.key).await? else {
            self.memory().sign_out();
            return Ok(());
        };
        match Stored::read(&secret) {
            Ok(stored) => {
                self.memory().sign_in(stored.token);
                Ok(())
            }
            Err(problem) => {
                self.memory().sign_out();
                Err(SessionError::Damaged {
                    key: self.0.key.to_string(),
                    problem,
                })
            }
        }
    }

    /// A token is sent only to the backend that it is for.
    fn check_backend(&self, client: &BackendClient) -> Result<(), SessionError> {
        if *client.origin() == self.0.key.backend {
            return Ok(());
        }
        Err(SessionError::OtherBackend {
            session: self.0.key.backend.to_string(),
            client: client.origin().to_string(),
        })
    }

    fn known(&self) -> Known {
        let now = self.0.clock.now();
        self.memory().known(now)
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.0.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn emit(&self, name: EventName, scheme: Option<AuthScheme>) {
        let key = &self.0.key;
        let event = Event::new(self.0.clock.now(), name)
            .on(key.device.as_str())
            .with("user", key.user.as_str())
            .with("backend", key.backend.to_string())
            .with_some(
                "scheme",
                scheme.map(|scheme| scheme.header_name().to_ascii_lowercase()),
            );
        self.0.events.emit(event);
    }
}
