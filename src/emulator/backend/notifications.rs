//! Secure notifications: the payload stays here, and only its ID is pushed.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use jiff::{SignedDuration, Timestamp};
use rusqlite::{OptionalExtension as _, Row, params};

use crate::emulator::random;
use crate::model::{NotificationId, Tag, UserName};
use crate::store::StoreError;
use crate::wire::app_backend::{
    MAX_BODY, MAX_PAYLOAD, Notification, SecurePushAnswer, SecurePushRequest,
};

use super::AppBackend;
use super::answer::{Refusal, json, read_json, uncached};
use super::caller::Caller;

/// What is sent where the request names no payload.
const DEFAULT_PAYLOAD: &str = "Hello from the handset app backend";

/// How long a payload is kept.
const LIFETIME: SignedDuration = SignedDuration::from_hours(30 * 24);

/// The most notifications in one list.
const MOST_LISTED: i64 = 500;

/// `POST /api/notifications`: stores a payload, then sends its ID to its owner's devices. Plain
/// toasts (`?pns=`) are not served yet and are refused.
pub(super) async fn send(
    State(backend): State<Arc<AppBackend>>,
    caller: Caller,
    RawQuery(query): RawQuery,
    body: Bytes,
) -> Result<Response, Refusal> {
    if query.is_some_and(|query| !query.is_empty()) {
        return Err(Refusal::BadRequest(
            "pns and to_tag are not served yet: post without parameters for a secure push".into(),
        ));
    }
    let request: SecurePushRequest = match body.trim_ascii() {
        [] => SecurePushRequest::default(),
        body => read_json(body)?,
    };
    let to = match request.to {
        Some(to) => UserName::parse(&to)?,
        None => caller.user,
    };
    let payload = request
        .payload
        .unwrap_or_else(|| DEFAULT_PAYLOAD.to_owned());
    let id = backend.keep(&to, payload).await?;
    let deliveries = backend.hub.send(Tag::of_user(&to), id.clone()).await?;
    let location = HeaderValue::from_str(&format!("/api/notifications/{id}"));
    let answer = SecurePushAnswer {
        id,
        to: to.to_string(),
        deliveries,
    };
    let mut response = uncached((StatusCode::CREATED, axum::Json(answer)));
    if let Ok(location) = location {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}

/// `GET /api/notifications/{id}`: the owner's alone.
pub(super) async fn read(
    State(backend): State<Arc<AppBackend>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    let id = NotificationId::parse(id).map_err(|_| Refusal::NotFound)?;
    let found: Option<Row3> = backend
        .store
        .read(move |c| {
            c.prepare_cached(
                "SELECT id, payload, is_read FROM notification WHERE id = ?1 AND owner = ?2",
            )?
            .query_row([id.as_str(), caller.user.as_str()], columns)
            .optional()
        })
        .await?;
    found
        .and_then(notification)
        .map(json)
        .ok_or(Refusal::NotFound)
}

/// `GET /api/notifications?unread=true`: the owner's unread ones, oldest first, as many as fit into
/// one body; the rest come once these are read.
pub(super) async fn unread(
    State(backend): State<Arc<AppBackend>>,
    caller: Caller,
    RawQuery(query): RawQuery,
) -> Result<Response, Refusal> {
    if !query.is_some_and(|query| query.eq_ignore_ascii_case("unread=true")) {
        return Err(Refusal::BadRequest(
            "only ?unread=true can be listed".into(),
        ));
    }
    let rows: Vec<Row3> = backend
        .store
        .read(move |c| {
            c.prepare_cached(
                "SELECT id, payload, is_read FROM notification
                 WHERE owner = ?1 AND is_read = 0 ORDER BY seq LIMIT ?2",
            )?
            .query_map(params![caller.user.as_str(), MOST_LISTED], columns)?
            .collect()
        })
        .await?;
    let mut room = MAX_BODY.saturating_sub(2);
    let listed: Vec<Notification> = rows
        .into_iter()
        .filter_map(notification)
        .take_while(|entry| {
            let left = room.checked_sub(json_length(entry) + 1);
            room = left.unwrap_or(0);
            left.is_some()
        })
        .collect();
    Ok(json(listed))
}

/// `PUT /api/notifications/{id}/read`: the owner has seen it.
pub(super) async fn mark_read(
    State(backend): State<Arc<AppBackend>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    let id = NotificationId::parse(id).map_err(|_| Refusal::NotFound)?;
    let changed = backend
        .store
        .write(move |c| {
            c.prepare_cached("UPDATE notification SET is_read = 1 WHERE id = ?1 AND owner = ?2")?
                .execute([id.as_str(), caller.user.as_str()])
        })
        .await?;
    if changed == 0 {
        return Err(Refusal::NotFound);
    }
    Ok(StatusCode::NO_CONTENT.into_response())
}

impl AppBackend {
    /// Stores a payload durably before anybody learns its ID.
    async fn keep(&self, owner: &UserName, payload: String) -> Result<NotificationId, Refusal> {
        let id = NotificationId::parse(random::hex_128())?;
        let entry = Notification {
            id: id.clone(),
            payload,
            read: false,
        };
        if entry.payload.len() > MAX_PAYLOAD || json_length(&entry) > MAX_BODY - 2 {
            return Err(Refusal::TooLarge("the payload is larger than 16 KiB"));
        }
        let owner = owner.to_string();
        let now = self.clock.now().as_millisecond();
        self.store
            .write(move |c| {
                c.prepare_cached(
                    "INSERT INTO notification(id, owner, payload, is_read, created_at)
                     VALUES (?1, ?2, ?3, 0, ?4)",
                )?
                .execute(params![entry.id.as_str(), owner, entry.payload, now])
            })
            .await?;
        Ok(id)
    }

    pub(super) async fn sweep_notifications(&self) -> Result<(), StoreError> {
        let cut = self
            .clock
            .now()
            .saturating_sub(LIFETIME)
            .unwrap_or(Timestamp::MIN);
        let cut = cut.as_millisecond();
        self.store
            .write(move |c| {
                // The oldest come first, so that a sweep without work looks at one row.
                c.execute(
                    "DELETE FROM notification WHERE seq IN
                       (SELECT seq FROM notification ORDER BY seq LIMIT 1000) AND created_at < ?1",
                    [cut],
                )
            })
            .await
            .map(drop)
    }
}

type Row3 = (String, String, bool);

fn columns(row: &Row<'_>) -> rusqlite::Result<Row3> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?))
}

fn notification((id, payload, read): Row3) -> Option<Notification> {
    let id = NotificationId::parse(id).ok()?;
    Some(Notification { id, payload, read })
}

fn json_length(entry: &Notification) -> usize {
    serde_json::to_vec(entry).map_or(usize::MAX / 2, |json| json.len())
}
