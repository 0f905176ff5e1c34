//! The changes: signing in, refreshing, signing out.

use jiff::Timestamp;
use secrecy::SecretString;

use super::memory::{Known, Token, expiry};
use super::stored::Stored;
use super::{Session, SessionError};
use crate::backend::{BackendClient, BackendError, Credential};
use crate::model::AuthScheme;
use crate::telemetry::EventName;
use crate::wire::app_backend::LoginAnswer;

/// How a user signs in.
#[derive(Debug)]
pub enum SignIn {
    /// HTTP Basic: the token is `base64(user:password)`, which does not expire.
    Basic {
        /// The password.
        password: SecretString,
    },
    /// A bearer token that the backend gives for the password.
    Bearer {
        /// The password.
        password: SecretString,
    },
    /// A bearer token of the team's own identity provider.
    Token {
        /// The token.
        token: SecretString,
    },
}

/// What the backend accepted.
struct Proven {
    credential: Credential,
    expires_at: Option<Timestamp>,
    /// True for a token of `POST /api/login`: this session may end it.
    given_by_backend: bool,
}

impl Session {
    /// Signs in: the backend accepts the credential, the vault keeps the token, and only then does
    /// it count and `session.signed_in` is emitted. An earlier token stays in use until then.
    ///
    /// # Errors
    /// [`SessionError`]; then nothing has changed, but for a vault that timed out, which may have
    /// kept the new token.
    pub async fn sign_in(
        &self,
        client: &BackendClient,
        sign_in: SignIn,
    ) -> Result<(), SessionError> {
        self.check_backend(client)?;
        let _turn = self.0.turn.lock().await;
        // An earlier token's generation must be known so that the new one is above it; whatever
        // is wrong with the entry is about to be replaced.
        if let Err(error) = self.read_vault().await {
            tracing::debug!(%error, "the earlier sign-in could not be read");
        }
        let asked_at = self.0.clock.now();
        let proven = self.prove(client, sign_in, asked_at).await?;
        let given_by_backend = proven.given_by_backend;
        let token = self.token(proven, asked_at);
        let scheme = token.credential.scheme();
        let kept = self.0.vault.set(&self.0.key, Stored::write(&token)).await;
        if let Err(error) = kept {
            // A token that cannot be kept is not left alive.
            if given_by_backend {
                revoke(client, &token.credential).await;
            }
            return Err(error.into());
        }
        self.memory().sign_in(token);
        self.emit(EventName::SessionSignedIn, Some(scheme));
        Ok(())
    }

    /// Asks for a new token if the one in use ends soon ([`Session::refresh_at`]). Returns whether
    /// there is a new one; a backend without refresh is not asked again.
    ///
    /// # Errors
    /// [`SessionError`]: with [`SessionError::Vault`] the new token is in use, and lost with the
    /// process; with [`SessionError::needs_sign_in`] the old one was refused.
    pub async fn refresh_if_near_expiry(
        &self,
        client: &BackendClient,
    ) -> Result<bool, SessionError> {
        self.check_backend(client)?;
        let _turn = self.0.turn.lock().await;
        let now = self.0.clock.now();
        let Some(old) = self.due_for_refresh(now) else {
            return Ok(false);
        };
        let answer = match client.refresh(&old.credential).await {
            Ok(answer) => answer,
            Err(BackendError::NoBearerSignIn { .. } | BackendError::NotOffered { .. }) => {
                self.memory().not_refreshable();
                return Ok(false);
            }
            Err(error) => {
                if error.needs_sign_in() {
                    self.refused(old.generation);
                }
                return Err(SessionError::Backend(error));
            }
        };
        let token = self.token(given(answer, now)?, now);
        let secret = Stored::write(&token);
        // The backend may have ended the old token: the new one is all there is.
        self.memory().sign_in(token);
        self.0.vault.set(&self.0.key, secret).await?;
        Ok(true)
    }

    /// Signs out: a bearer token is revoked at the backend as far as that can be reached, the vault
    /// deletes it, memory is wiped, and `session.signed_out` is emitted.
    ///
    /// # Errors
    /// [`SessionError::Vault`] when the token may still be in the vault; in this process it is gone.
    pub async fn sign_out(&self, client: &BackendClient) -> Result<(), SessionError> {
        self.check_backend(client)?;
        let _turn = self.0.turn.lock().await;
        if let Err(error) = self.read_vault().await {
            tracing::debug!(%error, "the token to revoke could not be read");
        }
        let known = self.known();
        self.memory().sign_out();
        let deleted = self.0.vault.delete(&self.0.key).await;
        if deleted.is_ok() {
            self.emit(EventName::SessionSignedOut, None);
        }
        if let Known::Token(token) = known {
            revoke(client, &token.credential).await;
        }
        Ok(deleted?)
    }

    /// Has the backend accept what the user gave.
    async fn prove(
        &self,
        client: &BackendClient,
        sign_in: SignIn,
        asked_at: Timestamp,
    ) -> Result<Proven, SessionError> {
        let user = &self.0.key.user;
        let refused = |error| self.refusal(error);
        let credential = match sign_in {
            SignIn::Bearer { password } => {
                let answer = client.login(user, &password).await.map_err(refused)?;
                return given(answer, asked_at);
            }
            SignIn::Basic { password } => Credential::basic(user, &password)?,
            SignIn::Token { token } => Credential::bearer(token)?,
        };
        client
            .check_credential(&credential)
            .await
            .map_err(refused)?;
        Ok(Proven {
            credential,
            expires_at: None,
            given_by_backend: false,
        })
    }

    fn token(&self, proven: Proven, issued_at: Timestamp) -> Token {
        Token {
            credential: proven.credential,
            generation: self.memory().next_generation(issued_at),
            issued_at,
            expires_at: proven.expires_at,
            refreshable: true,
        }
    }

    fn due_for_refresh(&self, now: Timestamp) -> Option<Token> {
        let Known::Token(token) = self.known() else {
            return None;
        };
        token.refresh_at().filter(|due| *due <= now)?;
        Some(token)
    }

    fn refusal(&self, error: BackendError) -> SessionError {
        if let BackendError::SignInNeeded { status, .. } = error {
            let user = self.0.key.user.to_string();
            return SessionError::Refused { user, status };
        }
        SessionError::Backend(error)
    }
}

/// A token that the backend gave just now. Its life is counted from the question, so that it never
/// seems longer than it is.
fn given(answer: LoginAnswer, asked_at: Timestamp) -> Result<Proven, SessionError> {
    Ok(Proven {
        expires_at: answer.expires_in.map(|seconds| expiry(asked_at, seconds)),
        credential: Credential::bearer(answer.token).map_err(SessionError::BadToken)?,
        given_by_backend: true,
    })
}

/// Ends a bearer token at the backend, as far as that can be reached. Basic has nothing to end.
async fn revoke(client: &BackendClient, credential: &Credential) {
    if credential.scheme() == AuthScheme::Bearer
        && let Err(error) = client.logout(credential).await
    {
        tracing::debug!(%error, "the token could not be revoked; it ends by itself");
    }
}
