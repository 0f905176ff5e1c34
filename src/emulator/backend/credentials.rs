//! Checks user names with passwords, without holding up the runtime and without saying by time
//! who exists.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::emulator::random;
use crate::lifecycle::{Clock, Worker, timeouts};
use crate::model::UserName;

use super::answer::Refusal;
use super::users::Users;

/// How long a right password is remembered, so that a Basic client is not hashed at every request.
const REMEMBERED: Duration = Duration::from_secs(300);

/// How many users' passwords are remembered at once.
const MOST_REMEMBERED: usize = 1024;

/// The longest password.
const MAX_PASSWORD: usize = 1024;

/// Checks passwords.
#[derive(Debug)]
pub(super) struct Credentials {
    users: Users,
    clock: Clock,
    worker: Worker<()>,
    /// Made anew for every process, so that a digest says nothing elsewhere.
    pepper: SecretString,
    remembered: Mutex<HashMap<UserName, (Digest, Timestamp)>>,
}

type Digest = [u8; 32];

impl Credentials {
    pub(super) fn new(users: Users, clock: Clock) -> Self {
        Self {
            users,
            clock,
            worker: Worker::new("the password check", || ()),
            pepper: random::token_256().into(),
            remembered: Mutex::default(),
        }
    }

    /// Checks a password.
    pub(super) async fn check(
        &self,
        user: &UserName,
        password: SecretString,
    ) -> Result<(), Refusal> {
        if password.expose_secret().len() > MAX_PASSWORD {
            return Err(Refusal::SignInNeeded);
        }
        let right = if self.users.is_demo() {
            self.users.accepts(user, password.expose_secret())
        } else {
            self.check_hash(user, password).await?
        };
        if right {
            Ok(())
        } else {
            Err(Refusal::SignInNeeded)
        }
    }

    async fn check_hash(&self, user: &UserName, password: SecretString) -> Result<bool, Refusal> {
        let digest = self.digest(&password);
        if self.is_remembered(user, &digest) {
            return Ok(true);
        }
        let (users, name) = (self.users.clone(), user.clone());
        let right = self
            .worker
            .call(timeouts::PASSWORD_CHECK, move |()| {
                users.accepts(&name, password.expose_secret())
            })
            .await
            .map_err(|error| {
                tracing::warn!(%error, "a password could not be checked");
                Refusal::Unavailable
            })?;
        if right {
            self.remember(user, digest);
        }
        Ok(right)
    }

    fn digest(&self, password: &SecretString) -> Digest {
        Sha256::new()
            .chain_update(self.pepper.expose_secret())
            .chain_update(password.expose_secret())
            .finalize()
            .into()
    }

    fn is_remembered(&self, user: &UserName, digest: &Digest) -> bool {
        let now = self.clock.now();
        let found = self.lock().get(user).copied();
        found.is_some_and(|(known, until)| until > now && known.ct_eq(digest).into())
    }

    fn remember(&self, user: &UserName, digest: Digest) {
        let now = self.clock.now();
        let until = self.clock.after(REMEMBERED);
        let mut remembered = self.lock();
        if remembered.len() >= MOST_REMEMBERED {
            remembered.retain(|_, (_, until)| *until > now);
        }
        if remembered.len() < MOST_REMEMBERED {
            remembered.insert(user.clone(), (digest, until));
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<UserName, (Digest, Timestamp)>> {
        self.remembered
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
