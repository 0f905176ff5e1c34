//! The hub's front door: the REST API of Azure Notification Hubs, one file a concern.
//!
//! A request is answered in this order: is it for this hub, is there such an operation, is its token
//! good for that, and only then is its body read. What the operations do is the hub's own.

mod access;
mod addresses;
mod answer;
mod batch;
mod filter;
mod installations;
mod query;
mod registrations;
mod route;
mod schedules;
mod send_headers;
mod sends;
mod telemetry;

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use axum::response::Response;

use crate::emulator::administration::Sender;
use crate::emulator::credentials::SenderCredentials;
use crate::emulator::origins::Origins;
use crate::emulator::push::body;
use crate::lifecycle::Clock;
use crate::model::{HostAddress, Invalid};
use crate::wire::notification_hub::{DOMAIN, Format, MAX_BATCH_BODY, MAX_BODY, PROXY};

use super::notification_hub::NotificationHub;
use super::{HubError, HubName};
use addresses::Addresses;
use answer::{Refusal, Tracking};
use query::Query;
use route::{NoOperation, Operation};

/// The hub as its clients reach it.
#[derive(Debug)]
pub(in crate::emulator) struct HubDoor {
    hub: NotificationHub,
    name: HubName,
    credentials: SenderCredentials,
    clock: Clock,
    own: Arc<Origins>,
}

/// A request that may be carried out, without its body.
struct Call<'a> {
    hub: &'a NotificationHub,
    clock: &'a Clock,
    headers: &'a HeaderMap,
    query: Query,
    addresses: Addresses,
}

impl HubDoor {
    /// The door of `hub`, under this name; the rules are those among the credentials.
    pub(in crate::emulator) fn new(
        hub: NotificationHub,
        name: HubName,
        credentials: SenderCredentials,
        clock: Clock,
        own: Arc<Origins>,
    ) -> Self {
        Self {
            hub,
            name,
            credentials,
            clock,
            own,
        }
    }

    /// Answers a request that speaks to a hub, this one or one that is not there; none where it is
    /// for somebody else.
    pub(in crate::emulator) async fn answer(&self, request: Request) -> Option<Response> {
        let (parts, body) = request.into_parts();
        let path = parts.uri.path();
        let is_own = self.name.is(&first_part(path));
        if !is_own && !access::is_signed(&parts.headers) {
            return None;
        }
        let tracking = Tracking::of(&parts.headers);
        let operation = if is_own {
            let segments = route::segments(path).unwrap_or_default();
            Operation::find(&parts.method, segments.get(1..).unwrap_or_default())
        } else {
            Err(NoOperation::Path)
        };
        let answered = if is_own {
            self.carry_out(&parts, body, operation.as_ref()).await
        } else {
            Err(Refusal::NoHub)
        };
        let response =
            answered.unwrap_or_else(|refusal| refusal.answer(&tracking, self.clock.now()));
        tracing::debug!(
            operation = operation.map_or("none", |operation| operation.name()),
            status = response.status().as_u16(),
            tracking = tracking.id,
            "request to the hub"
        );
        Some(tracking.mark(response))
    }

    async fn carry_out(
        &self,
        parts: &Parts,
        body: Body,
        operation: Result<&Operation, &NoOperation>,
    ) -> Result<Response, Refusal> {
        let (operation, call) = self.admit(parts, operation)?;
        let most = largest_body(operation);
        let body = body::read(body, most).await;
        let body = body.map_err(|problem| Refusal::not_read(problem, most))?;
        call.dispatch(operation, body).await
    }

    fn admit<'a>(
        &'a self,
        parts: &'a Parts,
        operation: Result<&'a Operation, &NoOperation>,
    ) -> Result<(&'a Operation, Call<'a>), Refusal> {
        let now = self.clock.now();
        access::check(parts, self.credentials.hub(), operation.ok(), now)?;
        let operation = operation.map_err(|none| match none {
            NoOperation::Path => Refusal::NoPath,
            NoOperation::Method(allowed) => Refusal::Method(allowed),
        })?;
        if operation.takes_body() && is_encoded(&parts.headers) {
            return Err(Refusal::Encoded);
        }
        let query = Query::read(parts.uri.query().unwrap_or_default())?;
        let authority = access::authority(parts);
        let base = self
            .own
            .named(authority.as_ref().map(|named| named.as_str()));
        let call = Call {
            hub: &self.hub,
            clock: &self.clock,
            headers: &parts.headers,
            addresses: Addresses::new(base, self.name.as_str(), &query.version),
            query,
        };
        Ok((operation, call))
    }
}

impl Call<'_> {
    /// A handset backend elsewhere says for which domain it speaks, and proved itself by its
    /// signature; the SDKs say nothing, and are let through.
    fn check_partner(&self) -> Result<(), Refusal> {
        let Some(domain) = self.one(DOMAIN)? else {
            return Ok(());
        };
        let proxy = self.one(PROXY)?.map(str::parse::<HostAddress>);
        let proxy = proxy.transpose()?;
        let sender = Sender {
            domain,
            proxy: proxy.as_ref(),
            verified: true,
        };
        let allowed = self.hub.policy().sender(&sender);
        allowed.map_err(|refused| HubError::Partner(refused).into())
    }

    /// A header that may be there once; what is no text is an empty one.
    fn one(&self, name: &'static str) -> Result<Option<&str>, Invalid> {
        let mut values = self.headers.get_all(name).iter();
        let first = values.next();
        if values.next().is_some() {
            return Err(Invalid::new(name, "is there more than once"));
        }
        Ok(first.map(|value| value.to_str().unwrap_or_default()))
    }

    /// A handset backend elsewhere is told of a push service that is off, as it is told at home.
    /// The SDKs read of it in telemetry.
    fn check_service(&self, format: Format) -> Result<(), Refusal> {
        if !self.headers.contains_key(DOMAIN) {
            return Ok(());
        }
        self.hub.check_service(format).map_err(Refusal::ServiceOff)
    }

    async fn dispatch(&self, operation: &Operation, body: Bytes) -> Result<Response, Refusal> {
        self.check_partner()?;
        match operation {
            Operation::CreateRegistrationId => self.create_registration_id(),
            Operation::CreateRegistration => self.create_registration(&body).await,
            Operation::PutRegistration(id) => self.put_registration(id, &body).await,
            Operation::ReadRegistration(id) => self.read_registration(id).await,
            Operation::DeleteRegistration(id) => self.delete_registration(id).await,
            Operation::ListRegistrations => self.list_registrations().await,
            Operation::ListByTag(tag) => self.list_by_tag(tag).await,
            Operation::PutInstallation(id) => self.put_installation(id, &body).await,
            Operation::ReadInstallation(id) => self.read_installation(id).await,
            Operation::PatchInstallation(id) => self.patch_installation(id, body).await,
            Operation::DeleteInstallation(id) => self.delete_installation(id).await,
            Operation::Send => self.send(body).await,
            Operation::SendBatch => self.send_batch(&body).await,
            Operation::ReadTelemetry(id) => self.read_telemetry(id).await,
            Operation::Schedule => self.schedule(body).await,
            Operation::Cancel(id) => self.cancel(id).await,
            Operation::FeedbackContainer => Err(Refusal::NotHere(
                "This hub keeps no feedback container: what became of a send stands in its telemetry.",
            )),
            Operation::Jobs => Err(Refusal::NotHere(
                "This hub has no jobs: make and read registrations one by one.",
            )),
        }
    }
}

fn largest_body(operation: &Operation) -> usize {
    if *operation == Operation::SendBatch {
        MAX_BATCH_BODY
    } else {
        MAX_BODY
    }
}

/// True for a body that is compressed, or otherwise not as it is.
fn is_encoded(headers: &HeaderMap) -> bool {
    let all = headers.get_all(header::CONTENT_ENCODING);
    all.iter().any(|value| {
        let value = value.as_bytes().trim_ascii();
        !value.is_empty() && !value.eq_ignore_ascii_case(b"identity")
    })
}

/// The hub's name in a path, percent-decoded.
fn first_part(path: &str) -> String {
    let first = path.split('/').nth(1).unwrap_or_default();
    percent_encoding::percent_decode_str(first)
        .decode_utf8_lossy()
        .into_owned()
}
