//! One request to a hub elsewhere, tried again where that may help, within a bounded time.

use std::time::Duration;

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, LOCATION, RETRY_AFTER};
use reqwest::{Client, Method, Response};
use secrecy::ExposeSecret as _;
use tokio::time::Instant;
use url::Url;

use crate::lifecycle::{Backoff, timeouts};
use crate::wire::notification_hub::SERVICE_OFF;

use super::problem::{self, Problem};
use super::token::SasTokens;

/// The version of the API that is spoken.
const API_VERSION: &str = "2020-06";

/// The most of an answer that is read, in bytes.
const MAX_ANSWER: usize = 16 * 1024;

/// How often a request is tried.
const TRIES: u32 = 3;

/// The wait before the second try; the third waits twice as long.
const FIRST_WAIT: Duration = Duration::from_millis(200);

/// The longest wait before another try. Whoever is to wait longer is told so instead.
const LONGEST_WAIT: Duration = Duration::from_secs(2);

/// How long another try should have for itself.
const LEAST: Duration = Duration::from_secs(1);

/// The way to one hub.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) client: Client,
    pub(super) tokens: SasTokens,
    /// The hub's own URL, without a slash at its end.
    pub(super) hub: Url,
}

/// What is asked.
#[derive(Debug, Default)]
pub(super) struct Request<'a> {
    pub(super) method: Method,
    /// Below the hub.
    pub(super) path: &'a [&'a str],
    pub(super) content_type: Option<&'a str>,
    pub(super) headers: Vec<(&'a str, String)>,
    pub(super) body: axum::body::Bytes,
    /// Carried out twice it does what it does once: it is tried again also when it may have arrived.
    pub(super) repeatable: bool,
    /// What no error may repeat.
    pub(super) private: Vec<&'a str>,
}

/// A success.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    /// The `Location` header.
    pub(super) location: Option<String>,
}

impl Link {
    /// Asks, within [`timeouts::REMOTE_HUB`].
    pub(super) async fn ask(&self, request: &Request<'_>) -> Result<Answer, Problem> {
        let asked = tokio::time::timeout(timeouts::REMOTE_HUB, self.tries(request)).await;
        asked.unwrap_or(Err(Problem::TimedOut))
    }

    async fn tries(&self, request: &Request<'_>) -> Result<Answer, Problem> {
        let until = Instant::now() + timeouts::REMOTE_HUB;
        let mut backoff = Backoff::new(FIRST_WAIT, LONGEST_WAIT);
        let mut tries = 1;
        loop {
            let problem = match self.once(request).await {
                Ok(answer) => return Ok(answer),
                Err(problem) => problem,
            };
            let again = problem.is_before_work() || request.repeatable && problem.is_transient();
            let wait = problem.wait().unwrap_or_else(|| backoff.next_wait());
            // What is known is told rather than that the time was over.
            let is_late = Instant::now() + wait + LEAST >= until;
            if !again || tries >= TRIES || wait > LONGEST_WAIT || is_late {
                return Err(problem);
            }
            tries += 1;
            tokio::time::sleep(wait).await;
        }
    }

    async fn once(&self, request: &Request<'_>) -> Result<Answer, Problem> {
        let mut token = HeaderValue::from_str(self.tokens.current().expose_secret())
            .map_err(|_| Problem::Unusable)?;
        token.set_sensitive(true);
        let mut builder = self
            .client
            .request(request.method.clone(), self.url(request))
            .header(AUTHORIZATION, token);
        if let Some(content_type) = request.content_type {
            builder = builder.header(CONTENT_TYPE, content_type);
        }
        for (name, value) in &request.headers {
            builder = builder.header(*name, value);
        }
        let response = builder
            .body(request.body.clone())
            .send()
            .await
            .map_err(|error| Problem::of(&error))?;
        let status = response.status();
        tracing::debug!(
            method = %request.method,
            route = request.path.first().copied().unwrap_or_default(),
            status = status.as_u16(),
            "the hub elsewhere answered"
        );
        let headers = response.headers().clone();
        // Also of a success, so that its connection is used again.
        let body = read(response).await;
        if status.is_success() {
            return Ok(Answer {
                location: text(&headers, LOCATION.as_str()),
            });
        }
        if status == reqwest::StatusCode::UNAUTHORIZED {
            self.tokens.forget();
        }
        let detail = problem::detail(&body, &request.private);
        if let (Some(_), Some(reason)) = (headers.get(SERVICE_OFF), &detail) {
            return Err(Problem::ServiceOff(reason.clone()));
        }
        Err(Problem::Answer {
            status,
            detail,
            wait: retry_after(&headers),
        })
    }

    fn url(&self, request: &Request<'_>) -> Url {
        let mut url = self.hub.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.extend(request.path);
        }
        url.query_pairs_mut()
            .append_pair("api-version", API_VERSION);
        url
    }
}

/// The beginning of a body; what is more is left.
async fn read(mut response: Response) -> Vec<u8> {
    let mut body = Vec::new();
    while body.len() < MAX_ANSWER
        && let Ok(Some(chunk)) = response.chunk().await
    {
        body.extend_from_slice(&chunk);
    }
    body.truncate(MAX_ANSWER);
    body
}

/// Seconds, as hubs write them.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = text(headers, RETRY_AFTER.as_str())?;
    let seconds: u32 = text.trim().parse().ok()?;
    Some(Duration::from_secs(seconds.min(3600).into()))
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    let value = headers.get(name)?.to_str().ok()?;
    (value.len() <= 2048).then(|| value.to_owned())
}
