//! Secure notifications: the payload stays here, and only its ID is pushed.

use std::sync::Arc;

use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use url::form_urlencoded;

use crate::emulator::random;
use crate::model::{NotificationId, Platform, UserName};
use crate::store::StoreError;
use crate::wire::app_backend::{
    MAX_BODY, MAX_PAYLOAD, Notification, SecurePushAnswer, SecurePushRequest, SendPriority,
};

use super::AppBackend;
use super::answer::{Refusal, WholeBody, json, read_json, uncached};
use super::caller::Caller;
use super::{forms, toasts};

/// What is sent where the request names no payload.
const DEFAULT_PAYLOAD: &str = "Hello from the handset app backend";

/// How long a payload is kept.
const LIFETIME: SignedDuration = SignedDuration::from_hours(30 * 24);

/// The most notifications in one list.
const MOST_LISTED: usize = 500;

/// The most notifications kept for one user: beyond that those that were read go first, then the
/// oldest.
const MOST_PER_USER: i64 = 1000;

/// `POST /api/notifications`: stores a payload, then sends its ID to its owner's devices, unless the
/// request says that somebody else will (`"push":false`). With parameters (`?pns=…&to_tag=…`) it is a plain toast.
pub(super) async fn send(
    State(backend): State<Arc<AppBackend>>,
    caller: Caller,
    RawQuery(query): RawQuery,
    WholeBody(body): WholeBody,
) -> Result<Response, Refusal> {
    if let Some(query) = query.filter(|query| !query.is_empty()) {
        return toasts::send(&backend, &caller, &query, &body).await;
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
    let priority = request.priority.unwrap_or_default();
    let pushes = request.push.unwrap_or(true).then_some(priority);
    let sender = backend.clone();
    let sent = backend.to_its_end(async move { sender.send_secure(to, payload, pushes).await });
    let answer = sent.await?;
    let location = HeaderValue::from_str(&format!("/api/notifications/{}", answer.id));
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
/// one body. Where there are more, a `Link` with `rel="next"` (RFC 8288) leads to those behind the
/// last, by `&after={id}`.
pub(super) async fn unread(
    State(backend): State<Arc<AppBackend>>,
    caller: Caller,
    RawQuery(query): RawQuery,
) -> Result<Response, Refusal> {
    let after = read_page(query.as_deref().unwrap_or_default())?;
    let rows: Vec<Row3> = backend
        .store
        .read(move |c| list_unread(c, &caller.user, after.as_ref()))
        .await?;
    let found = rows.len();
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
    let more = listed.len() < found || found >= MOST_LISTED;
    let next = listed.last().filter(|_| more).and_then(|last| {
        let next = format!(
            "</api/notifications?unread=true&after={}>; rel=\"next\"",
            last.id
        );
        HeaderValue::from_str(&next).ok()
    });
    let mut response = json(listed);
    if let Some(next) = next {
        response.headers_mut().insert(header::LINK, next);
    }
    Ok(response)
}

/// Behind which notification a list begins.
fn read_page(query: &str) -> Result<Option<NotificationId>, Refusal> {
    let (mut unread, mut after) = (false, None);
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        match name.to_ascii_lowercase().as_str() {
            "unread" => unread = value.eq_ignore_ascii_case("true"),
            "after" => after = Some(NotificationId::parse(value)?),
            _ => {}
        }
    }
    if !unread {
        let problem = "only ?unread=true can be listed, with &after={id} for the next page";
        return Err(Refusal::BadRequest(problem.to_owned()));
    }
    Ok(after)
}

/// The unread ones behind `after`; behind one that is gone, all of them.
fn list_unread(
    c: &Connection,
    owner: &UserName,
    after: Option<&NotificationId>,
) -> rusqlite::Result<Vec<Row3>> {
    let limit = i64::try_from(MOST_LISTED).unwrap_or(i64::MAX);
    c.prepare_cached(
        "SELECT id, payload, is_read FROM notification
         WHERE owner = ?1 AND is_read = 0 AND seq > coalesce(
             (SELECT seq FROM notification WHERE id = ?2 AND owner = ?1), -1)
         ORDER BY seq LIMIT ?3",
    )?
    .query_map(
        params![owner.as_str(), after.map(NotificationId::as_str), limit],
        columns,
    )?
    .collect()
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
    /// Stores a payload, and pushes its ID unless there is no priority to push it with.
    async fn send_secure(
        &self,
        to: UserName,
        payload: String,
        pushes: Option<SendPriority>,
    ) -> Result<SecurePushAnswer, Refusal> {
        let id = self.keep(&to, payload).await?;
        let deliveries = match pushes {
            Some(priority) => {
                let forms = Platform::ALL.map(|platform| forms::secure(platform, &id, priority));
                match self.push(&to, forms.into()).await {
                    Ok(deliveries) => deliveries,
                    Err(error) => {
                        if !error.is_in_doubt() {
                            self.take_back(&id).await;
                        }
                        return Err(error.into());
                    }
                }
            }
            None => Vec::new(),
        };
        Ok(SecurePushAnswer {
            id,
            to: to.to_string(),
            deliveries,
        })
    }

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
                .execute(params![entry.id.as_str(), owner, entry.payload, now])?;
                c.prepare_cached(
                    "DELETE FROM notification WHERE seq IN
                       (SELECT seq FROM notification WHERE owner = ?1
                        ORDER BY is_read, seq DESC LIMIT -1 OFFSET ?2)",
                )?
                .execute(params![owner, MOST_PER_USER])
            })
            .await?;
        Ok(id)
    }

    /// Forgets a payload whose ID was surely not pushed: its sender is told, and nobody is to find it
    /// twice once it is sent again.
    async fn take_back(&self, id: &NotificationId) {
        let id = id.clone();
        let forgotten = self
            .store
            .write(move |c| c.execute("DELETE FROM notification WHERE id = ?1", [id.as_str()]))
            .await;
        if let Err(error) = forgotten {
            tracing::warn!(%error, "a payload that was not pushed could not be forgotten");
        }
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
