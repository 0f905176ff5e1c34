//! One request and its answer.

use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderValue, LOCATION};
use reqwest::{Method, Response, StatusCode};
use url::Url;

use super::error::tame;
use super::profile::{CallSpec, Codes, Kind, Meaning, Values};
use super::{BackendClient, BackendError, Credential, address, retry_after};
use crate::model::Invalid;

/// What is asked.
pub(super) struct Call<'a> {
    method: Method,
    pub(super) url: Url,
    /// The method and the URL as an error names them.
    shown: String,
    credential: Option<&'a Credential>,
    body: Option<Bytes>,
    is_form: bool,
    codes: Option<&'a Codes>,
}

impl<'a> Call<'a> {
    /// A call that no profile describes.
    pub(super) fn bare(method: Method, url: Url) -> Self {
        Self {
            shown: address::shown(&method, &url),
            method,
            url,
            credential: None,
            body: None,
            is_form: false,
            codes: None,
        }
    }

    pub(super) fn signed(mut self, credential: &'a Credential) -> Self {
        self.credential = Some(credential);
        self
    }
}

/// What came back: a status and a body that is not read yet.
pub(super) struct Answer<'a> {
    pub(super) client: &'a BackendClient,
    pub(super) request: String,
    pub(super) response: Response,
    codes: &'a Codes,
}

impl BackendClient {
    /// The call that the profile describes, with `values` put in, and the user's name.
    ///
    /// # Errors
    /// [`Invalid`] when a value is missing or does not fit.
    pub(super) fn call<'a>(
        &'a self,
        spec: &'a CallSpec,
        values: Values<'_>,
    ) -> Result<Call<'a>, Invalid> {
        let own = self.user.as_ref().map(|user| user.as_str());
        let values = Values {
            user: values.user.or(own),
            ..values
        };
        let place = spec.target.fill(&self.origin, &values)?;
        let written = spec.body.write(&values);
        Ok(Call {
            method: spec.target.method.clone(),
            url: place.url,
            shown: place.shown,
            credential: None,
            is_form: written.as_ref().is_some_and(|body| body.is_form),
            body: written.map(|body| body.bytes),
            codes: Some(&spec.codes),
        })
    }

    /// Says that the backend does not have a call, as its profile has it.
    pub(super) fn not_offered(&self, kind: Kind) -> BackendError {
        BackendError::NotOffered {
            call: kind.name(),
            profile: self.profile.name(),
            instead: kind.instead(),
        }
    }

    /// Sends a request. An answer is whatever came back but a redirect.
    pub(super) async fn exchange<'a>(&'a self, call: Call<'a>) -> Result<Answer<'a>, BackendError> {
        let headers = self.headers(&call)?;
        let mut builder = self.http.request(call.method, call.url).headers(headers);
        if let Some(body) = call.body {
            builder = builder.body(body);
        }
        let request = call.shown;
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
            codes: call.codes.unwrap_or(&self.api.codes),
        };
        answer.not_a_redirect()
    }

    /// Sends a request whose answer must be a success.
    pub(super) async fn ask<'a>(&'a self, call: Call<'a>) -> Result<Answer<'a>, BackendError> {
        self.exchange(call).await?.success().await
    }

    /// The profile's headers, with those that the call needs.
    fn headers(&self, call: &Call<'_>) -> Result<HeaderMap, Invalid> {
        const JSON: HeaderValue = HeaderValue::from_static("application/json");
        const FORM: HeaderValue = HeaderValue::from_static("application/x-www-form-urlencoded");
        let api = &self.api;
        let mut headers = api.headers.clone();
        headers.entry(ACCEPT).or_insert(JSON);
        if let Some(credential) = call.credential {
            let value = credential.header(&api.auth.around)?;
            headers.insert(api.auth.header.clone(), value);
        }
        match &call.body {
            Some(_) if call.is_form => drop(headers.insert(CONTENT_TYPE, FORM)),
            Some(_) => drop(headers.entry(CONTENT_TYPE).or_insert(JSON)),
            None => {
                headers.remove(CONTENT_TYPE);
                // IIS answers 411 to a POST without a length.
                if call.method != Method::GET {
                    headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
                }
            }
        }
        Ok(headers)
    }
}

impl Answer<'_> {
    pub(super) fn status(&self) -> StatusCode {
        self.response.status()
    }

    /// What the status means for this call.
    pub(super) fn meaning(&self) -> Meaning {
        self.codes.meaning(self.status().as_u16())
    }

    /// The answer if it is a success, else what its status means, or the hub behind the backend says.
    pub(super) async fn success(self) -> Result<Self, BackendError> {
        if self.is_of_hub() {
            Err(self.hub_refusal().await)
        } else if self.meaning() == Meaning::Success {
            Ok(self)
        } else {
            Err(self.refusal())
        }
    }

    /// What a status that is no success means.
    pub(super) fn refusal(self) -> BackendError {
        let status = self.status().as_u16();
        let retry_after = self.retry_after();
        let meaning = self.meaning();
        let request = self.request;
        match meaning {
            Meaning::SignInNeeded => BackendError::SignInNeeded { request, status },
            Meaning::Gone => BackendError::NotThere { request, status },
            Meaning::Throttled => BackendError::Throttled {
                request,
                retry_after,
            },
            Meaning::Failed => BackendError::Failed {
                request,
                status,
                retry_after,
            },
            Meaning::Success | Meaning::Rejected => BackendError::Rejected { request, status },
        }
    }

    /// How long the backend wants to be left alone.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        retry_after::read(self.response.headers(), self.client.clock.now())
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
