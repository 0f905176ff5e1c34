//! Web Push (RFC 8030): the endpoints that senders post to, and the message resource that they may
//! delete. Answers and error numbers are autopush's.

mod answer;
mod request;
mod vapid;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{delete, post};

use crate::emulator::credentials::SenderCredentials;
use crate::emulator::random;
use crate::emulator::trace::{DropRule, TraceStep};
use crate::lifecycle::Clock;
use crate::model::Platform;
use crate::wire::webpush::MAX_BODY;

use super::body;
use super::handles::{Channel, Found, Handles};
use super::on_demand::{Asked, OnDemand};
use super::queue::{AwayRule, Incoming, Queue, Verdict};
use super::throttle::{Throttle, Throttled};
use answer::{Created, Refusal};
use request::WebPushRequest;
pub(super) use vapid::read_key;

/// The Web Push front door.
#[derive(Debug)]
pub(in crate::emulator) struct WebPush {
    pub(in crate::emulator) handles: Handles,
    pub(in crate::emulator) queue: Queue,
    /// Where these sender credentials alone are taken.
    pub(in crate::emulator) only: Option<SenderCredentials>,
    pub(in crate::emulator) clock: Clock,
    pub(in crate::emulator) throttle: Throttle,
    pub(in crate::emulator) on_demand: OnDemand,
}

pub(in crate::emulator) fn routes(web_push: Arc<WebPush>) -> Router {
    Router::new()
        .route("/wpush/v1/{token}", post(accept))
        .route("/wpush/v2/{token}", post(accept))
        .route("/m/{version}", delete(forget))
        .with_state(web_push)
}

/// What each error on demand is answered.
pub(super) fn answers_on_demand() -> Vec<(&'static str, Response)> {
    let all = answer::ON_DEMAND.into_iter();
    all.map(|(name, refusal)| (name, refusal.into_response()))
        .collect()
}

async fn accept(
    State(web_push): State<Arc<WebPush>>,
    Path(token): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    match web_push.take(&token, &headers, body).await {
        Ok(created) => created.into_response(),
        Err(refusal) => {
            let trace = web_push.queue.trace();
            trace.write(&random::hex_128(), Platform::WebPush, TraceStep::Refused);
            refusal.into_response()
        }
    }
}

async fn forget(State(web_push): State<Arc<WebPush>>, Path(version): Path<String>) -> Response {
    let Some(agent) = agent_of(&version) else {
        return Refusal::InvalidMessageId.into_response();
    };
    match web_push.queue.delete(agent, &version).await {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => Refusal::from(error).into_response(),
    }
}

impl WebPush {
    async fn take(&self, token: &str, headers: &HeaderMap, body: Body) -> Result<Created, Refusal> {
        if let Some(asked) = self.asked(token, headers) {
            vapid::check_only(headers, self.only.as_ref())?;
            return asked;
        }
        let channel = self.channel(token).await?;
        vapid::check_only(headers, self.only.as_ref())?;
        vapid::check(headers, &channel, self.handles.origins(), self.clock.now())?;
        let request = WebPushRequest::read(headers)?;
        let body = body::read(body, MAX_BODY)
            .await
            .map_err(|_| Refusal::TooLarge)?;
        request.check_encoding(!body.is_empty())?;
        let admitted = self.throttle.admit(channel.id);
        admitted.map_err(|Throttled(seconds)| Refusal::Throttled(seconds))?;
        let version = version_for(channel.agent);
        let ttl = request.ttl;
        let incoming = Incoming {
            version: version.clone(),
            body,
            headers: request.to_frame_headers(channel.extended, self.clock.now()),
            topic: request.topic,
            lifetime: Some(std::time::Duration::from_secs(ttl)),
            away: if ttl == 0 {
                AwayRule::Drop
            } else {
                AwayRule::Store
            },
        };
        match self.queue.accept(&channel, incoming).await? {
            // RFC 8030 has one answer for what is kept and for what no one was there to take.
            Verdict::Received | Verdict::Dropped(_) => Ok(self.created(&version, ttl)),
            Verdict::Full => Err(Refusal::TooMany),
            Verdict::Gone => Err(Refusal::Gone),
        }
    }

    fn created(&self, version: &str, ttl: u64) -> Created {
        let base = self.handles.origins().base(Platform::WebPush);
        let base = base.as_str().trim_end_matches('/');
        Created {
            location: format!("{base}/m/{version}"),
            ttl,
        }
    }

    /// The answer of an endpoint that asks for an error; none of an ordinary one.
    fn asked(&self, token: &str, headers: &HeaderMap) -> Option<Result<Created, Refusal>> {
        let named = |name: &str| {
            let mut all = answer::ON_DEMAND.into_iter();
            all.find(|(known, _)| *known == name)
                .map(|(_, refusal)| refusal)
        };
        match self.on_demand.asked(Platform::WebPush, token, named)? {
            Asked::Fail(refusal) => Some(Err(refusal)),
            Asked::Succeed => Some(WebPushRequest::read(headers).map(|request| {
                let version = version_for(0);
                let step = TraceStep::Dropped(DropRule::OnDemand);
                let trace = self.queue.trace();
                trace.write(&version, Platform::WebPush, step);
                self.created(&version, request.ttl)
            })),
        }
    }

    async fn channel(&self, token: &str) -> Result<Channel, Refusal> {
        match self.handles.find(Platform::WebPush, token).await? {
            Found::Live(channel) => Ok(channel),
            Found::Gone(_) => Err(Refusal::Gone),
            Found::Unknown => Err(Refusal::NotFound),
        }
    }
}

/// A version that leads back to its device, so that deleting it searches one device's messages.
fn version_for(agent: i64) -> String {
    format!("{agent:x}-{}", random::hex_128())
}

/// The device in a version; none where it is not one of this service's.
fn agent_of(version: &str) -> Option<i64> {
    let (agent, rest) = version.split_once('-')?;
    let hex = |text: &str| {
        text.bytes()
            .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    };
    if rest.len() != 32 || !hex(rest) || !hex(agent) || agent.len() > 15 {
        return None;
    }
    i64::from_str_radix(agent, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_leads_back_to_its_device_and_junk_to_none() {
        assert_eq!(agent_of(&version_for(0x1f)), Some(0x1f));
        for junk in [
            "",
            "-",
            "junk",
            "1-2",
            "../x",
            "+1-00000000000000000000000000000000",
        ] {
            assert_eq!(agent_of(junk), None, "{junk}");
        }
    }
}
