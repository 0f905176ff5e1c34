//! The client of the admin door.

use reqwest::RequestBuilder;
use secrecy::ExposeSecret as _;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{AdminError, AdminKey};
use crate::lifecycle::timeouts;
use crate::wire::push_administration::{
    AdministrationState, ChangeRequest, Changed, Permission, PermissionRequest,
};

/// The largest answer that is read, in bytes: twice all that may be stored.
const MAX_ANSWER: usize = 8 * 1024 * 1024;

/// Speaks to the admin door of a running `serve`.
#[derive(Debug, Clone)]
pub struct AdminClient {
    http: reqwest::Client,
    key: AdminKey,
}

impl AdminClient {
    /// A client that has not asked anything yet.
    ///
    /// # Errors
    /// [`AdminError::NoAnswer`] where no client can be made.
    pub fn new(key: AdminKey) -> Result<Self, AdminError> {
        rustls::crypto::ring::default_provider()
            .install_default()
            .ok();
        let http = reqwest::Client::builder()
            .no_proxy()
            .pool_idle_timeout(timeouts::HTTP_IDLE)
            .tls_certs_only([])
            .redirect(reqwest::redirect::Policy::none())
            .timeout(timeouts::ADMIN_REQUEST)
            .build();
        match http {
            Ok(http) => Ok(Self { http, key }),
            Err(error) => Err(no_answer(&key, error)),
        }
    }

    /// As [`super::Administration::state`].
    ///
    /// # Errors
    /// [`AdminError`]
    pub async fn state(&self) -> Result<AdministrationState, AdminError> {
        self.ask(self.http.get(self.url(""))).await
    }

    /// As [`super::Administration::change`].
    ///
    /// # Errors
    /// [`AdminError`]
    pub async fn change(&self, request: &ChangeRequest) -> Result<Changed, AdminError> {
        self.ask(self.post("", request)).await
    }

    /// As [`super::Administration::permission`].
    ///
    /// # Errors
    /// [`AdminError`]
    pub async fn permission(&self, request: &PermissionRequest) -> Result<Permission, AdminError> {
        self.ask(self.post("/permission", request)).await
    }

    fn url(&self, call: &str) -> String {
        let base = self.key.http.as_str().trim_end_matches('/');
        format!("{base}/admin/push-administration{call}")
    }

    fn post(&self, call: &str, body: &impl Serialize) -> RequestBuilder {
        // These are plain values, which always serialise.
        let body = serde_json::to_vec(body).unwrap_or_default();
        let request = self.http.post(self.url(call));
        request
            .header("content-type", "application/json")
            .body(body)
    }

    async fn ask<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, AdminError> {
        let failed = |error| no_answer(&self.key, error);
        let request = request.bearer_auth(self.key.token.expose_secret());
        let mut answer = request.send().await.map_err(failed)?;
        let status = answer.status();
        let unreadable = || AdminError::Unreadable {
            pid: self.key.pid,
            status: status.as_u16(),
        };
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(failed)? {
            body.extend_from_slice(&chunk);
            if body.len() > MAX_ANSWER {
                return Err(unreadable());
            }
        }
        if status.is_success() {
            return serde_json::from_slice(&body).map_err(|_| unreadable());
        }
        match serde_json::from_slice(&body) {
            Ok(failure) => Err(AdminError::Refused(failure)),
            Err(_) => Err(unreadable()),
        }
    }
}

fn no_answer(key: &AdminKey, error: reqwest::Error) -> AdminError {
    AdminError::NoAnswer {
        pid: key.pid,
        cause: error.without_url().to_string(),
    }
}
