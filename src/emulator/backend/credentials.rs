//! Checks user names with passwords, without holding up the runtime and without saying by time
//! who exists.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use tokio::sync::Semaphore;

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
    /// One at a time: a check that only waits must not look to the worker like one that hangs.
    turns: Semaphore,
    patience: Duration,
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
            turns: Semaphore::new(1),
            patience: timeouts::PASSWORD_TURN,
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
        let Ok(_turn) = tokio::time::timeout(self.patience, self.turns.acquire()).await else {
            tracing::warn!("a password was not checked: too many sign in at once");
            return Err(Refusal::Unavailable);
        };
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

#[cfg(test)]
mod tests {
    use argon2::password_hash::PasswordHasher as _;
    use argon2::{Argon2, Params};
    use futures_util::future::join_all;

    use super::*;

    /// A users file with alice, whose check takes some milliseconds.
    async fn alice() -> Users {
        let params = Params::new(4096, 1, 1, None).unwrap();
        let hash = Argon2::from(params).hash_password(b"s3cret").unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("users");
        std::fs::write(&path, format!("alice:{hash}\n")).unwrap();
        Users::load(&path).await.unwrap()
    }

    #[tokio::test]
    async fn a_flood_of_sign_ins_is_refused_and_the_next_one_is_let_in() {
        let mut credentials = Credentials::new(alice().await, Clock::system());
        credentials.patience = Duration::from_millis(1);
        let user = UserName::parse("alice").unwrap();
        let mut refused = 0;
        for _ in 0..5 {
            let flood = (0..8).map(|n| credentials.check(&user, format!("wrong {n}").into()));
            let answers = join_all(flood).await;
            assert!(answers.contains(&Err(Refusal::SignInNeeded)), "{answers:?}");
            let unavailable = answers.iter().filter(|a| **a == Err(Refusal::Unavailable));
            refused += unavailable.count();
        }
        assert!(refused > 0);
        assert_eq!(credentials.check(&user, "s3cret".into()).await, Ok(()));
    }
}
