//! The services as senders and devices meet them: over real sockets, on free ports.

mod apns;
mod backend;
mod device;
mod door;
mod faults;
mod fcm;
mod hub;
mod hub_changed;
mod hub_elsewhere;
mod hub_rest;
mod limits;
mod migration;
mod notifications;
mod on_demand;
mod proxy;
mod registration;
mod roles;
mod socket;
mod strict;
mod todo;
mod topics;
mod ways;
mod web_push;
mod wns;
mod wns_removal;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use reqwest::{Client, RequestBuilder, Response};
use serde_json::Value;

use super::{DataLocation, Services, ServicesOptions, SocketTimings};
use crate::lifecycle::Clock;

pub(super) use device::{Device, content};

/// Longer than anything here takes, shorter than the runner's patience.
pub(super) const LIMIT: Duration = Duration::from_secs(10);

/// Free port, in memory, and JSON pings as often as a test wants one.
pub(super) fn options() -> ServicesOptions {
    ServicesOptions {
        http: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        socket: SocketTimings {
            ping_flood: Duration::ZERO,
            ..SocketTimings::default()
        },
        ..ServicesOptions::default()
    }
}

pub(super) async fn start() -> Services {
    Services::start(options()).await.unwrap()
}

pub(super) async fn start_in(folder: &Path) -> Services {
    let data = DataLocation::Directory(folder.to_owned());
    Services::start(ServicesOptions { data, ..options() })
        .await
        .unwrap()
}

/// Services whose time of day moves with [`pass`].
pub(super) async fn start_simulated() -> Services {
    let clock = Clock::simulated(Timestamp::from_second(1_800_000_000).unwrap());
    Services::start(ServicesOptions { clock, ..options() })
        .await
        .unwrap()
}

/// Lets time pass, for the clock and for every timer.
pub(super) async fn pass(time: Duration) {
    tokio::time::pause();
    tokio::time::advance(time).await;
    tokio::time::resume();
}

pub(super) fn client() -> Client {
    rustls::crypto::ring::default_provider()
        .install_default()
        .ok();
    Client::builder()
        .tls_certs_only([])
        .no_proxy()
        .build()
        .unwrap()
}

pub(super) fn url(services: &Services, path: &str) -> String {
    services.http_url().join(path).unwrap().into()
}

pub(super) async fn send(request: RequestBuilder) -> Response {
    tokio::time::timeout(LIMIT, request.send())
        .await
        .unwrap()
        .unwrap()
}

pub(super) async fn json(response: Response) -> Value {
    let text = response.text().await.unwrap();
    serde_json::from_str(&text).unwrap_or_else(|_| panic!("not JSON: {text}"))
}

pub(super) fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    response
        .headers()
        .get(name)
        .map_or("", |value| value.to_str().unwrap())
}
