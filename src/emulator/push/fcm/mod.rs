//! Firebase Cloud Messaging, HTTP v1: `POST /v1/projects/{project}/messages:send`, and Google's
//! token endpoint. Its devices are Android's.
//!
//! Any access token passes but one that was given out here and has ended; under strict credentials
//! it must have been given out here, and the project be the service account's. Topics and conditions
//! are not embedded.

mod answer;
mod fields;
mod message;
mod token;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;

use crate::emulator::credentials::SenderCredentials;
use crate::emulator::random;
use crate::emulator::trace::TraceStep;
use crate::lifecycle::Clock;
use crate::model::Platform;

use super::access_tokens::{AccessTokens, TokenState};
use super::handles::{Channel, Found, Handles};
use super::queue::{Incoming, Queue, Verdict};
use super::traceparent;
use answer::{Accepted, Refusal};
use message::{FcmRequest, Target};

/// The largest request that is read, in bytes: parts for other platforms stand in it, too.
const MAX_REQUEST: usize = 64 * 1024;

/// The longest project id, domain and all.
const MAX_PROJECT: usize = 128;

/// The FCM front door.
#[derive(Debug)]
pub(in crate::emulator) struct Fcm {
    pub(in crate::emulator) handles: Handles,
    pub(in crate::emulator) queue: Queue,
    /// Where these sender credentials alone are taken.
    pub(in crate::emulator) only: Option<SenderCredentials>,
    pub(in crate::emulator) tokens: AccessTokens,
    pub(in crate::emulator) clock: Clock,
}

pub(in crate::emulator) fn routes(fcm: Arc<Fcm>) -> Router {
    Router::new()
        .route("/v1/projects/{project}/messages:send", post(accept))
        .with_state(fcm.clone())
        .merge(token::routes(fcm))
}

/// True for text that may be a project's id or number.
pub(super) fn is_project(text: &str) -> bool {
    let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b':' | b'_');
    (1..=MAX_PROJECT).contains(&text.len()) && text.bytes().all(fits)
}

async fn accept(
    State(fcm): State<Arc<Fcm>>,
    project: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let project = project.map_or_else(|_| String::new(), |Path(project)| project);
    let micros = fcm.clock.now().as_microsecond();
    let id = format!("0:{micros}%{}", random::hex_128());
    match fcm.take(&project, &headers, body, &id).await {
        Ok(id) => Accepted {
            name: format!("projects/{project}/messages/{id}"),
        }
        .into_response(),
        Err(refusal) => {
            let trace = fcm.queue.trace();
            trace.write(&id, Platform::Fcm, TraceStep::Refused);
            refusal.into_response()
        }
    }
}

impl Fcm {
    /// Takes a message under `id`; the id under which it was taken.
    async fn take<'a>(
        &self,
        project: &str,
        headers: &HeaderMap,
        body: Body,
        id: &'a str,
    ) -> Result<&'a str, Refusal> {
        match self.tokens.state_of(headers, &self.clock) {
            TokenState::Live => {}
            TokenState::Unknown if self.only.is_none() => {}
            TokenState::Unknown => {
                return Err(Refusal::Unauthenticated("ACCESS_TOKEN_TYPE_UNSUPPORTED"));
            }
            TokenState::Ended => return Err(Refusal::Unauthenticated("ACCESS_TOKEN_EXPIRED")),
            TokenState::Missing => return Err(Refusal::Unauthenticated("CREDENTIALS_MISSING")),
        }
        if !is_project(project) {
            return Err(Refusal::invalid("parent", "is not a project"));
        }
        if self
            .only
            .as_ref()
            .is_some_and(|only| only.project() != project)
        {
            return Err(Refusal::PermissionDenied(project.to_owned()));
        }
        let body = axum::body::to_bytes(body, MAX_REQUEST)
            .await
            .map_err(|_| Refusal::invalid("body", "is larger than 64 KiB"))?;
        let request = FcmRequest::read(&body)?;
        let channel = self.channel(&request.target).await?;
        if !channel.is_open_to(project) {
            return Err(Refusal::SenderIdMismatch);
        }
        if request.validate_only {
            return Ok("fake_message_id");
        }
        let incoming = Incoming {
            version: id.to_owned(),
            headers: request.to_frame_headers(self.clock.now(), traceparent(headers)),
            topic: None,
            lifetime: Some(request.ttl),
            away: request.away_rule(),
            body: request.content,
        };
        match self.queue.accept(&channel, incoming).await? {
            // The sender is not told whether the device was there.
            Verdict::Received | Verdict::Dropped(_) => Ok(id),
            Verdict::Full => Err(Refusal::QuotaExceeded),
            Verdict::Gone => Err(Refusal::Unregistered),
        }
    }

    async fn channel(&self, target: &Target) -> Result<Channel, Refusal> {
        let found = match target {
            Target::Token(token) => self.handles.find(Platform::Fcm, token).await?,
            Target::Installation(id) => self.handles.find_installation(id).await?,
        };
        match found {
            Found::Live(channel) => Ok(channel),
            Found::Gone(_) | Found::Unknown => Err(Refusal::Unregistered),
        }
    }
}
