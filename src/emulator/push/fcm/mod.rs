//! Firebase Cloud Messaging, HTTP v1: `POST /v1/projects/{project}/messages:send`, and Google's
//! token endpoint. Its devices are Android's.
//!
//! Any access token passes but one that was given out here and has ended; under strict credentials
//! it must have been given out here, and the project be the service account's.

mod answer;
mod condition;
mod fan_out;
mod fields;
mod message;
mod subscribing;
mod token;
mod topic;
mod topics;

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
use crate::emulator::trace::{DropRule, TraceStep};
use crate::lifecycle::Clock;
use crate::model::Platform;

use super::access_tokens::{AccessTokens, TokenState};
use super::body;
use super::handles::{Channel, Found, Handles};
use super::on_demand::{Asked, OnDemand};
use super::queue::{Incoming, Queue, Verdict};
use super::throttle::{Throttle, Throttled};
use super::traceparent;
use answer::{Accepted, Refusal};
use message::{FcmRequest, Target};
pub(in crate::emulator) use topics::Topics;

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
    pub(in crate::emulator) throttle: Throttle,
    pub(in crate::emulator) on_demand: OnDemand,
    pub(in crate::emulator) topics: Topics,
}

pub(in crate::emulator) fn routes(fcm: Arc<Fcm>) -> Router {
    Router::new()
        .route("/v1/projects/{project}/messages:send", post(accept))
        .with_state(fcm.clone())
        .merge(subscribing::routes(fcm.clone()))
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

/// What each error on demand is answered.
pub(super) fn answers_on_demand() -> Vec<(&'static str, Response)> {
    let all = Refusal::on_demand().into_iter();
    all.map(|(name, refusal)| (name, refusal.into_response()))
        .collect()
}

/// What a sender that only asks whether its message would do is answered.
const VALIDATED: &str = "fake_message_id";

impl Fcm {
    fn check_sender(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        match self.tokens.state_of(headers, &self.clock) {
            TokenState::Live => Ok(()),
            TokenState::Unknown if self.only.is_none() => Ok(()),
            TokenState::Unknown => Err(Refusal::Unauthenticated("ACCESS_TOKEN_TYPE_UNSUPPORTED")),
            TokenState::Ended => Err(Refusal::Unauthenticated("ACCESS_TOKEN_EXPIRED")),
            TokenState::Missing => Err(Refusal::Unauthenticated("CREDENTIALS_MISSING")),
        }
    }

    /// Under strict credentials the service account has a say in its own project alone.
    fn check_own_project(&self, project: &str) -> Result<(), Refusal> {
        match &self.only {
            Some(only) if only.project() != project => {
                Err(Refusal::PermissionDenied(project.to_owned()))
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Takes a message under `id`; the id under which it was taken.
    async fn take<'a>(
        &self,
        project: &str,
        headers: &HeaderMap,
        body: Body,
        id: &'a str,
    ) -> Result<&'a str, Refusal> {
        self.check_sender(headers)?;
        if !is_project(project) {
            return Err(Refusal::invalid("parent", "is not a project"));
        }
        self.check_own_project(project)?;
        let body = body::read(body, MAX_REQUEST)
            .await
            .map_err(|_| Refusal::invalid("body", "is larger than 64 KiB"))?;
        let request = FcmRequest::read(&body)?;
        let incoming = Incoming {
            version: id.to_owned(),
            headers: request.to_frame_headers(self.clock.now(), traceparent(headers)),
            topic: None,
            lifetime: Some(request.ttl),
            away: request.away_rule(),
            body: request.content,
        };
        let found = match &request.target {
            Target::Topics(_) if request.validate_only => return Ok(VALIDATED),
            Target::Topics(condition) => {
                self.fan_out(project, condition, &incoming).await?;
                return Ok(id);
            }
            Target::Token(token) => match self.asked(token, id)? {
                true => return Ok(id),
                false => self.handles.find(Platform::Fcm, token).await?,
            },
            Target::Installation(id) => self.handles.find_installation(id).await?,
        };
        let Found::Live(channel) = found else {
            return Err(Refusal::Unregistered);
        };
        if !channel.is_open_to(project) {
            return Err(Refusal::SenderIdMismatch);
        }
        if request.validate_only {
            return Ok(VALIDATED);
        }
        self.deliver(&channel, incoming).await.map(|()| id)
    }

    async fn deliver(&self, channel: &Channel, incoming: Incoming) -> Result<(), Refusal> {
        let admitted = self.throttle.admit(channel.id);
        admitted.map_err(|Throttled(seconds)| Refusal::QuotaExceeded(seconds))?;
        match self.queue.accept(channel, incoming).await? {
            // The sender is not told whether the device was there.
            Verdict::Received | Verdict::Dropped(_) => Ok(()),
            Verdict::Full => Err(Refusal::QuotaExceeded(super::RETRY_AFTER)),
            Verdict::Gone => Err(Refusal::Unregistered),
        }
    }

    /// Answers a token that asks for an error; true when it has failed often enough.
    fn asked(&self, token: &str, id: &str) -> Result<bool, Refusal> {
        match self.on_demand.asked(Platform::Fcm, token, Refusal::named) {
            Some(Asked::Fail(refusal)) => Err(refusal),
            Some(Asked::Succeed) => {
                let step = TraceStep::Dropped(DropRule::OnDemand);
                self.queue.trace().write(id, Platform::Fcm, step);
                Ok(true)
            }
            None => Ok(false),
        }
    }
}
