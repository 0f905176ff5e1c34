//! Subscribing registration tokens to topics, by both ways that senders have.
//!
//! - The instance ID service, which firebase-admin up to Node 13 uses: `POST /iid/v1:batchAdd` and
//!   `/iid/v1:batchRemove` with `{"to":"/topics/…","registration_tokens":[…]}`, and
//!   `/iid/v1/{token}/rel/topics/{topic}`.
//! - FCM v1, as firebase-admin for Python 7.7 and Node 14 do: `POST
//!   /v1/projects/{project}/registrations/{token}/topicSubscriptions?topic_name=…`, and `DELETE` on
//!   the subscription, which with `allow_missing=true` need not be there.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{delete, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::emulator::push::body;
use crate::emulator::push::handles::Found;
use crate::emulator::push::on_demand::Asked;
use crate::model::Platform;

use super::answer::Refusal;
use super::message::is_token;
use super::topic::Topic;
use super::topics::Subscribed;
use super::{Fcm, is_project};

/// The most registration tokens of one request.
const MOST_TOKENS: usize = 1000;

/// The largest request, in bytes.
const MAX_REQUEST: usize = 512 * 1024;

pub(super) fn routes(fcm: Arc<Fcm>) -> Router {
    let subscriptions = "/v1/projects/{project}/registrations/{token}/topicSubscriptions";
    Router::new()
        .route("/iid/v1:batchAdd", post(batch_add))
        .route("/iid/v1:batchRemove", post(batch_remove))
        .route(
            "/iid/v1/{token}/rel/topics/{topic}",
            post(relate).delete(unrelate),
        )
        .route(subscriptions, post(subscribe))
        .route(&format!("{subscriptions}/{{topic}}"), delete(unsubscribe))
        .with_state(fcm)
}

/// What is wished for a token's subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    Add,
    Remove,
}

#[derive(Deserialize)]
struct Batch {
    to: String,
    registration_tokens: Vec<String>,
}

async fn batch_add(State(fcm): State<Arc<Fcm>>, headers: HeaderMap, body: Body) -> Response {
    let answer = fcm.change_batch(Change::Add, &headers, body).await;
    answer.unwrap_or_else(by_instance_id)
}

async fn batch_remove(State(fcm): State<Arc<Fcm>>, headers: HeaderMap, body: Body) -> Response {
    let answer = fcm.change_batch(Change::Remove, &headers, body).await;
    answer.unwrap_or_else(by_instance_id)
}

async fn relate(
    State(fcm): State<Arc<Fcm>>,
    Path((token, topic)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let change = fcm.change_one(Change::Add, &token, &topic, &headers).await;
    change.map_or_else(by_instance_id, |_| Json(json!({})).into_response())
}

async fn unrelate(
    State(fcm): State<Arc<Fcm>>,
    Path((token, topic)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let change = fcm
        .change_one(Change::Remove, &token, &topic, &headers)
        .await;
    change.map_or_else(by_instance_id, |_| Json(json!({})).into_response())
}

#[derive(Deserialize)]
struct Named {
    topic_name: Option<String>,
}

async fn subscribe(
    State(fcm): State<Arc<Fcm>>,
    Path((project, token)): Path<(String, String)>,
    Query(named): Query<Named>,
    headers: HeaderMap,
) -> Response {
    let topic = named.topic_name.unwrap_or_default();
    let change = async {
        fcm.check_project(&project, &token, &headers).await?;
        fcm.change_one(Change::Add, &token, &topic, &headers).await
    };
    match change.await {
        Ok(true) => {
            let name =
                format!("projects/{project}/registrations/{token}/topicSubscriptions/{topic}");
            Json(json!({ "name": name })).into_response()
        }
        Ok(false) => Refusal::AlreadySubscribed.into_response(),
        Err(refusal) => refusal.into_response(),
    }
}

#[derive(Deserialize)]
struct Missing {
    #[serde(default)]
    allow_missing: bool,
}

async fn unsubscribe(
    State(fcm): State<Arc<Fcm>>,
    Path((project, token, topic)): Path<(String, String, String)>,
    Query(missing): Query<Missing>,
    headers: HeaderMap,
) -> Response {
    let change = async {
        fcm.check_project(&project, &token, &headers).await?;
        let was = fcm
            .change_one(Change::Remove, &token, &topic, &headers)
            .await?;
        match was || missing.allow_missing {
            true => Ok(()),
            false => Err(Refusal::NotSubscribed),
        }
    };
    match change.await {
        Ok(()) => Json(json!({})).into_response(),
        Err(refusal) => refusal.into_response(),
    }
}

/// The instance ID service names an error by one word.
fn by_instance_id(refusal: Refusal) -> Response {
    let status = refusal.status();
    (status, Json(json!({ "error": word_of(&refusal) }))).into_response()
}

fn word_of(refusal: &Refusal) -> &'static str {
    if *refusal == Refusal::TooManyTopics {
        return "TOO_MANY_TOPICS";
    }
    refusal.status_name()
}

impl Fcm {
    async fn change_batch(
        &self,
        change: Change,
        headers: &HeaderMap,
        body: Body,
    ) -> Result<Response, Refusal> {
        self.check_sender(headers)?;
        let body = body::read(body, MAX_REQUEST)
            .await
            .map_err(|_| Refusal::invalid("body", "is larger than 512 KiB"))?;
        let batch: Batch = serde_json::from_slice(&body).map_err(|_| {
            Refusal::invalid(
                "body",
                "is not a JSON object with to and registration_tokens",
            )
        })?;
        let topic = Topic::read(&batch.to).ok_or_else(|| Refusal::invalid("to", "is no topic"))?;
        if !(1..=MOST_TOKENS).contains(&batch.registration_tokens.len()) {
            let problem = "has not between 1 and 1000 tokens";
            return Err(Refusal::invalid("registration_tokens", problem));
        }
        let mut found = Vec::with_capacity(batch.registration_tokens.len());
        for token in &batch.registration_tokens {
            found.push(self.registered(token).await);
        }
        let live = found.iter().filter_map(|one| one.as_ref().ok().copied());
        let mut changed = self
            .change(change, live.collect(), &topic)
            .await?
            .into_iter();
        let results: Vec<Value> = found
            .into_iter()
            .map(|one| one.and_then(|_| changed.next().unwrap_or(Err(Refusal::Unavailable))))
            .map(|one| match one {
                Ok(_) => json!({}),
                Err(refusal) => json!({ "error": word_of(&refusal) }),
            })
            .collect();
        Ok((StatusCode::OK, Json(json!({ "results": results }))).into_response())
    }

    /// True when that changed anything.
    async fn change_one(
        &self,
        change: Change,
        token: &str,
        topic: &str,
        headers: &HeaderMap,
    ) -> Result<bool, Refusal> {
        self.check_sender(headers)?;
        let topic = Topic::read(topic).ok_or_else(|| Refusal::invalid("topic", "is no topic"))?;
        let channel = self.registered(token).await?;
        let mut changed = self.change(change, vec![channel], &topic).await?;
        changed.pop().unwrap_or(Err(Refusal::Unavailable))
    }

    /// True, for each, when that changed anything.
    async fn change(
        &self,
        change: Change,
        channels: Vec<i64>,
        topic: &Topic,
    ) -> Result<Vec<Result<bool, Refusal>>, Refusal> {
        Ok(match change {
            Change::Add => {
                let done = self.topics.subscribe(channels, topic).await?;
                let done = done.into_iter().map(|done| match done {
                    Subscribed::Now => Ok(true),
                    Subscribed::Before => Ok(false),
                    Subscribed::TooMany => Err(Refusal::TooManyTopics),
                });
                done.collect()
            }
            Change::Remove => {
                let done = self.topics.unsubscribe(channels, topic).await?;
                done.into_iter().map(Ok).collect()
            }
        })
    }

    async fn check_project(
        &self,
        project: &str,
        token: &str,
        headers: &HeaderMap,
    ) -> Result<(), Refusal> {
        self.check_sender(headers)?;
        if !is_project(project) {
            return Err(Refusal::invalid("parent", "is not a project"));
        }
        self.check_own_project(project)?;
        match self.handles.find(Platform::Fcm, token).await? {
            Found::Live(channel) if !channel.is_open_to(project) => Err(Refusal::SenderIdMismatch),
            Found::Live(_) | Found::Gone(_) | Found::Unknown => Ok(()),
        }
    }

    /// The number of a registration token's channel.
    async fn registered(&self, token: &str) -> Result<i64, Refusal> {
        if !is_token(token) {
            return Err(Refusal::invalid("token", "is not a registration token"));
        }
        let asked = self.on_demand.asked(Platform::Fcm, token, Refusal::named);
        if let Some(Asked::Fail(refusal)) = asked {
            return Err(refusal);
        }
        match self.handles.find(Platform::Fcm, token).await? {
            Found::Live(channel) => Ok(channel.id),
            Found::Gone(_) | Found::Unknown => Err(Refusal::Unregistered),
        }
    }
}
