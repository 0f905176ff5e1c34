//! The hub as its SDKs meet it: the REST API of Azure Notification Hubs over real sockets.

mod access;
mod audience;
mod batches;
mod hostile;
mod installations;
mod lists;
mod refusals;
mod registrations;
mod sends;
mod telemetry;

use std::time::Duration;

use reqwest::{Method, RequestBuilder, Response};
use secrecy::ExposeSecret as _;
use url::Url;

use super::ways::open;
use super::{Services, ServicesOptions, client, header, send};
use crate::lifecycle::Clock;
use crate::wire::notification_hub::SasKey;

/// The rules that every hub begins with.
const FULL: &str = "DefaultFullSharedAccessSignature";
const LISTEN: &str = "DefaultListenSharedAccessSignature";
const SEND: &str = "DefaultSendSharedAccessSignature";

const ENTRY: &str = "application/atom+xml;type=entry;charset=utf-8";
const HOUR: Duration = Duration::from_secs(3600);

/// Services with a hub, and who asks it.
struct Hub(Services);

impl Hub {
    /// Over HTTP and HTTPS, at a time of its own.
    async fn open() -> Self {
        Self::open_with(open()).await
    }

    async fn open_with(options: ServicesOptions) -> Self {
        let start = jiff::Timestamp::from_second(1_800_000_000).unwrap();
        let clock = Clock::simulated(start);
        let options = ServicesOptions { clock, ..options };
        Self(Services::start(options).await.unwrap())
    }

    fn key(&self, rule: &str) -> SasKey {
        let rules = self.0.credentials().hub();
        rules.find(rule).unwrap().key().clone()
    }

    fn url(&self, path: &str) -> Url {
        self.0.http_url().join(path).unwrap()
    }

    /// A token of `rule` for all that is below `path`, good for an hour.
    fn token(&self, rule: &str, path: &str) -> String {
        let token = self
            .key(rule)
            .token(&self.url(path), self.0.clock().now(), HOUR);
        token.expose_secret().to_owned()
    }

    /// A request without a token.
    fn unsigned(&self, method: Method, path: &str) -> RequestBuilder {
        client().request(method, self.url(path))
    }

    /// A request to the hub, whose path begins behind its name.
    fn ask(&self, rule: &str, method: Method, path: &str) -> RequestBuilder {
        let request = self.unsigned(method, &format!("/handset/{path}"));
        request.header("authorization", self.token(rule, "/"))
    }

    fn get(&self, path: &str) -> RequestBuilder {
        self.ask(FULL, Method::GET, path)
    }

    /// Puts a registration; the whole answer.
    async fn put(&self, id: &str, entry: String) -> Response {
        let request = self.ask(FULL, Method::PUT, &format!("registrations/{id}"));
        send(request.header("content-type", ENTRY).body(entry)).await
    }

    /// How many registrations there are, at most a page.
    async fn registrations(&self) -> usize {
        let feed = text(send(self.get("registrations")).await, 200).await;
        feed.matches("<RegistrationId>").count()
    }

    async fn close(self) {
        self.0.shutdown().await;
    }
}

/// The body of an answer that has this status.
async fn text(response: Response, status: u16) -> String {
    let found = response.status().as_u16();
    let text = response.text().await.unwrap();
    assert_eq!(found, status, "{text}");
    text
}

/// The detail of an error, which names its request and its time.
async fn detail(response: Response, status: u16) -> String {
    let tracking = header(&response, "trackingid").to_owned();
    assert_eq!(
        header(&response, "content-type"),
        "application/xml; charset=utf-8"
    );
    let text = text(response, status).await;
    let start = format!("<Error><Code>{status}</Code><Detail>");
    let rest = text
        .strip_prefix(&start)
        .unwrap_or_else(|| panic!("{text}"));
    let (detail, rest) = rest
        .split_once(".TrackingId:")
        .unwrap_or_else(|| panic!("{text}"));
    assert!(
        rest.starts_with(&format!("{tracking}_G1,TimeStamp:")),
        "{text}"
    );
    assert!(rest.ends_with("</Detail></Error>"), "{text}");
    detail.to_owned()
}

/// What stands in the first element of this name.
fn element<'a>(xml: &'a str, name: &str) -> &'a str {
    let start = format!("<{name}>");
    let (_, rest) = xml
        .split_once(&start)
        .unwrap_or_else(|| panic!("no {name}: {xml}"));
    rest.split_once(&format!("</{name}>")).unwrap().0
}

/// An entry with these elements, as SDKs send it.
fn entry(kind: &str, elements: &str) -> String {
    format!(
        r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?><entry xmlns="http://www.w3.org/2005/Atom"><updated>2026-11-20T17:13:49.302Z</updated><content type="application/xml"><{kind}RegistrationDescription xmlns="http://schemas.microsoft.com/netservices/2010/10/servicebus/connect" xmlns:i="http://www.w3.org/2001/XMLSchema-instance">{elements}</{kind}RegistrationDescription></content></entry>"#
    )
}

fn windows(channel: &str, tags: &str) -> String {
    let channel = channel.replace('&', "&amp;");
    entry(
        "Windows",
        &format!("<Tags>{tags}</Tags><ChannelUri>{channel}</ChannelUri>"),
    )
}

fn apple(token: &str, tags: &str) -> String {
    entry(
        "Apple",
        &format!("<Tags>{tags}</Tags><DeviceToken>{token}</DeviceToken>"),
    )
}
