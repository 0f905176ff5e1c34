//! Asking another process of this machine over HTTP, a phone or a `serve`: with its token, bounded in
//! time and size, and with what came instead of an answer.

use std::time::Duration;

use reqwest::{Client, RequestBuilder};
use serde::de::DeserializeOwned;

use crate::lifecycle::{self, innermost};

/// What bounds one request.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    /// How long it may take.
    pub(super) time: Duration,
    /// The largest answer that is read, in bytes.
    pub(super) answer: usize,
}

/// What came instead of the answer; `F` is what the other process says of a refusal.
pub(super) enum Obstacle<F> {
    /// It refused.
    Refused(F),
    /// It answered something else than this program expects, with this HTTP status.
    Unreadable(u16),
    /// It did not answer in this time.
    TimedOut(Duration),
    /// There is no connection, or it broke off.
    NoAnswer(String),
}

/// A client that reaches this machine alone: no proxy, no TLS, no redirect.
pub(super) fn client() -> Result<Client, String> {
    let local = lifecycle::http_client().no_proxy().tls_certs_only([]);
    local.build().map_err(|error| innermost(&error))
}

/// Sends a request, and reads its answer.
pub(super) async fn exchange<T: DeserializeOwned, F: DeserializeOwned>(
    request: RequestBuilder,
    token: &str,
    bounds: Bounds,
) -> Result<T, Obstacle<F>> {
    let failed = |error: reqwest::Error| match error.is_timeout() {
        true => Obstacle::TimedOut(bounds.time),
        false => Obstacle::NoAnswer(innermost(&error.without_url())),
    };
    let request = request.bearer_auth(token).timeout(bounds.time);
    let mut answer = request.send().await.map_err(failed)?;
    let status = answer.status();
    let unreadable = || Obstacle::Unreadable(status.as_u16());
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(failed)? {
        body.extend_from_slice(&chunk);
        if body.len() > bounds.answer {
            return Err(unreadable());
        }
    }
    if status.is_success() {
        return serde_json::from_slice(&body).map_err(|_| unreadable());
    }
    match serde_json::from_slice(&body) {
        Ok(failure) => Err(Obstacle::Refused(failure)),
        Err(_) => Err(unreadable()),
    }
}
