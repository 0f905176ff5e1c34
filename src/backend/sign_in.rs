//! Signing in and out.

use secrecy::{ExposeSecret as _, SecretString};

use super::profile::{CallSpec, Kind, Meaning, TokenCall, Values};
use super::{BackendClient, BackendError, Credential};
use crate::model::UserName;
use crate::wire::app_backend::LoginAnswer;

impl BackendClient {
    /// Asks the backend whether it accepts `credential`: with the profile's `check`, or by asking
    /// for the unread notifications. Where it has neither, the first other call will tell. A backend that
    /// answers with an error of another kind, as the original does without unread notifications,
    /// authenticates before it routes: it let the user in if it does not let in a stranger, who is
    /// then asked for, too (the original answers 500 to a missing header).
    ///
    /// # Errors
    /// [`BackendError`]; [`BackendError::needs_sign_in`] when the credential is refused,
    /// [`BackendError::NotThere`] when the server asks nobody who they are: it is no app backend.
    pub async fn check_credential(&self, credential: &Credential) -> Result<(), BackendError> {
        let api = &self.api;
        let unread = api.unread.as_ref().map(|unread| &unread.call);
        let Some(check) = api.check.as_ref().or(unread) else {
            tracing::info!("the backend has no call that tells whether the credential is accepted");
            return Ok(());
        };
        let signed = self.call(check, Values::default())?.signed(credential);
        let answer = self.exchange(signed).await?;
        match answer.meaning() {
            Meaning::Success => return Ok(()),
            Meaning::SignInNeeded | Meaning::Throttled | Meaning::Failed => {
                return Err(answer.refusal());
            }
            Meaning::Gone | Meaning::Rejected => {}
        }
        let stranger = self.call(check, Values::default())?;
        let refused = self.exchange(stranger).await?;
        if refused.meaning() == Meaning::SignInNeeded || refused.status().as_u16() == 500 {
            return Ok(());
        }
        Err(answer.refusal())
    }

    /// Gets a bearer token, such as with `POST /api/login`.
    ///
    /// # Errors
    /// [`BackendError`]; [`BackendError::needs_sign_in`] when name or password are refused,
    /// [`BackendError::NoBearerSignIn`] and [`BackendError::NotOffered`] when the backend has no
    /// such endpoint, and [`BackendError::Unusable`] for a password that is not sent at all.
    pub async fn login(
        &self,
        user: &UserName,
        password: &SecretString,
    ) -> Result<LoginAnswer, BackendError> {
        Credential::check_password(password)?;
        let login = self.api.login.as_ref();
        let login = login.ok_or_else(|| self.not_offered(Kind::Login))?;
        let values = Values {
            user: Some(user.as_str()),
            password: Some(password.expose_secret()),
            ..Values::default()
        };
        self.token(login, values, None).await
    }

    /// Gets a new bearer token for a live one, such as with `POST /api/login/refresh`.
    ///
    /// # Errors
    /// [`BackendError`], as for [`BackendClient::login`].
    pub async fn refresh(&self, credential: &Credential) -> Result<LoginAnswer, BackendError> {
        let refresh = self.api.refresh.as_ref();
        let refresh = refresh.ok_or_else(|| self.not_offered(Kind::Refresh))?;
        self.token(refresh, token_of(credential), Some(credential))
            .await
    }

    /// Revokes a bearer token, such as with `POST /api/logout`.
    ///
    /// # Errors
    /// [`BackendError`]; [`BackendError::needs_sign_in`] when the token was dead already,
    /// [`BackendError::NotOffered`] when the backend revokes none.
    pub async fn logout(&self, credential: &Credential) -> Result<(), BackendError> {
        let logout: Option<&CallSpec> = self.api.logout.as_ref();
        let logout = logout.ok_or_else(|| self.not_offered(Kind::Logout))?;
        let call = self.call(logout, token_of(credential))?;
        self.ask(call.signed(credential)).await.map(drop)
    }

    /// Asks for a token.
    async fn token(
        &self,
        spec: &TokenCall,
        values: Values<'_>,
        credential: Option<&Credential>,
    ) -> Result<LoginAnswer, BackendError> {
        let mut call = self.call(&spec.call, values)?;
        if let Some(credential) = credential {
            call = call.signed(credential);
        }
        let answer = self.ask(call).await.map_err(no_bearer_sign_in)?;
        answer.body().await?.token(spec, self.clock.now())
    }
}

fn token_of(credential: &Credential) -> Values<'_> {
    Values {
        token: Some(credential.token().expose_secret()),
        ..Values::default()
    }
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
