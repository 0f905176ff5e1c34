//! Windows Push Notification Services: the token endpoints, and the channel URI that senders post
//! to, or delete toasts by. Follows the WNS request and response headers of Microsoft's documents.

mod answer;
mod removal;
mod request;
mod token;

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use serde::Deserialize;

use crate::emulator::credentials::SenderCredentials;
use crate::emulator::random;
use crate::emulator::trace::{DropRule, TraceStep};
use crate::lifecycle::Clock;
use crate::model::Platform;
use crate::store::StoreError;
use crate::wire::wns::MAX_BODY;

use super::access_tokens::AccessTokens;
use super::body;
use super::handles::{Channel, Found, Handles};
use super::on_demand::{Asked, OnDemand};
use super::queue::{Incoming, Queue, Verdict};
use super::throttle::{Throttle, Throttled};
use answer::{Answer, Refusal};
use removal::Removal;
use request::WnsRequest;

/// The WNS front door.
#[derive(Debug)]
pub(in crate::emulator) struct Wns {
    pub(in crate::emulator) handles: Handles,
    pub(in crate::emulator) queue: Queue,
    /// Where these sender credentials alone are taken.
    pub(in crate::emulator) only: Option<SenderCredentials>,
    pub(in crate::emulator) tokens: AccessTokens,
    pub(in crate::emulator) clock: Clock,
    pub(in crate::emulator) throttle: Throttle,
    pub(in crate::emulator) on_demand: OnDemand,
}

/// The routes of WNS, without `/`, which the front router shares with the device socket.
pub(in crate::emulator) fn routes(wns: Arc<Wns>) -> Router {
    let channel = post(accept).delete(remove).fallback(wrong_method);
    Router::new()
        .route("/w/", channel.clone())
        .route("/w", channel)
        .with_state(wns.clone())
        .merge(token::routes(wns))
}

#[derive(Deserialize)]
pub(in crate::emulator) struct ChannelQuery {
    token: Option<String>,
}

type ChannelToken = Result<Query<ChannelQuery>, QueryRejection>;

/// `POST` to a channel URI.
pub(in crate::emulator) async fn accept(
    State(wns): State<Arc<Wns>>,
    query: ChannelToken,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let token = query.ok().and_then(|Query(query)| query.token);
    let message = random::hex_64();
    let taken = wns.take(token.as_deref(), &headers, body, &message).await;
    wns.answer(taken, &headers, &message)
}

/// `DELETE` on a channel URI; a body is ignored.
pub(in crate::emulator) async fn remove(
    State(wns): State<Arc<Wns>>,
    query: ChannelToken,
    headers: HeaderMap,
) -> Response {
    let token = query.ok().and_then(|Query(query)| query.token);
    let message = random::hex_64();
    let taken = wns.take_removal(token.as_deref(), &headers, &message).await;
    wns.answer(taken, &headers, &message)
}

async fn wrong_method(headers: HeaderMap) -> Response {
    let mut answer = Refusal::MethodNotAllowed.into_response();
    answer::finish(answer.headers_mut(), &headers, &random::hex_64());
    answer
}

/// What each error on demand is answered.
pub(super) fn answers_on_demand() -> Vec<(&'static str, Response)> {
    let all = answer::ON_DEMAND.into_iter();
    all.map(|(word, answer)| (word, answer.into_response()))
        .collect()
}

/// What stands behind a channel URI.
enum Behind {
    Device(Channel),
    /// Nobody: it asked for an answer, which this is.
    Nobody(Answer),
}

impl Wns {
    fn answer(
        &self,
        taken: Result<Answer, Refusal>,
        headers: &HeaderMap,
        message: &str,
    ) -> Response {
        if taken.is_err() {
            let trace = self.queue.trace();
            trace.write(message, Platform::Wns, TraceStep::Refused);
        }
        let mut answer = taken.into_response();
        answer::finish(answer.headers_mut(), headers, message);
        answer
    }

    async fn take(
        &self,
        token: Option<&str>,
        headers: &HeaderMap,
        body: Body,
        message: &str,
    ) -> Result<Answer, Refusal> {
        let channel = match self.behind(token, headers, message).await? {
            Behind::Device(channel) => channel,
            Behind::Nobody(answer) => return Ok(answer),
        };
        let request = WnsRequest::read(headers)?;
        let body = body::read(body, MAX_BODY)
            .await
            .map_err(|_| Refusal::TooLarge)?;
        if request.length > MAX_BODY as u64 {
            return Err(Refusal::TooLarge);
        }
        if body.is_empty() {
            return Err(Refusal::Header("the notification has no body"));
        }
        let incoming = Incoming {
            version: message.to_owned(),
            body,
            headers: request.to_frame_headers(self.clock.now()),
            topic: None,
            lifetime: request.lifetime,
            away: request.away_rule(),
        };
        let received = self.deliver(&channel, incoming).await?;
        let connected = request
            .wants_status
            .then(|| self.queue.is_connected(channel.uaid));
        Ok(Answer {
            received,
            connected,
        })
    }

    async fn take_removal(
        &self,
        token: Option<&str>,
        headers: &HeaderMap,
        message: &str,
    ) -> Result<Answer, Refusal> {
        let channel = match self.behind(token, headers, message).await? {
            Behind::Device(channel) => channel,
            Behind::Nobody(answer) => return Ok(answer),
        };
        let removal = Removal::read(headers)?;
        let incoming = Incoming {
            version: message.to_owned(),
            body: Bytes::new(),
            headers: removal.to_frame_headers(self.clock.now()),
            topic: None,
            lifetime: None,
            away: removal.away_rule(),
        };
        Ok(Answer {
            received: self.deliver(&channel, incoming).await?,
            connected: None,
        })
    }

    /// Hands a push over, unless too many came; false when it was dropped.
    async fn deliver(&self, channel: &Channel, incoming: Incoming) -> Result<bool, Refusal> {
        let admitted = self.throttle.admit(channel.id);
        admitted.map_err(|Throttled(seconds)| Refusal::Throttled(seconds))?;
        match self.queue.accept(channel, incoming).await? {
            Verdict::Received => Ok(true),
            Verdict::Dropped(_) => Ok(false),
            Verdict::Full => Err(Refusal::Throttled(super::RETRY_AFTER)),
            Verdict::Gone => Err(Refusal::Gone),
        }
    }

    /// Checks the sender, and finds what stands behind the channel URI.
    async fn behind(
        &self,
        token: Option<&str>,
        headers: &HeaderMap,
        message: &str,
    ) -> Result<Behind, Refusal> {
        if !self.tokens.state_of(headers, &self.clock).is_live() {
            return Err(Refusal::Unauthorized);
        }
        let token = token.ok_or(Refusal::NotFound)?;
        let named = |word: &str| {
            let mut all = answer::ON_DEMAND.into_iter();
            all.find(|(known, _)| *known == word).map(|(_, what)| what)
        };
        let nobody = match self.on_demand.asked(Platform::Wns, token, named) {
            Some(Asked::Fail(answer)) => answer?,
            Some(Asked::Succeed) => Answer::of_nobody(true),
            None => return self.channel(token).await.map(Behind::Device),
        };
        let step = TraceStep::Dropped(DropRule::OnDemand);
        self.queue.trace().write(message, Platform::Wns, step);
        Ok(Behind::Nobody(nobody))
    }

    async fn channel(&self, token: &str) -> Result<Channel, Refusal> {
        match self.handles.find(Platform::Wns, token).await? {
            Found::Live(channel) => Ok(channel),
            Found::Gone(_) => Err(Refusal::Gone),
            Found::Unknown => Err(Refusal::NotFound),
        }
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        tracing::warn!(%error, "a push could not be stored");
        Self::Unavailable
    }
}
