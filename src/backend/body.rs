//! Reading an answer's body: bounded while it streams, then as JSON.

use reqwest::header::CONTENT_TYPE;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use super::BackendError;
use super::error::tame;
use super::exchange::Answer;
use crate::wire::app_backend::MAX_BODY;

/// A body that was read whole. It may hold a token or a payload and is zeroised on drop.
pub(super) struct Body {
    request: String,
    content_type: Option<String>,
    bytes: Zeroizing<Vec<u8>>,
}

impl Answer<'_> {
    /// Reads the body, decompressed, up to [`MAX_BODY`].
    pub(super) async fn body(mut self) -> Result<Body, BackendError> {
        let too_large = |request: &str| BackendError::TooLarge {
            request: request.to_owned(),
            limit: MAX_BODY,
        };
        let announced = self.response.content_length().unwrap_or(0);
        if announced > MAX_BODY as u64 {
            return Err(too_large(&self.request));
        }
        let mut bytes = Zeroizing::new(Vec::new());
        loop {
            let chunk = self.response.chunk().await;
            match chunk.map_err(|error| self.client.failure(&self.request, &error))? {
                Some(chunk) if bytes.len() + chunk.len() > MAX_BODY => {
                    return Err(too_large(&self.request));
                }
                Some(chunk) => bytes.extend_from_slice(&chunk),
                None => break,
            }
        }
        let content_type = self.response.headers().get(CONTENT_TYPE);
        Ok(Body {
            content_type: content_type.and_then(|value| Some(tame(value.to_str().ok()?))),
            request: self.request,
            bytes,
        })
    }
}

impl Body {
    pub(super) fn is_empty(&self) -> bool {
        self.bytes.iter().all(u8::is_ascii_whitespace)
    }

    /// The body as text.
    pub(super) fn text(&self) -> Result<&str, BackendError> {
        std::str::from_utf8(&self.bytes).map_err(|_| self.not_json("it is not UTF-8"))
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The body as JSON. What serde says about a value of the wrong kind repeats that value, which
    /// may be a secret: only the name of a missing field is taken from it.
    pub(super) fn json<T: DeserializeOwned>(&self) -> Result<T, BackendError> {
        serde_json::from_slice(&self.bytes).map_err(|error| self.unreadable(&error))
    }

    /// Says why the body could not be read as JSON.
    pub(super) fn unreadable(&self, error: &serde_json::Error) -> BackendError {
        if self.is_empty() {
            return self.not_json("it is empty");
        }
        if error.is_data() {
            return match missing_field(&error.to_string()) {
                Some(name) => self.missing(name),
                None => self.wrong_kind(),
            };
        }
        self.not_json(&format!(
            "it breaks off or goes wrong at line {}, column {}",
            error.line(),
            error.column()
        ))
    }

    /// Says that a field is not there.
    pub(super) fn missing(&self, name: &str) -> BackendError {
        self.malformed(format!("its field {name:?} is missing"))
    }

    /// Says that a field has a value that it cannot have, without that value.
    pub(super) fn wrong_kind(&self) -> BackendError {
        self.malformed("a field in it has a value of the wrong kind")
    }

    /// Says that the body has not what belongs in it.
    pub(super) fn malformed(&self, problem: impl Into<String>) -> BackendError {
        BackendError::Malformed {
            request: self.request.clone(),
            problem: problem.into(),
        }
    }

    fn not_json(&self, problem: &str) -> BackendError {
        let found = match &self.content_type {
            Some(content_type) => format!("its type is {content_type:?}, {problem}"),
            None => format!("it has no content type, {problem}"),
        };
        BackendError::NotJson {
            request: self.request.clone(),
            found,
        }
    }
}

fn missing_field(error: &str) -> Option<&str> {
    let rest = error.strip_prefix("missing field `")?;
    rest.split('`').next()
}
