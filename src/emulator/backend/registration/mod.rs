//! Registrations: an id for a device, and the handle and tags put under it.
//!
//! The rows here say whose an id is and which handle it has; the hub has the tags and sends. Before
//! the hub is asked anything about a registration, its row says that this hub may know it, so that
//! one which is given back is taken out of the hub sooner or later, whatever happens meanwhile; also
//! when another hub is in use by then: the next time that this one is.

mod check;
mod left;
mod rows;
mod sweep;
mod turns;

use std::sync::Arc;

use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use jiff::{SignedDuration, Timestamp};
use tokio::sync::SemaphorePermit;
use url::form_urlencoded;

use crate::emulator::hub::Device;
use crate::emulator::random;
use crate::model::{Handle, RegistrationId, UserName};
use crate::wire::app_backend::RegistrationBody;

use super::AppBackend;
use super::answer::{Refusal, WholeBody, json, read_json};
use super::caller::Caller;
pub(super) use check::platform;
use rows::{Claim, Standing};
pub(super) use turns::Turns;

/// How long a registration lasts from its last put (Azure Notification Hubs: 90 days).
const LIFETIME: SignedDuration = SignedDuration::from_hours(90 * 24);

/// How often a put that meets another change of the same handle begins anew.
const TRIES: usize = 8;

/// `POST /api/register`: an id as a JSON string. With `?handle=` the caller's registration that
/// has the handle is used again, and there is no other, as a handle belongs to one registration;
/// nobody else's is touched until the put.
pub(super) async fn create(
    State(backend): State<Arc<AppBackend>>,
    caller: Caller,
    RawQuery(query): RawQuery,
) -> Result<Response, Refusal> {
    let handle = read_handle(query.as_deref().unwrap_or_default())?;
    let id = random::hex_128();
    let now = backend.clock.now();
    let until = expiry(now);
    let user = caller.user;
    let created = backend
        .store
        .write(move |c| {
            let reused = match &handle {
                Some(handle) => rows::with_handle(c, &user, handle, now.as_millisecond())?,
                None => None,
            };
            match reused {
                Some(id) => Ok(Some(id)),
                None => rows::insert(c, &id, &user, until),
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
    let device = check::device(&caller.user, id, body)?;
    let id = device.id.clone();
    let (_turns, before) = backend.claim_handle(&caller.user, &device).await?;
    let put = backend.hubs.in_use().upsert(device).await;
    if let (Err(_), Some(before)) = (&put, before) {
        backend.stay(id, before).await?;
    }
    put?;
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
    let _turn = backend.turns.take([&id]).await;
    let key = id.clone();
    let now = backend.clock.now().as_millisecond();
    let (standing, hub) = backend
        .store
        .write(move |c| {
            let standing = rows::standing(c, &key, &caller.user, now)?;
            let hub = match standing {
                Standing::Own | Standing::Gone => rows::give_back(c, &key)?,
                Standing::Foreign | Standing::Unknown => None,
            };
            Ok((standing, hub))
        })
        .await?;
    if standing == Standing::Foreign {
        return Err(Refusal::NotFound);
    }
    // One that cannot be asked now lets it go when it can.
    if let Some(hub) = hub {
        backend.take_out(id, &hub).await?;
    }
    Ok(StatusCode::OK.into_response())
}

impl AppBackend {
    /// Puts the device's handle into its row, and takes it away from any other, whoever's it was:
    /// first in the hub, so that no push for the one before reaches the device. Nobody else changes
    /// these registrations until the turns that are answered are dropped; beside them the other hub
    /// that had the registration before.
    async fn claim_handle(
        &self,
        user: &UserName,
        device: &Device,
    ) -> Result<(Vec<SemaphorePermit<'_>>, Option<String>), Refusal> {
        let mut other: Option<RegistrationId> = None;
        for _ in 0..TRIES {
            let both = std::iter::once(&device.id).chain(&other);
            let turns = self.turns.take(both).await;
            let mut claim = self.try_claim(user, device, None).await?;
            if let Claim::HeldBy(holder) = &claim
                && Some(holder) == other.as_ref()
            {
                self.hubs.in_use().remove(vec![holder.clone()]).await?;
                claim = self.try_claim(user, device, other.clone()).await?;
            }
            match claim {
                Claim::Made { before } => return Ok((turns, before)),
                Claim::HeldBy(holder) => other = Some(holder),
                Claim::Refused(Standing::Foreign) => return Err(Refusal::NotFound),
                Claim::Refused(Standing::Own | Standing::Gone | Standing::Unknown) => {
                    return Err(Refusal::Gone);
                }
            }
        }
        Err(Refusal::Unavailable)
    }

    /// The hub in use did not take a registration that another one has: it stays there.
    async fn stay(&self, id: RegistrationId, before: String) -> Result<(), Refusal> {
        let tried = self.hubs.name().to_owned();
        let stayed = self
            .store
            .write(move |c| left::stay(c, &id, &before, &tried));
        Ok(stayed.await?)
    }

    async fn try_claim(
        &self,
        user: &UserName,
        device: &Device,
        released: Option<RegistrationId>,
    ) -> Result<Claim, Refusal> {
        let (user, id) = (user.clone(), device.id.clone());
        let (platform, handle) = (device.platform, device.handle.clone());
        let hub = self.hubs.name().to_owned();
        let now = self.clock.now();
        let until = expiry(now);
        let claim = self
            .store
            .write(move |c| {
                let standing = rows::standing(c, &id, &user, now.as_millisecond())?;
                if standing != Standing::Own {
                    return Ok(Claim::Refused(standing));
                }
                let device = (platform, &handle);
                rows::claim(c, &id, device, released.as_ref(), (&hub, until))
            })
            .await?;
        Ok(claim)
    }
}

/// The handle in the query; ASP.NET takes the parameter's name in any case.
fn read_handle(query: &str) -> Result<Option<Handle>, Refusal> {
    let mut parameters = form_urlencoded::parse(query.as_bytes());
    let handle = parameters.find(|(name, _)| name.eq_ignore_ascii_case("handle"));
    let handle = handle
        .map(|(_, value)| value)
        .filter(|text| !text.is_empty());
    Ok(handle.map(Handle::parse).transpose()?)
}

fn expiry(now: Timestamp) -> i64 {
    now.saturating_add(LIFETIME)
        .unwrap_or(Timestamp::MAX)
        .as_millisecond()
}
