//! Windows Push Notification Services: the token endpoints, and the channel URI that senders post
//! to. Follows the WNS request and response headers of Microsoft's documents.

mod answer;
mod request;
mod token;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use serde::Deserialize;

use crate::emulator::credentials::SenderCredentials;
use crate::emulator::random;
use crate::emulator::trace::TraceStep;
use crate::lifecycle::Clock;
use crate::model::Platform;
use crate::store::StoreError;
use crate::wire::wns::MAX_BODY;

use super::access_tokens::AccessTokens;
use super::handles::{Channel, Found, Handles};
use super::queue::{Incoming, Queue, Verdict};
use answer::{Answer, Refusal};
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
}

/// The routes of WNS, without `/`, which the front router shares with the device socket.
pub(in crate::emulator) fn routes(wns: Arc<Wns>) -> Router {
    Router::new()
        .route("/w/", post(accept))
        .route("/w", post(accept))
        .with_state(wns.clone())
        .merge(token::routes(wns))
}

#[derive(Deserialize)]
pub(in crate::emulator) struct ChannelQuery {
    token: Option<String>,
}

/// `POST` to a channel URI.
pub(in crate::emulator) async fn accept(
    State(wns): State<Arc<Wns>>,
    query: Result<Query<ChannelQuery>, QueryRejection>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let token = query.ok().and_then(|Query(query)| query.token);
    let message = random::hex_64();
    let mut answer = match wns.take(token.as_deref(), &headers, body, &message).await {
        Ok(answer) => answer.into_response(),
        Err(refusal) => {
            wns.queue
                .trace()
                .write(&message, Platform::Wns, TraceStep::Refused);
            refusal.into_response()
        }
    };
    answer::finish(answer.headers_mut(), &headers, &message);
    answer
}

impl Wns {
    async fn take(
        &self,
        token: Option<&str>,
        headers: &HeaderMap,
        body: Body,
        message: &str,
    ) -> Result<Answer, Refusal> {
        if !self.tokens.state_of(headers, &self.clock).is_live() {
            return Err(Refusal::Unauthorized);
        }
        let channel = self.channel(token).await?;
        let request = WnsRequest::read(headers)?;
        if request.length > MAX_BODY as u64 {
            return Err(Refusal::TooLarge);
        }
        let body = axum::body::to_bytes(body, MAX_BODY)
            .await
            .map_err(|_| Refusal::TooLarge)?;
        if body.is_empty() {
            return Err(Refusal::Header("the notification has no body"));
        }
        let sent_at = self.clock.now();
        let incoming = Incoming {
            version: message.to_owned(),
            body,
            headers: request.to_frame_headers(sent_at),
            topic: None,
            lifetime: request.lifetime,
            away: request.away_rule(),
        };
        let verdict = self.queue.accept(&channel, incoming).await?;
        let connected = request
            .wants_status
            .then(|| self.queue.is_connected(channel.uaid));
        match verdict {
            Verdict::Received => Ok(Answer {
                received: true,
                connected,
            }),
            Verdict::Dropped(_) => Ok(Answer {
                received: false,
                connected,
            }),
            Verdict::Full => Err(Refusal::Throttled),
            Verdict::Gone => Err(Refusal::Gone),
        }
    }

    async fn channel(&self, token: Option<&str>) -> Result<Channel, Refusal> {
        let token = token.ok_or(Refusal::NotFound)?;
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
