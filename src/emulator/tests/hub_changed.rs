//! A home that is served with a hub elsewhere today and without one tomorrow.

use std::path::Path;

use reqwest::Method;

use super::backend::{register, request, wns};
use super::{DataLocation, Device, LIMIT, Services, ServicesOptions, options, send, start_in};
use crate::emulator::{RemoteHubOptions, Role, Roles};
use crate::model::Platform;
use crate::wire::notification_hub::ConnectionString;

/// The app backend of `home`, which sends through `hub`.
async fn through(hub: &Services, home: &Path) -> Services {
    let rule = "DefaultFullSharedAccessSignature";
    let connection = ConnectionString {
        endpoint: hub.http_url().clone(),
        key: hub.credentials().hub().find(rule).unwrap().key().clone(),
        hub: Some(hub.hub_name().to_string()),
    };
    let remote = RemoteHubOptions::new(&connection.to_text(), None, None).unwrap();
    let alone = ServicesOptions {
        roles: Roles::only(&[Role::Backend]),
        remote_hub: Some(remote),
        data: DataLocation::Directory(home.to_owned()),
        ..options()
    };
    Services::start(alone).await.unwrap()
}

async fn alices(hub: &Services) -> usize {
    let reached = hub.reached_by(Platform::Wns, "username:alice");
    reached.await.unwrap()
}

async fn sign_out(services: &Services, id: &str) {
    let path = format!("api/register/{id}");
    let deleted = send(request(services, Method::DELETE, &path, "alice")).await;
    assert_eq!(deleted.status(), 200);
}

#[tokio::test]
async fn who_signed_out_is_known_to_no_hub_that_is_in_use() {
    let home = tempfile::tempdir().unwrap();
    let hub = Services::start(ServicesOptions {
        roles: Roles::only(&[Role::Hub, Role::Push]),
        ..options()
    });
    let hub = hub.await.unwrap();
    let (_phone, handle, _) = Device::registered(&hub, "wns").await;

    let backend = through(&hub, home.path()).await;
    let id = register(&backend, "alice", &wns(&handle)).await;
    assert_eq!(alices(&hub).await, 1);
    backend.shutdown().await;
    let plain = start_in(home.path()).await;
    sign_out(&plain, &id).await;
    assert_eq!(alices(&hub).await, 1, "it is not in use");

    // And the other way about.
    let (_phone, handle, _) = Device::registered(&plain, "wns").await;
    let id = register(&plain, "alice", &wns(&handle)).await;
    assert_eq!(alices(&plain).await, 1);
    plain.shutdown().await;
    let backend = through(&hub, home.path()).await;
    let let_go = async {
        while alices(&hub).await > 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(LIMIT, let_go).await.unwrap();
    sign_out(&backend, &id).await;
    backend.shutdown().await;
    let plain = start_in(home.path()).await;
    assert_eq!(alices(&plain).await, 0);
    plain.shutdown().await;
    hub.shutdown().await;
}
