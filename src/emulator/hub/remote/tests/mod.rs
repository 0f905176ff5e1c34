//! The hub elsewhere, played by a server that writes down what it is asked.

mod answers;
mod reach;
mod requests;

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use tokio::net::TcpListener;
use url::Url;

use super::{RemoteHub, RemoteHubOptions};
use crate::emulator::administration::Policy;
use crate::emulator::hub::{Content, Device, Hub as _, HubError};
use crate::lifecycle::{Clock, HttpServer, Scope};
use crate::model::{Handle, Platform, RegistrationId, SubscriptionKeys, Tag, TagExpression};
use crate::wire::app_backend::DeliveryOutcome;
use crate::wire::notification_hub::{Format, HubPlatform, SasKey};

/// The key's text, which nothing may show.
const KEY: &str = "c2VjcmV0LWtleS1vZi1hLWh1Yg==";

#[derive(Debug, Clone)]
struct Asked {
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: String,
}

/// Status, headers, body.
type Scripted = (u16, Vec<(&'static str, String)>, String);

/// What the server answers, in order; 201 when nothing is left.
#[derive(Debug, Default)]
struct Server {
    asked: Mutex<Vec<Asked>>,
    answers: Mutex<Vec<Scripted>>,
}

impl Server {
    fn will(&self, status: u16, headers: &[(&'static str, &str)], body: &str) {
        let headers = headers
            .iter()
            .map(|(name, value)| (*name, (*value).to_owned()));
        let answer = (status, headers.collect(), body.to_owned());
        self.answers.lock().unwrap().push(answer);
    }

    fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }
}

async fn answer(
    State(server): State<Arc<Server>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    server.asked.lock().unwrap().push(Asked {
        method,
        uri,
        headers,
        body: String::from_utf8(body.to_vec()).unwrap(),
    });
    let mut answers = server.answers.lock().unwrap();
    if answers.is_empty() {
        let location = "https://ns.example/hub/messages/f43f-1?api-version=2020-06";
        return (StatusCode::CREATED, [(header::LOCATION, location)]).into_response();
    }
    let (status, headers, body) = answers.remove(0);
    let mut response = (StatusCode::from_u16(status).unwrap(), body).into_response();
    for (name, value) in headers {
        response.headers_mut().insert(name, value.parse().unwrap());
    }
    response
}

struct Elsewhere {
    server: Arc<Server>,
    hub: RemoteHub,
    address: String,
    _scope: Scope,
}

impl Elsewhere {
    async fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let server = Arc::new(Server::default());
        let router = Router::new().fallback(answer).with_state(server.clone());
        let scope = Scope::new();
        let served = HttpServer::new(router, scope.spawner()).listen(listener, 64);
        scope.spawn("hub elsewhere", served);
        Self {
            hub: hub_at(&format!("http://{address}/"), Clock::system()),
            server,
            address,
            _scope: scope,
        }
    }

    async fn send(
        &self,
        forms: Vec<Content>,
    ) -> Result<Vec<(String, DeliveryOutcome, Option<String>)>, HubError> {
        let to = TagExpression::Tag(Tag::parse("username:alice").unwrap());
        let sent = self.hub.send(to, forms).await?;
        let told = sent.into_iter().map(|delivery| {
            let said = delivery.message.or(delivery.reason);
            (delivery.platform, delivery.outcome, said)
        });
        Ok(told.collect())
    }
}

fn hub_at(endpoint: &str, clock: Clock) -> RemoteHub {
    hub_under(Policy::quick_start(), endpoint, clock)
}

fn hub_under(policy: Policy, endpoint: &str, clock: Clock) -> RemoteHub {
    let options = RemoteHubOptions {
        endpoint: Url::parse(endpoint).unwrap(),
        key: key(),
        name: "hub".to_owned(),
        ca_file: None,
    };
    let domain = "contoso.example".to_owned();
    RemoteHub::new(options, policy, domain, clock).unwrap()
}

fn key() -> SasKey {
    SasKey {
        name: "DefaultFullSharedAccessSignature".to_owned(),
        key: KEY.into(),
    }
}

fn device(platform: Platform, handle: &str) -> Device {
    Device {
        id: RegistrationId::parse("0123abc").unwrap(),
        platform,
        handle: Handle::parse(handle).unwrap(),
        keys: (platform == Platform::WebPush).then(|| SubscriptionKeys {
            p256dh: "opOQ".to_owned(),
            auth: "JVhR".to_owned(),
        }),
        tags: vec![
            Tag::parse("news").unwrap(),
            Tag::parse("username:alice").unwrap(),
        ],
    }
}

fn form(platform: HubPlatform, body: &str) -> Content {
    Content::new(Format::Native(platform), body.to_owned())
}

fn id() -> RegistrationId {
    RegistrationId::parse("0123abc").unwrap()
}
