//! The client of a running phone's control API.

mod action_centre;
mod tasks;

use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use secrecy::ExposeSecret;
use serde::Serialize;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use super::address::ControlAddress;
use super::api::{
    ConditionsBody, ControlFailure, LoginBody, MAX_BODY, RegisterBody, Registered, SendBody, Sent,
    SignedIn,
};
use super::exchange::{self, Bounds, Obstacle};
use crate::backend::BackendProfile;
use crate::device::{DeviceFolder, Profile, SignInCheck, Status, VaultChoice};
use crate::lifecycle::timeouts;
use crate::model::{AuthScheme, BackendOrigin, Conditions, UserName};

/// The largest answer that is read, in bytes: a full action centre.
const MAX_ANSWER: usize = 32 * 1024 * 1024;

/// A running phone could not do, or did not answer, what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ControlError {
    /// It answered that it could not.
    #[error("{}", .0.error)]
    Refused(ControlFailure),
    /// It did not answer in time.
    #[error(
        "the phone in process {pid} did not answer within {} s: it is stopped or hangs; let it go on with \
         `kill -CONT {pid}`, or end it with `kill -KILL {pid}` and switch it on again",
        .limit.as_secs_f32()
    )]
    TimedOut {
        /// The process.
        pid: u32,
        /// How long it had.
        limit: Duration,
    },
    /// There is no connection to it.
    #[error(
        "the phone in process {pid} does not answer: {cause}; if it hangs, stop it with `kill {pid}`"
    )]
    NoAnswer {
        /// The process.
        pid: u32,
        /// What went wrong.
        cause: String,
    },
    /// It answered something else than this program expects.
    #[error(
        "the phone in process {pid} answered {status}: it may be another version of handset, switch it off and on"
    )]
    Unreadable {
        /// The process.
        pid: u32,
        /// The HTTP status.
        status: u16,
    },
}

/// Speaks to a running phone.
#[derive(Debug, Clone)]
pub struct ControlClient {
    http: reqwest::Client,
    to: ControlAddress,
}

impl ControlClient {
    /// The phone that says in `folder` where it is. It may be gone meanwhile: then its file is left
    /// from a process that was killed, and whoever gets the folder's lock may ignore it.
    #[must_use]
    pub fn find(folder: &DeviceFolder) -> Option<Self> {
        Self::at(&folder.control())
    }

    fn at(file: &Path) -> Option<Self> {
        let to = ControlAddress::read(file)?;
        let http = exchange::client().ok()?;
        Some(Self { http, to })
    }

    /// The process that is the phone.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.to.pid
    }

    /// As [`super::login`].
    ///
    /// # Errors
    /// [`ControlError`]
    pub async fn login(&self, body: &LoginBody) -> Result<SignedIn, ControlError> {
        let sent = LoginSent {
            backend: &body.backend,
            user: &body.user,
            password: body.password.as_ref().map(ExposeSecret::expose_secret),
            token: body.token.as_ref().map(ExposeSecret::expose_secret),
            auth: body.auth,
            backend_profile: body.backend_profile.as_ref(),
            vault: body.vault,
            push: body.push.as_deref(),
            ca: body.ca.as_deref(),
            allow_http: &body.allow_http,
        };
        // Large enough never to be moved, which would leave a copy: the server takes no more.
        let mut json = Zeroizing::new(Vec::with_capacity(MAX_BODY));
        // A plain value always serialises into memory.
        serde_json::to_writer(&mut *json, &sent).ok();
        self.post("login", Bytes::from_owner(json)).await
    }

    /// As [`super::logout`].
    ///
    /// # Errors
    /// [`ControlError`]
    pub async fn logout(&self) -> Result<serde_json::Value, ControlError> {
        self.post("logout", Bytes::new()).await
    }

    /// As [`super::register`].
    ///
    /// # Errors
    /// [`ControlError`]
    pub async fn register(&self, body: &RegisterBody) -> Result<Registered, ControlError> {
        self.post("register", to_json(body)).await
    }

    /// As [`super::unregister`].
    ///
    /// # Errors
    /// [`ControlError`]
    pub async fn unregister(&self) -> Result<serde_json::Value, ControlError> {
        self.post("unregister", Bytes::new()).await
    }

    /// As [`super::send`].
    ///
    /// # Errors
    /// [`ControlError`]
    pub async fn send(&self, body: &SendBody) -> Result<Sent, ControlError> {
        self.post("send", to_json(body)).await
    }

    /// As [`super::conditions`].
    ///
    /// # Errors
    /// [`ControlError`]
    pub async fn conditions(&self) -> Result<Conditions, ControlError> {
        self.get("conditions").await
    }

    /// As [`super::set_conditions`].
    ///
    /// # Errors
    /// [`ControlError`]
    pub async fn set_conditions(&self, body: &ConditionsBody) -> Result<Conditions, ControlError> {
        self.post("conditions", to_json(body)).await
    }

    /// As [`super::status`].
    ///
    /// # Errors
    /// [`ControlError`]
    pub async fn status(&self) -> Result<Status, ControlError> {
        self.get("status").await
    }

    /// As [`super::check_sign_in`].
    ///
    /// # Errors
    /// [`ControlError`]
    pub async fn check_sign_in(&self) -> Result<SignInCheck, ControlError> {
        self.get("sign-in-check").await
    }

    /// As [`super::profile`].
    ///
    /// # Errors
    /// [`ControlError`]
    pub async fn profile(&self) -> Result<Profile, ControlError> {
        self.get("profile").await
    }

    async fn get<T: DeserializeOwned>(&self, call: &str) -> Result<T, ControlError> {
        self.exchange(self.http.get(self.url(call))).await
    }

    fn url(&self, call: &str) -> String {
        format!("http://{}/v1/{call}", self.to.address)
    }

    async fn post<T: DeserializeOwned>(&self, call: &str, body: Bytes) -> Result<T, ControlError> {
        let request = self
            .http
            .post(self.url(call))
            .header("content-type", "application/json")
            .body(body);
        self.exchange(request).await
    }

    async fn exchange<T: DeserializeOwned>(
        &self,
        request: reqwest::RequestBuilder,
    ) -> Result<T, ControlError> {
        let bounds = Bounds {
            time: timeouts::CONTROL_REQUEST,
            answer: MAX_ANSWER,
        };
        let asked = exchange::exchange(request, &self.to.token, bounds).await;
        let pid = self.to.pid;
        asked.map_err(|obstacle| match obstacle {
            Obstacle::Refused(failure) => ControlError::Refused(failure),
            Obstacle::Unreadable(status) => ControlError::Unreadable { pid, status },
            Obstacle::TimedOut(limit) => ControlError::TimedOut { pid, limit },
            Obstacle::NoAnswer(cause) => ControlError::NoAnswer { pid, cause },
        })
    }
}

/// A [`LoginBody`] on its way, whose secrets are borrowed and not copied.
#[derive(Serialize)]
struct LoginSent<'a> {
    backend: &'a BackendOrigin,
    user: &'a UserName,
    password: Option<&'a str>,
    token: Option<&'a str>,
    auth: Option<AuthScheme>,
    backend_profile: Option<&'a BackendProfile>,
    vault: Option<VaultChoice>,
    push: Option<&'a str>,
    ca: Option<&'a Path>,
    allow_http: &'a [String],
}

/// These bodies are plain values, which always serialise.
fn to_json(body: &impl Serialize) -> Bytes {
    Bytes::from(serde_json::to_vec(body).unwrap_or_default())
}
