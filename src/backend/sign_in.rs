//! Signing in and out.

use bytes::Bytes;
use reqwest::Method;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;
use zeroize::Zeroizing;

use super::exchange::Call;
use super::{BackendClient, BackendError, Credential};
use crate::model::UserName;
use crate::wire::app_backend::LoginAnswer;

#[derive(Serialize)]
struct LoginBody<'a> {
    username: &'a str,
    password: &'a str,
}

impl BackendClient {
    /// Asks the backend whether it accepts `credential`. Basic has no sign-in endpoint, so the
    /// unread notifications are asked for. A backend that does not have these, as the original,
    /// authenticates before it routes: it let the user in if it does not let in a stranger, who is
    /// then asked for, too (the original answers 500 to a missing header).
    ///
    /// # Errors
    /// [`BackendError`]; [`BackendError::needs_sign_in`] when the credential is refused,
    /// [`BackendError::NotThere`] when the server asks nobody who they are: it is no app backend.
    pub async fn check_credential(&self, credential: &Credential) -> Result<(), BackendError> {
        let signed = Call::new(Method::GET, self.unread_url()).signed(credential);
        let answer = self.exchange(signed).await?;
        match answer.status().as_u16() {
            200..300 => return Ok(()),
            401 | 403 | 429 | 500.. => return Err(answer.refusal()),
            _ => {}
        }
        let stranger = Call::new(Method::GET, self.unread_url());
        match self.exchange(stranger).await?.status().as_u16() {
            401 | 403 | 500 => Ok(()),
            _ => Err(answer.refusal()),
        }
    }

    /// Gets a bearer token: `POST /api/login`.
    ///
    /// # Errors
    /// [`BackendError`]; [`BackendError::needs_sign_in`] when name or password are refused,
    /// [`BackendError::NoBearerSignIn`] when the backend has no such endpoint, and
    /// [`BackendError::Unusable`] for a password that is not sent at all.
    pub async fn login(
        &self,
        user: &UserName,
        password: &SecretString,
    ) -> Result<LoginAnswer, BackendError> {
        Credential::check_password(password)?;
        let call = Call::new(Method::POST, self.url(&["api", "login"]));
        let answer = self
            .ask(call.json(login_body(user, password)))
            .await
            .map_err(no_bearer_sign_in)?;
        answer.json().await
    }

    /// Gets a new bearer token for a live one: `POST /api/login/refresh`.
    ///
    /// # Errors
    /// [`BackendError`], as for [`BackendClient::login`].
    pub async fn refresh(&self, credential: &Credential) -> Result<LoginAnswer, BackendError> {
        let url = self.url(&["api", "login", "refresh"]);
        let answer = self
            .ask(Call::new(Method::POST, url).signed(credential))
            .await
            .map_err(no_bearer_sign_in)?;
        answer.json().await
    }

    /// Revokes a bearer token: `POST /api/logout`.
    ///
    /// # Errors
    /// [`BackendError`]; [`BackendError::needs_sign_in`] when the token was dead already.
    pub async fn logout(&self, credential: &Credential) -> Result<(), BackendError> {
        let url = self.url(&["api", "logout"]);
        self.ask(Call::new(Method::POST, url).signed(credential))
            .await
            .map(drop)
    }
}

/// The body, in a buffer that is zeroised on drop and large enough never to be moved: JSON makes
/// a byte of a password six at most.
fn login_body(user: &UserName, password: &SecretString) -> Bytes {
    let body = LoginBody {
        username: user.as_str(),
        password: password.expose_secret(),
    };
    let room = 64 + user.as_str().len() + 6 * password.expose_secret().len();
    let mut bytes = Zeroizing::new(Vec::with_capacity(room));
    // Two texts into memory cannot fail.
    serde_json::to_writer(&mut *bytes, &body).ok();
    Bytes::from_owner(bytes)
}

fn no_bearer_sign_in(error: BackendError) -> BackendError {
    if let BackendError::NotThere { request, status }
    | BackendError::Rejected {
        request,
        status: status @ 405,
    } = error
    {
        return BackendError::NoBearerSignIn { request, status };
    }
    error
}
