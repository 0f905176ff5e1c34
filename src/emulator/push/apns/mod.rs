//! Apple Push Notification service: the HTTP provider API, `POST /3/device/{token}`.
//!
//! Plays the development environment, which answers an `apns-unique-id` as well. Whose key signed
//! a provider token, and by which certificate a sender came, is asked under strict credentials
//! alone. What stands in the
//! payload is the device's to read: Apple has no reason for JSON that is none.

mod answer;
mod provider;
mod request;

use std::sync::Arc;

use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{any, post};
use axum::{Extension, Router};
use jiff::Timestamp;
use uuid::Uuid;

use crate::emulator::credentials::SenderCredentials;
use crate::emulator::trace::{DropRule, TraceStep};
use crate::lifecycle::{ClientCertificate, Clock};
use crate::model::Platform;
use crate::wire::apns::TOPIC_SUFFIXES;

use super::body;
use super::handles::{Channel, Found, Handles};
use super::on_demand::{Asked, OnDemand};
use super::queue::{Incoming, Queue, Verdict};
use super::throttle::{Throttle, Throttled};
use answer::Refusal;
use request::ApnsRequest;
pub(super) use request::is_topic;

/// The APNs front door.
#[derive(Debug)]
pub(in crate::emulator) struct Apns {
    pub(in crate::emulator) handles: Handles,
    pub(in crate::emulator) queue: Queue,
    /// Where these sender credentials alone are taken.
    pub(in crate::emulator) only: Option<SenderCredentials>,
    pub(in crate::emulator) clock: Clock,
    pub(in crate::emulator) throttle: Throttle,
    pub(in crate::emulator) on_demand: OnDemand,
}

pub(in crate::emulator) fn routes(apns: Arc<Apns>) -> Router {
    let device = post(accept).fallback(wrong_method);
    Router::new()
        .route("/3/device/{token}", device)
        .route("/3/device/", any(no_token))
        .route("/3/device", any(no_token))
        .route("/3", any(wrong_path))
        .route("/3/", any(wrong_path))
        .route("/3/{*rest}", any(wrong_path))
        .with_state(apns)
}

/// On a host name of Apple's there is nothing but the provider API, whatever else is served here.
pub(in crate::emulator) fn refuse_foreign_path(request: &Request) -> Option<Response> {
    let path = request.uri().path();
    let own = path == "/3" || path.starts_with("/3/");
    (!own && is_own_host(request)).then(|| refuse(Refusal::BadPath, request.headers()))
}

fn is_own_host(request: &Request) -> bool {
    let named = request.headers().get(header::HOST);
    let named = named.and_then(|host| host.to_str().ok());
    let host = request.uri().host().or(named).unwrap_or_default();
    let host = host.split_once(':').map_or(host, |(host, _)| host);
    let host = host.strip_suffix('.').unwrap_or(host);
    // The part before it is checked where names are certified and redirected.
    let (apple, length) = (".push.apple.com", host.len());
    let end = length.checked_sub(apple.len());
    end.and_then(|start| host.get(start..))
        .is_some_and(|end| end.eq_ignore_ascii_case(apple))
}

/// What each error on demand is answered.
pub(super) fn answers_on_demand() -> Vec<(&'static str, Response)> {
    let all = Refusal::all(Timestamp::UNIX_EPOCH).into_iter();
    all.map(|refusal| (refusal.reason(), refusal.into_response()))
        .collect()
}

async fn accept(
    State(apns): State<Arc<Apns>>,
    token: Result<Path<String>, PathRejection>,
    certificate: Option<Extension<ClientCertificate>>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let message = Uuid::new_v4().hyphenated().to_string();
    let token = token.map_or_else(|_| String::new(), |Path(token)| token);
    let certificate = certificate.map(|Extension(certificate)| certificate);
    let checked = request::check_duplicates(&headers).and_then(|()| {
        let now = apns.clock.now();
        provider::check(&headers, certificate, apns.only.as_ref(), now)
    });
    let taken = match checked {
        Ok(()) => apns.take(&token, &headers, body, &message).await,
        Err(refusal) => Err(refusal),
    };
    match taken {
        Ok(()) => {
            let mut answer = StatusCode::OK.into_response();
            answer::put_unique_id(answer.headers_mut(), &message);
            answer::echo_id(answer.headers_mut(), &headers);
            answer
        }
        Err(refusal) => {
            let trace = apns.queue.trace();
            trace.write(&message, Platform::Apns, TraceStep::Refused);
            refuse(refusal, &headers)
        }
    }
}

async fn wrong_method(headers: HeaderMap) -> Response {
    refuse(Refusal::MethodNotAllowed, &headers)
}

async fn no_token(headers: HeaderMap) -> Response {
    refuse(Refusal::MissingDeviceToken, &headers)
}

async fn wrong_path(headers: HeaderMap) -> Response {
    refuse(Refusal::BadPath, &headers)
}

fn refuse(refusal: Refusal, headers: &HeaderMap) -> Response {
    let mut answer = refusal.into_response();
    answer::echo_id(answer.headers_mut(), headers);
    answer
}

impl Apns {
    async fn take(
        &self,
        token: &str,
        headers: &HeaderMap,
        body: Body,
        message: &str,
    ) -> Result<(), Refusal> {
        let now = self.clock.now();
        let request = ApnsRequest::read(headers, now)?;
        let named = |reason: &str| Refusal::named(reason, now);
        match self.on_demand.asked(Platform::Apns, token, named) {
            Some(Asked::Fail(refusal)) => return Err(refusal),
            Some(Asked::Succeed) => {
                let step = TraceStep::Dropped(DropRule::OnDemand);
                self.queue.trace().write(message, Platform::Apns, step);
                return Ok(());
            }
            None => {}
        }
        let channel = self.channel(token).await?;
        if !is_for(&channel, &request.topic) {
            return Err(Refusal::DeviceTokenNotForTopic);
        }
        let body = body::read(body, request.most())
            .await
            .map_err(|_| Refusal::PayloadTooLarge)?;
        if body.is_empty() {
            return Err(Refusal::PayloadEmpty);
        }
        let admitted = self.throttle.admit(channel.id);
        admitted.map_err(|Throttled(seconds)| Refusal::TooManyRequests(seconds))?;
        let incoming = Incoming {
            version: message.to_owned(),
            body,
            headers: request.to_frame_headers(now),
            topic: None,
            lifetime: Some(request.stored),
            away: request.away_rule(),
        };
        match self.queue.accept(&channel, incoming).await? {
            // The sender is not told whether the device was there.
            Verdict::Received | Verdict::Dropped(_) => Ok(()),
            Verdict::Full => Err(Refusal::TooManyRequests(super::RETRY_AFTER)),
            Verdict::Gone => Err(Refusal::Unregistered(self.clock.now())),
        }
    }

    async fn channel(&self, token: &str) -> Result<Channel, Refusal> {
        // Hubs and senders write the hexadecimal digits in either case.
        let token = token.to_ascii_lowercase();
        match self.handles.find(Platform::Apns, &token).await? {
            Found::Live(channel) => Ok(channel),
            Found::Gone(at) => Err(Refusal::Unregistered(at)),
            Found::Unknown => Err(Refusal::BadDeviceToken),
        }
    }
}

/// True when the topic is the app's bundle id, alone or with the suffix of a push type.
fn is_for(channel: &Channel, topic: &str) -> bool {
    let mut apps = TOPIC_SUFFIXES
        .iter()
        .filter_map(|end| topic.strip_suffix(end));
    channel.is_open_to(topic) || apps.any(|app| channel.is_open_to(app))
}
