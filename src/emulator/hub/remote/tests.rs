//! The hub elsewhere, played by a server that writes down what it is asked.

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use url::Url;

use super::{RemoteHub, RemoteHubOptions};
use crate::emulator::administration::{AdministrationOptions, Policy, PushAdministration};
use crate::emulator::hub::{Content, Device, Hub as _, HubError};
use crate::emulator::schema::SCHEMA;
use crate::lifecycle::{Clock, HttpServer, Scope};
use crate::model::{Handle, Platform, RegistrationId, SubscriptionKeys, Tag, TagExpression};
use crate::store::{Location, Store};
use crate::wire::app_backend::DeliveryOutcome;
use crate::wire::notification_hub::{Format, HubPlatform, SasKey, SasToken};
use crate::wire::push_administration::Profile;

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

#[tokio::test]
async fn a_device_is_an_installation_with_the_users_tag_and_goes_by_its_id() {
    let elsewhere = Elsewhere::start().await;
    elsewhere.server.will(200, &[], "");
    elsewhere
        .hub
        .upsert(device(
            Platform::Wns,
            "https://x.notify.windows.com/?token=a%2b",
        ))
        .await
        .unwrap();
    elsewhere.server.will(200, &[], "");
    elsewhere
        .hub
        .upsert(device(Platform::WebPush, "https://push.example/a"))
        .await
        .unwrap();
    elsewhere.server.will(204, &[], "");
    elsewhere.server.will(
        404,
        &[],
        "<Error><Code>404</Code><Detail>Installation not found.TrackingId:x</Detail></Error>",
    );
    elsewhere.hub.remove(vec![id()]).await.unwrap();
    elsewhere.hub.remove(vec![id()]).await.unwrap();
    let asked = elsewhere.server.asked();
    let lines: Vec<String> = asked
        .iter()
        .map(|asked| format!("{} {}", asked.method, asked.uri))
        .collect();
    let path = "/hub/installations/0123abc?api-version=2020-06";
    assert_eq!(
        lines,
        [
            format!("PUT {path}"),
            format!("PUT {path}"),
            format!("DELETE {path}"),
            format!("DELETE {path}")
        ]
    );
    let wns: Value = serde_json::from_str(&asked[0].body).unwrap();
    assert_eq!(wns["installationId"], "0123abc");
    assert_eq!(wns["platform"], "wns");
    assert_eq!(
        wns["pushChannel"],
        "https://x.notify.windows.com/?token=a%2b"
    );
    assert_eq!(wns["tags"], json!(["news", "username:alice"]));
    assert_eq!(wns.get("userId"), None, "{wns}");
    let browser: Value = serde_json::from_str(&asked[1].body).unwrap();
    assert_eq!(browser["pushChannel"]["endpoint"], "https://push.example/a");
}

#[tokio::test]
async fn one_token_serves_all_below_the_hub_and_nothing_else() {
    let elsewhere = Elsewhere::start().await;
    elsewhere.hub.remove(vec![id()]).await.unwrap();
    elsewhere.hub.remove(vec![id()]).await.unwrap();
    let asked = elsewhere.server.asked();
    let tokens: Vec<&str> = asked
        .iter()
        .map(|asked| asked.headers["authorization"].to_str().unwrap())
        .collect();
    assert!(
        tokens.iter().all(|token| *token == tokens[0]),
        "one token serves"
    );
    let token = SasToken::parse(tokens[0]).unwrap();
    assert!(token.is_signed_by(&key()));
    assert!(token.covers("127.0.0.1", "/hub/installations/0123abc"));
    assert!(!token.covers("127.0.0.1", "/other/messages"));
}

#[tokio::test]
async fn a_send_is_one_request_a_platform_and_names_whom_it_is_from() {
    let elsewhere = Elsewhere::start().await;
    let forms = vec![
        form(HubPlatform::Windows, "<toast/>")
            .of_type("text/xml")
            .with("X-WNS-Type", "wns/toast"),
        form(HubPlatform::FcmV1, r#"{"message":{}}"#),
        form(HubPlatform::Browser, "abc"),
    ];
    let sent = elsewhere.send(forms).await.unwrap();
    let taken = |platform: &str| {
        (
            platform.to_owned(),
            DeliveryOutcome::Enqueued,
            Some("f43f-1".to_owned()),
        )
    };
    assert_eq!(sent, [taken("wns"), taken("fcm"), taken("webpush")]);
    let mut asked = elsewhere.server.asked();
    let header = |asked: &Asked, name: &str| {
        asked
            .headers
            .get(name)
            .map(|value| value.to_str().unwrap().to_owned())
    };
    asked.sort_by_key(|asked| header(asked, "servicebusnotification-format"));
    let types: Vec<_> = asked
        .iter()
        .map(|asked| {
            (
                header(asked, "servicebusnotification-format").unwrap(),
                header(asked, "content-type").unwrap(),
            )
        })
        .collect();
    let expected = [
        ("browser", "text/plain;charset=utf-8"),
        ("fcmv1", "application/json;charset=utf-8"),
        ("windows", "application/xml"),
    ];
    assert_eq!(
        types,
        expected.map(|(format, kind)| (format.to_owned(), kind.to_owned()))
    );
    for asked in &asked {
        assert_eq!(asked.uri, "/hub/messages/?api-version=2020-06");
        assert_eq!(
            header(asked, "servicebusnotification-tags").unwrap(),
            "username:alice"
        );
        assert_eq!(
            header(asked, "x-handset-domain").unwrap(),
            "contoso.example"
        );
    }
    assert_eq!(header(&asked[2], "x-wns-type").unwrap(), "wns/toast");
}

#[tokio::test]
async fn one_platform_that_the_hub_refuses_does_not_fail_the_others() {
    let elsewhere = Elsewhere::start().await;
    let refused =
        "<Error><Code>400</Code><Detail>No credentials for apple.TrackingId:x</Detail></Error>";
    elsewhere.server.will(400, &[], refused);
    let forms = || {
        vec![
            form(HubPlatform::Windows, "1"),
            form(HubPlatform::Apple, "{}"),
        ]
    };
    let sent = elsewhere.send(forms()).await.unwrap();
    let mut outcomes: Vec<DeliveryOutcome> = sent.iter().map(|(_, outcome, _)| *outcome).collect();
    outcomes.sort_by_key(|outcome| outcome.as_str());
    assert_eq!(
        outcomes,
        [DeliveryOutcome::Enqueued, DeliveryOutcome::Refused]
    );
    let said = sent
        .iter()
        .find_map(|(_, outcome, said)| (*outcome == DeliveryOutcome::Refused).then_some(said));
    let said = said.unwrap().as_deref().unwrap();
    assert!(said.contains("No credentials for apple"), "{said}");
    for _ in 0..2 {
        elsewhere
            .server
            .will(401, &[], "<Error><Detail>InvalidSignature</Detail></Error>");
    }
    let error = elsewhere.send(forms()).await.unwrap_err().to_string();
    assert!(
        error.contains(&elsewhere.address) && error.contains("connection string"),
        "{error}"
    );
    assert!(!error.contains(KEY) && !error.contains("sig="), "{error}");
    assert!(!format!("{:?}", elsewhere.hub).contains(KEY));
    let partner = "<Error><Detail>contoso.example is not an allowed partner</Detail></Error>";
    elsewhere.server.will(403, &[], partner);
    elsewhere.server.will(403, &[], partner);
    let error = elsewhere.send(forms()).await.unwrap_err();
    assert!(matches!(error, HubError::Refused { .. }), "{error}");
}

#[tokio::test]
async fn what_may_help_is_tried_again_and_a_push_is_not_sent_twice() {
    let elsewhere = Elsewhere::start().await;
    let one = || vec![form(HubPlatform::Windows, "1")];
    let count = || elsewhere.server.asked().len();
    // Not begun: tried again.
    elsewhere.server.will(429, &[("retry-after", "0")], "");
    elsewhere.server.will(503, &[("retry-after", "0")], "");
    assert_eq!(elsewhere.send(one()).await.unwrap().len(), 1);
    assert_eq!(count(), 3);
    // It may have been sent: not again.
    elsewhere.server.will(500, &[], "");
    let error = elsewhere.send(one()).await.unwrap_err();
    assert!(
        matches!(
            error,
            HubError::Remote {
                transient: true,
                ..
            }
        ),
        "{error}"
    );
    assert_eq!(count(), 1);
    // A put may be repeated.
    elsewhere.server.will(500, &[("retry-after", "0")], "");
    elsewhere
        .hub
        .upsert(device(Platform::Apns, "abcd"))
        .await
        .unwrap();
    assert_eq!(count(), 2);
    // Whoever wants a long pause gets it from the sender.
    elsewhere.server.will(429, &[("retry-after", "30")], "");
    let error = elsewhere.send(one()).await.unwrap_err().to_string();
    assert!(error.contains("in 30 s"), "{error}");
    assert_eq!(count(), 1);
    for _ in 0..3 {
        elsewhere.server.will(503, &[("retry-after", "0")], "");
    }
    assert!(elsewhere.send(one()).await.is_err());
    assert_eq!(count(), 3);
}

#[tokio::test]
async fn no_redirect_is_followed_and_no_answer_read_without_bound() {
    let elsewhere = Elsewhere::start().await;
    let target = format!("http://{}/evil", elsewhere.address);
    elsewhere.server.will(307, &[("location", &target)], "");
    let one = || vec![form(HubPlatform::Windows, "1")];
    let error = elsewhere.send(one()).await.unwrap_err().to_string();
    assert!(error.contains("not followed"), "{error}");
    assert_eq!(elsewhere.server.asked().len(), 1);
    let endless = format!("<Error><Detail>{}", "x".repeat(1024 * 1024));
    elsewhere.server.will(400, &[], &endless);
    let error = elsewhere.send(one()).await.unwrap_err().to_string();
    assert!(error.len() < 500, "{}", error.len());
    for location in [
        "",
        "/x",
        "https://x/hub/messages/../../etc",
        "https://x/messages/",
    ] {
        elsewhere.server.will(201, &[("location", location)], "");
        let sent = elsewhere.send(one()).await.unwrap();
        assert_eq!(sent[0].2, None, "{location}");
    }
}

#[tokio::test]
async fn a_handle_stands_in_no_error() {
    let elsewhere = Elsewhere::start().await;
    let handle = "https://db5.notify.windows.com/?token=very-secret";
    let body = format!("<Error><Detail>The channel {handle} is bad</Detail></Error>");
    elsewhere.server.will(400, &[], &body);
    let error = elsewhere
        .hub
        .upsert(device(Platform::Wns, handle))
        .await
        .unwrap_err();
    assert!(!error.to_string().contains("very-secret"), "{error}");
    assert!(error.to_string().contains("400"), "{error}");
}

#[tokio::test]
async fn a_hub_that_is_not_there_is_named_with_the_remedy() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let hub = hub_at(&format!("http://{address}/"), Clock::system());
    let error = hub.remove(vec![id()]).await.unwrap_err();
    let said = error.to_string();
    assert!(
        said.contains(&address.to_string()) && said.contains("connection string"),
        "{said}"
    );
    assert!(matches!(
        error,
        HubError::Remote {
            transient: true,
            ..
        }
    ));
    // A name without a hub is not a registration that is gone.
    let elsewhere = Elsewhere::start().await;
    let nowhere = "<Error><Detail>No service is hosted at the specified address. TrackingId:x</Detail></Error>";
    elsewhere.server.will(404, &[], nowhere);
    let error = elsewhere
        .hub
        .remove(vec![id()])
        .await
        .unwrap_err()
        .to_string();
    assert!(error.contains("--hub-name"), "{error}");
}

#[tokio::test]
async fn plain_http_is_for_this_machine_and_a_bad_file_of_authorities_is_named() {
    let at = |endpoint: &str, ca_file: Option<&str>| {
        let options = RemoteHubOptions {
            endpoint: Url::parse(endpoint).unwrap(),
            key: key(),
            name: "hub".to_owned(),
            ca_file: ca_file.map(Into::into),
        };
        RemoteHub::new(
            options,
            Policy::quick_start(),
            String::new(),
            Clock::system(),
        )
        .map(drop)
        .map_err(|error| error.to_string())
    };
    assert!(at("http://192.0.2.1/", None).unwrap_err().contains("https"));
    assert!(at("http://evil.localhost.example/", None).is_err());
    assert_eq!(at("http://localhost:1/", None), Ok(()));
    assert_eq!(at("https://ns.servicebus.windows.net/", None), Ok(()));
    let said = at("https://localhost/", Some("/no/such/file")).unwrap_err();
    assert!(
        said.contains("--hub-ca") && said.contains("/no/such/file"),
        "{said}"
    );
}

#[tokio::test]
async fn tokens_are_made_anew_for_whoever_was_refused() {
    let elsewhere = Elsewhere::start().await;
    let clock = Clock::simulated(Timestamp::from_second(1_800_000_000).unwrap());
    let hub = hub_at(&format!("http://{}/", elsewhere.address), clock.clone());
    let token = || {
        let asked = elsewhere.server.asked();
        asked[0].headers["authorization"]
            .to_str()
            .unwrap()
            .to_owned()
    };
    elsewhere.server.will(401, &[], "");
    assert!(hub.remove(vec![id()]).await.is_err());
    let first = token();
    clock.set_by(jiff::SignedDuration::from_secs(5));
    hub.remove(vec![id()]).await.unwrap();
    assert_ne!(token(), first);
}

#[tokio::test]
async fn the_check_asks_for_an_installation() {
    let elsewhere = Elsewhere::start().await;
    let checked = tokio::time::timeout(Duration::from_secs(10), elsewhere.hub.check()).await;
    assert!(checked.is_ok());
    let asked = elsewhere.server.asked();
    assert_eq!(asked[0].method, Method::GET);
    assert_eq!(
        asked[0].uri,
        "/hub/installations/handset-check?api-version=2020-06"
    );
}

#[tokio::test]
async fn a_service_that_is_off_is_not_asked_for() {
    let mut elsewhere = Elsewhere::start().await;
    let options = AdministrationOptions {
        profile: Profile::Strict,
        ..AdministrationOptions::default()
    };
    let store = Store::open(Location::Memory, SCHEMA).await.unwrap();
    let rules = PushAdministration::of(store, options, true).await.unwrap();
    let endpoint = format!("http://{}/", elsewhere.address);
    elsewhere.hub = hub_under(rules.policy().clone(), &endpoint, Clock::system());
    let forms = vec![
        form(HubPlatform::Windows, "1"),
        form(HubPlatform::Apple, "{}"),
    ];
    let sent = elsewhere.send(forms).await.unwrap();
    assert_eq!(sent.len(), 2);
    for (platform, outcome, said) in sent {
        assert_eq!(outcome, DeliveryOutcome::Refused, "{platform}");
        assert!(said.unwrap().contains("switched off"));
    }
    assert!(elsewhere.server.asked().is_empty());
}
