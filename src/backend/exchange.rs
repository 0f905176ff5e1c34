//! One request and its answer.

use bytes::Bytes;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, LOCATION};
use reqwest::{Method, Response, StatusCode};
use url::Url;

use super::error::tame;
use super::{BackendClient, BackendError, Credential, address, retry_after};

/// What is asked.
pub(super) struct Call<'a> {
    method: Method,
    url: Url,
    credential: Option<&'a Credential>,
    body: Option<Bytes>,
}

impl<'a> Call<'a> {
    pub(super) fn new(method: Method, url: Url) -> Self {
        Self {
            method,
            url,
            credential: None,
            body: None,
        }
    }

    pub(super) fn signed(mut self, credential: &'a Credential) -> Self {
        self.credential = Some(credential);
        self
    }

    pub(super) fn json(mut self, body: impl Into<Bytes>) -> Self {
        self.body = Some(body.into());
        self
    }
}

/// What came back: a status and a body that is not read yet.
pub(super) struct Answer<'a> {
    pub(super) client: &'a BackendClient,
    pub(super) request: String,
    pub(super) response: Response,
}

impl BackendClient {
    /// The URL of `segments` below the backend's own.
    pub(super) fn url(&self, segments: &[&str]) -> Url {
        address::below(&self.origin, segments)
    }

    /// Sends a request. An answer is whatever came back but a redirect.
    pub(super) async fn exchange(&self, call: Call<'_>) -> Result<Answer<'_>, BackendError> {
        let request = address::shown(&call.method, &call.url);
        let mut builder = self
            .http
            .request(call.method.clone(), call.url)
            .header(ACCEPT, "application/json");
        if let Some(credential) = call.credential {
            builder = builder.header(AUTHORIZATION, credential.header()?);
        }
        builder = match call.body {
            Some(body) => builder.header(CONTENT_TYPE, "application/json").body(body),
            // IIS answers 411 to a POST without a length.
            None if call.method != Method::GET => builder.header(CONTENT_LENGTH, "0"),
            None => builder,
        };
        let response = builder
            .send()
            .await
            .map_err(|error| self.failure(&request, &error))?;
        tracing::debug!(
            request,
            status = response.status().as_u16(),
            "backend answered"
        );
        let answer = Answer {
            client: self,
            request,
            response,
        };
        answer.not_a_redirect()
    }

    /// Sends a request whose answer must be a success.
    pub(super) async fn ask(&self, call: Call<'_>) -> Result<Answer<'_>, BackendError> {
        let answer = self.exchange(call).await?;
        answer.success()
    }
}

impl Answer<'_> {
    pub(super) fn status(&self) -> StatusCode {
        self.response.status()
    }

    /// The answer if it is a 2xx, else what its status means.
    pub(super) fn success(self) -> Result<Self, BackendError> {
        if self.status().is_success() {
            return Ok(self);
        }
        Err(self.refusal())
    }

    /// What a status that is no success means.
    pub(super) fn refusal(self) -> BackendError {
        let status = self.status().as_u16();
        let retry_after = retry_after::read(self.response.headers(), self.client.clock.now());
        let request = self.request;
        match status {
            401 | 403 => BackendError::SignInNeeded { request, status },
            404 | 410 => BackendError::NotThere { request, status },
            429 => BackendError::Throttled {
                request,
                retry_after,
            },
            500.. => BackendError::Failed {
                request,
                status,
                retry_after,
            },
            _ => BackendError::Rejected { request, status },
        }
    }

    fn not_a_redirect(self) -> Result<Self, BackendError> {
        if !self.status().is_redirection() {
            return Ok(self);
        }
        Err(BackendError::Redirected {
            status: self.status().as_u16(),
            to: self.redirect_target(),
            request: self.request,
        })
    }

    /// Where a redirect points: scheme and host alone, since the rest may hold a secret.
    fn redirect_target(&self) -> String {
        let Some(location) = self.response.headers().get(LOCATION) else {
            return "nowhere".to_owned();
        };
        let target = location
            .to_str()
            .ok()
            .and_then(|text| self.response.url().join(text).ok());
        match target.as_ref().and_then(|url| Some((url, url.host_str()?))) {
            Some((url, host)) => match url.port() {
                Some(port) => tame(&format!("{}://{host}:{port}", url.scheme())),
                None => tame(&format!("{}://{host}", url.scheme())),
            },
            None => "something that is no URL".to_owned(),
        }
    }
}
