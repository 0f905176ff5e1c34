//! Registrations: an id for a device, and the handle and tags put under it.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension as _, params};
use serde::Deserialize;

use crate::emulator::hub::{Device, HubError};
use crate::emulator::random;
use crate::model::{Handle, Platform, RegistrationId, Tag, UserName};
use crate::store::StoreError;
use crate::wire::app_backend::{MAX_TAGS, RegistrationBody};
use crate::wire::webpush;

use super::AppBackend;
use super::answer::{Refusal, WholeBody, json, read_json};
use super::caller::Caller;

/// How long a registration lasts from its last put (Azure Notification Hubs: 90 days).
const LIFETIME: SignedDuration = SignedDuration::from_hours(90 * 24);

/// The most registrations of one user.
const MOST_PER_USER: i64 = 1000;

#[derive(Deserialize)]
pub(super) struct CreateQuery {
    handle: Option<String>,
}

/// `POST /api/register`: an id as a JSON string. With `?handle=` the caller's registration that
/// has the handle is used again; nobody else's is touched until the put.
pub(super) async fn create(
    State(backend): State<Arc<AppBackend>>,
    caller: Caller,
    Query(query): Query<CreateQuery>,
) -> Result<Response, Refusal> {
    let handle = query.handle.map(Handle::parse).transpose()?;
    let id = random::hex_128();
    let until = expiry(backend.clock.now());
    let now = backend.clock.now().as_millisecond();
    let user = caller.user;
    let created = backend
        .store
        .write(move |c| {
            let reused = match &handle {
                Some(handle) => with_handle(c, &user, handle, now)?,
                None => None,
            };
            match reused {
                Some(id) => Ok(Some(id)),
                None => insert(c, &id, &user, until),
            }
        })
        .await?;
    let id = created.ok_or(Refusal::TooMany(
        "you have too many registrations: delete some",
    ))?;
    Ok(json(id))
}

/// `PUT /api/register/{id}`: handle and tags; the backend adds the user's own tag.
pub(super) async fn update(
    State(backend): State<Arc<AppBackend>>,
    caller: Caller,
    Path(id): Path<String>,
    WholeBody(body): WholeBody,
) -> Result<Response, Refusal> {
    let id = RegistrationId::parse(id).map_err(|_| Refusal::Gone)?;
    let body: RegistrationBody = read_json(&body)?;
    let device = check(&caller.user, id.clone(), body)?;
    let now = backend.clock.now();
    let user = caller.user;
    let (key, until) = (id.clone(), expiry(now));
    let standing = backend
        .store
        .write(move |c| {
            let standing = standing(c, &key, &user, now.as_millisecond())?;
            if standing == Standing::Own {
                c.prepare_cached("UPDATE registration SET expires_at = ?2 WHERE id = ?1")?
                    .execute(params![key.as_str(), until])?;
            }
            Ok(standing)
        })
        .await?;
    match standing {
        Standing::Own => {}
        Standing::Gone => {
            backend.hub.remove(vec![id]).await?;
            return Err(Refusal::Gone);
        }
        Standing::Unknown => return Err(Refusal::Gone),
        Standing::Foreign => return Err(Refusal::NotFound),
    }
    backend.hub.upsert(device).await?;
    Ok(StatusCode::OK.into_response())
}

/// `DELETE /api/register/{id}`: 200, repeated too; another user's is 404.
pub(super) async fn delete(
    State(backend): State<Arc<AppBackend>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    let Ok(id) = RegistrationId::parse(id) else {
        return Ok(StatusCode::OK.into_response());
    };
    let key = id.clone();
    let now = backend.clock.now().as_millisecond();
    let standing = backend
        .store
        .write(move |c| {
            let standing = standing(c, &key, &caller.user, now)?;
            if matches!(standing, Standing::Own | Standing::Gone) {
                c.prepare_cached("DELETE FROM registration WHERE id = ?1")?
                    .execute([key.as_str()])?;
            }
            Ok(standing)
        })
        .await?;
    match standing {
        Standing::Foreign => return Err(Refusal::NotFound),
        Standing::Own | Standing::Gone => backend.hub.remove(vec![id]).await?,
        Standing::Unknown => {}
    }
    Ok(StatusCode::OK.into_response())
}

impl AppBackend {
    /// Lets every registration expire, and says how many there were.
    pub(in crate::emulator) async fn expire_registrations(&self) -> Result<usize, StoreError> {
        let now = self.clock.now().as_millisecond();
        self.store
            .write(move |c| {
                c.execute(
                    "UPDATE registration SET expires_at = min(expires_at, ?1)",
                    [now],
                )
            })
            .await
    }

    /// Takes registrations that expired out of the hub. Their ids are remembered as long again, so
    /// that their devices hear 410.
    pub(super) async fn sweep_registrations(&self) -> Result<(), HubError> {
        let now = self.clock.now();
        let forgotten = now
            .saturating_sub(LIFETIME)
            .unwrap_or(Timestamp::MIN)
            .as_millisecond();
        let now = now.as_millisecond();
        let expired: Vec<String> = self
            .store
            .write(move |c| {
                c.execute(
                    "DELETE FROM registration WHERE expires_at <= ?1",
                    [forgotten],
                )?;
                let mut statement = c.prepare_cached(
                    "SELECT installation.id FROM installation
                     LEFT JOIN registration ON registration.id = installation.id
                     WHERE registration.expires_at IS NULL OR registration.expires_at <= ?1",
                )?;
                statement.query_map([now], |row| row.get(0))?.collect()
            })
            .await?;
        if expired.is_empty() {
            return Ok(());
        }
        let ids = expired
            .into_iter()
            .filter_map(|id| RegistrationId::parse(id).ok())
            .collect();
        self.hub.remove(ids).await
    }
}

/// What an id is to a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Own,
    /// The user's own, and expired.
    Gone,
    Foreign,
    Unknown,
}

fn standing(
    c: &Connection,
    id: &RegistrationId,
    user: &UserName,
    now: i64,
) -> rusqlite::Result<Standing> {
    let found: Option<(String, i64)> = c
        .prepare_cached("SELECT user, expires_at FROM registration WHERE id = ?1")?
        .query_row([id.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    Ok(match found {
        None => Standing::Unknown,
        Some((owner, _)) if owner != user.as_str() => Standing::Foreign,
        Some((_, expires_at)) if expires_at <= now => Standing::Gone,
        Some(_) => Standing::Own,
    })
}

fn with_handle(
    c: &Connection,
    user: &UserName,
    handle: &Handle,
    now: i64,
) -> rusqlite::Result<Option<String>> {
    c.prepare_cached(
        "SELECT registration.id FROM registration
         JOIN installation ON installation.id = registration.id
         WHERE handle = ?1 AND user = ?2 AND registration.expires_at > ?3",
    )?
    .query_row(params![handle.as_str(), user.as_str(), now], |row| {
        row.get(0)
    })
    .optional()
}

fn insert(
    c: &Connection,
    id: &str,
    user: &UserName,
    until: i64,
) -> rusqlite::Result<Option<String>> {
    let held: i64 = c
        .prepare_cached("SELECT count(*) FROM registration WHERE user = ?1")?
        .query_row([user.as_str()], |row| row.get(0))?;
    if held >= MOST_PER_USER {
        return Ok(None);
    }
    c.prepare_cached("INSERT INTO registration(id, user, expires_at) VALUES (?1, ?2, ?3)")?
        .execute(params![id, user.as_str(), until])?;
    Ok(Some(id.to_owned()))
}

fn check(user: &UserName, id: RegistrationId, body: RegistrationBody) -> Result<Device, Refusal> {
    let bad = |problem: &str| Refusal::BadRequest(problem.to_owned());
    let platform = Platform::from_backend_name(&body.platform)
        .ok_or_else(|| bad("Platform must be one of wns, apns, fcmv1, gcm and browser"))?;
    if body.tags.len() > MAX_TAGS {
        return Err(Refusal::BadRequest(format!(
            "at most {MAX_TAGS} tags are taken"
        )));
    }
    if let Some(tag) = body.tags.iter().find(|tag| tag.is_reserved()) {
        return Err(Refusal::BadRequest(format!(
            "the tag {tag} names a user or an installation: only the backend sets such tags"
        )));
    }
    let keys = match platform {
        Platform::WebPush => {
            let keys = body
                .keys
                .ok_or_else(|| bad("browser needs the subscription's Keys"))?;
            webpush::encrypt(&keys, b"").map_err(|error| Refusal::BadRequest(error.to_string()))?;
            Some(keys)
        }
        Platform::Wns | Platform::Apns | Platform::Fcm => None,
    };
    let mut tags = body.tags;
    tags.push(Tag::of_user(user));
    Ok(Device {
        id,
        platform,
        handle: body.handle,
        keys,
        tags,
    })
}

fn expiry(now: Timestamp) -> i64 {
    now.saturating_add(LIFETIME)
        .unwrap_or(Timestamp::MAX)
        .as_millisecond()
}
