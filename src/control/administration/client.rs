//! The client of the admin door.

use std::time::Duration;

use reqwest::RequestBuilder;
use secrecy::ExposeSecret as _;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{AdminError, AdminKey};
use crate::control::exchange::{self, Bounds, Obstacle};
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
        match exchange::client() {
            Ok(http) => Ok(Self { http, key }),
            Err(cause) => Err(AdminError::NoAnswer {
                pid: key.pid,
                cause,
            }),
        }
    }

    /// As [`super::Administration::state`].
    ///
    /// # Errors
    /// [`AdminError`]
    pub async fn state(&self) -> Result<AdministrationState, AdminError> {
        let request = self.http.get(self.url(""));
        self.ask(request, timeouts::ADMIN_LOOK).await
    }

    /// As [`super::Administration::change`].
    ///
    /// # Errors
    /// [`AdminError`]
    pub async fn change(&self, request: &ChangeRequest) -> Result<Changed, AdminError> {
        let request = self.post("", request);
        self.ask(request, timeouts::ADMIN_REQUEST).await
    }

    /// As [`super::Administration::permission`].
    ///
    /// # Errors
    /// [`AdminError`]
    pub async fn permission(&self, request: &PermissionRequest) -> Result<Permission, AdminError> {
        let request = self.post("/permission", request);
        self.ask(request, timeouts::ADMIN_LOOK).await
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

    async fn ask<T: DeserializeOwned>(
        &self,
        request: RequestBuilder,
        time: Duration,
    ) -> Result<T, AdminError> {
        let bounds = Bounds {
            time,
            answer: MAX_ANSWER,
        };
        let asked = exchange::exchange(request, self.key.token.expose_secret(), bounds).await;
        let pid = self.key.pid;
        asked.map_err(|obstacle| match obstacle {
            Obstacle::Refused(failure) => AdminError::Refused(failure),
            Obstacle::Unreadable(status) => AdminError::Unreadable { pid, status },
            Obstacle::TimedOut(limit) => AdminError::TimedOut { pid, limit },
            Obstacle::NoAnswer(cause) => AdminError::NoAnswer { pid, cause },
        })
    }
}
