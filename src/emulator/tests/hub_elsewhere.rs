//! An app backend whose hub is another process's: here the embedded hub of other services, over its
//! REST API.

use reqwest::Method;
use serde_json::{Value, json as value};

use super::backend::{push, put, register, request};
use super::device::content;
use super::{DataLocation, Device, Services, ServicesOptions, client, json, options, send, url};
use crate::emulator::administration::{AdministrationOptions, PushAdministration};
use crate::emulator::{RemoteHubOptions, Role, Roles};
use crate::model::{DomainName, HostAddress};
use crate::wire::notification_hub::ConnectionString;
use crate::wire::push_administration::{ChangeRequest, Profile};

/// The hub and the push services, without a backend.
async fn hub(profile: Profile) -> Services {
    let administration = AdministrationOptions {
        profile,
        ..AdministrationOptions::default()
    };
    let roles = Roles::only(&[Role::Hub, Role::Push]);
    let elsewhere = ServicesOptions {
        roles,
        administration,
        ..options()
    };
    Services::start(elsewhere).await.unwrap()
}

/// The same, with rules that were changed so.
async fn hub_with(change: &str) -> (tempfile::TempDir, Services) {
    let home = tempfile::tempdir().unwrap();
    let request = ChangeRequest {
        change: serde_json::from_str(change).unwrap(),
        what_if: false,
    };
    let own = AdministrationOptions::default();
    let rules = PushAdministration::open(home.path(), own).await.unwrap();
    rules.change(request).await.unwrap();
    rules.close().await;
    let hub = Services::start(ServicesOptions {
        roles: Roles::only(&[Role::Hub, Role::Push]),
        data: DataLocation::Directory(home.path().to_owned()),
        ..options()
    });
    (home, hub.await.unwrap())
}

/// The way to `hub` with the key of `rule`.
fn remote(hub: &Services, rule: &str) -> RemoteHubOptions {
    let connection = ConnectionString {
        endpoint: hub.http_url().clone(),
        key: hub.credentials().hub().find(rule).unwrap().key().clone(),
        hub: Some(hub.hub_name().to_string()),
    };
    RemoteHubOptions::new(&connection.to_text(), None, None).unwrap()
}

/// A backend that sends through `hub` with the key of `rule`, and speaks for `domain`.
async fn backend(hub: &Services, rule: &str, domain: &str) -> Services {
    backend_through(hub, rule, domain, None).await
}

/// The same, through a proxy.
async fn backend_through(
    hub: &Services,
    rule: &str,
    domain: &str,
    proxy: Option<HostAddress>,
) -> Services {
    let administration = AdministrationOptions {
        domain: DomainName::parse(domain).unwrap(),
        proxy,
        ..AdministrationOptions::default()
    };
    let alone = ServicesOptions {
        roles: Roles::only(&[Role::Backend]),
        remote_hub: Some(remote(hub, rule)),
        administration,
        ..options()
    };
    Services::start(alone).await.unwrap()
}

const FULL: &str = "DefaultFullSharedAccessSignature";
const OWN: &str = "backend.handset.localhost";

fn wns(handle: &str) -> Value {
    value!({"Platform": "wns", "Handle": handle, "Tags": ["news"]})
}

/// The outcome at one platform.
fn outcome<'a>(sent: &'a Value, platform: &str) -> &'a Value {
    let deliveries = sent["Deliveries"].as_array().unwrap();
    let of = deliveries
        .iter()
        .find(|delivery| delivery["Platform"] == platform);
    of.unwrap()
}

#[tokio::test]
async fn pushes_reach_their_users_devices_alone_through_a_hub_elsewhere() {
    let hub = hub(Profile::QuickStart).await;
    let backend = backend(&hub, FULL, OWN).await;
    let (mut alice, alices, _) = Device::registered(&hub, "wns").await;
    let (mut apns, token, _) = Device::registered(&hub, "apns").await;
    let (mut bob, bobs, _) = Device::registered(&hub, "wns").await;
    let hers = register(&backend, "alice", &wns(&alices)).await;
    let body = value!({"Platform": "apns", "Handle": token});
    register(&backend, "alice", &body).await;
    register(&backend, "bob", &wns(&bobs)).await;

    let sent = push(&backend, "alice", value!({"payload": "4711"})).await;
    assert_eq!(sent["Deliveries"].as_array().unwrap().len(), 4);
    assert_eq!(outcome(&sent, "wns")["Outcome"], "enqueued", "{sent}");
    assert!(outcome(&sent, "wns")["Message"].is_string(), "{sent}");
    assert_eq!(content(&alice.hear().await), sent["Id"].as_str().unwrap());
    let background: Value = serde_json::from_str(&content(&apns.hear().await)).unwrap();
    assert_eq!(background["secureId"], sent["Id"]);

    // Her phone is bob's from now on.
    register(&backend, "bob", &wns(&alices)).await;
    let sent = push(&backend, "alice", value!({})).await;
    let background: Value = serde_json::from_str(&content(&apns.hear().await)).unwrap();
    assert_eq!(background["secureId"], sent["Id"]);
    let sent = push(&backend, "bob", value!({})).await;
    for phone in [&mut alice, &mut bob] {
        assert_eq!(content(&phone.hear().await), sent["Id"].as_str().unwrap());
        phone.hears_nothing().await;
    }

    // A toast in markup arrives as it was written.
    let path = "api/notifications?pns=wns&to_tag=bob";
    let toast = request(&backend, Method::POST, path, "alice").body(r#""<b>hi</b>""#);
    assert_eq!(
        json(send(toast).await).await["Deliveries"][0]["Outcome"],
        "enqueued"
    );
    let shown = crate::wire::toast_xml::read_toast(content(&bob.hear().await).as_bytes());
    assert_eq!(shown.unwrap().texts, ["From alice: <b>hi</b>"]);

    // What is given back is gone there, too.
    assert_eq!(put(&backend, "alice", &hers, &wns(&bobs)).await, 200);
    let delete = format!("api/register/{hers}");
    let deleted = send(request(&backend, Method::DELETE, &delete, "alice")).await;
    assert_eq!(deleted.status(), 200);
    push(&backend, "alice", value!({})).await;
    apns.hear().await;
    bob.hears_nothing().await;
    backend.shutdown().await;
    hub.shutdown().await;
}

#[tokio::test]
async fn a_hub_elsewhere_says_why_it_does_not_push() {
    let strict = hub(Profile::Strict).await;
    let foreign = backend(&strict, FULL, "evil.example").await;
    let post = |services: &Services| {
        let path = "api/notifications";
        request(services, Method::POST, path, "alice").body("{}")
    };
    let refused = send(post(&foreign)).await;
    assert_eq!(refused.status(), 403);
    assert_eq!(refused.headers()["x-handset-refused-by"], "hub");
    let said = json(refused).await["Message"].to_string();
    assert!(said.contains("refuses it: federation is off"), "{said}");
    foreign.shutdown().await;
    strict.shutdown().await;

    let hub = hub(Profile::QuickStart).await;
    let listener = backend(&hub, "DefaultListenSharedAccessSignature", OWN).await;
    let (_device, handle, _) = Device::registered(&hub, "wns").await;
    register(&listener, "alice", &wns(&handle)).await;
    let refused = send(post(&listener)).await;
    assert_eq!(refused.status(), 502);
    let said = json(refused).await["Message"].to_string();
    assert!(said.contains("Listen and Send"), "{said}");
    let port = hub.http_address();
    hub.shutdown().await;
    let refused = send(post(&listener)).await;
    assert_eq!(
        (
            refused.status().as_u16(),
            refused.headers().contains_key("retry-after")
        ),
        (503, true)
    );
    let said = json(refused).await["Message"].to_string();
    assert!(said.contains(&port.to_string()), "{said}");
    listener.shutdown().await;
}

#[tokio::test]
async fn a_push_service_that_is_off_at_the_hub_is_told_to_the_sender() {
    let only = r#"{"change":"set-configuration","identity":"global","switches":{"apple":true}}"#;
    let (_home, hub) = hub_with(only).await;
    let backend = backend(&hub, FULL, OWN).await;
    let (mut wns_phone, handle, _) = Device::registered(&hub, "wns").await;
    let (mut apns, token, _) = Device::registered(&hub, "apns").await;
    register(&backend, "alice", &wns(&handle)).await;
    let body = value!({"Platform": "apns", "Handle": token});
    register(&backend, "alice", &body).await;

    let sent = push(&backend, "alice", value!({})).await;
    assert_eq!(outcome(&sent, "apns")["Outcome"], "enqueued", "{sent}");
    let off = outcome(&sent, "wns");
    assert_eq!(off["Outcome"], "refused", "{sent}");
    let reason = off["Reason"].as_str().unwrap();
    for part in [
        "at the hub 127.0.0.1",
        "microsoft is switched off",
        "--microsoft on",
    ] {
        assert!(reason.contains(part), "{reason}");
    }
    apns.hear().await;
    wns_phone.hears_nothing().await;
    backend.shutdown().await;
    hub.shutdown().await;
}

#[tokio::test]
async fn a_backend_is_let_in_through_a_hosting_providers_proxy_alone() {
    let provider =
        r#"{"change":"set-provider","identity":"Fabrikam","proxy":"edge.example","enabled":true}"#;
    let (_home, hub) = hub_with(provider).await;
    let (mut phone, handle, _) = Device::registered(&hub, "wns").await;
    for (proxy, status) in [
        (None, 403),
        (Some("other.example"), 403),
        (Some("edge.example:443"), 201),
    ] {
        let proxy = proxy.map(|proxy| proxy.parse().unwrap());
        let backend = backend_through(&hub, FULL, "contoso.example", proxy).await;
        register(&backend, "alice", &wns(&handle)).await;
        let push = request(&backend, Method::POST, "api/notifications", "alice");
        let answer = send(push.body("{}")).await;
        assert_eq!(answer.status(), status);
        backend.shutdown().await;
    }
    phone.hear().await;
    phone.hears_nothing().await;
    hub.shutdown().await;
}

#[tokio::test]
async fn a_key_need_not_manage() {
    let hub = hub(Profile::QuickStart).await;
    for rule in [FULL, "DefaultListenSharedAccessSignature"] {
        let remote = crate::emulator::hub::RemoteHub::new(
            remote(&hub, rule),
            crate::emulator::administration::Policy::quick_start(),
            OWN.to_owned(),
            crate::lifecycle::Clock::system(),
        );
        assert_eq!(remote.unwrap().answers().await, Ok(()), "{rule}");
    }
    hub.shutdown().await;
}

#[tokio::test]
async fn a_registration_that_the_hub_does_not_take_says_why() {
    let hub = hub(Profile::QuickStart).await;
    let sender = backend(&hub, FULL, OWN).await;
    let (_device, handle, _) = Device::registered(&hub, "wns").await;
    let port = hub.http_address();
    hub.shutdown().await;
    let id = request(&sender, Method::POST, "api/register", "alice");
    let id: String = send(id).await.json().await.unwrap();
    let path = format!("api/register/{id}");
    let refused = request(&sender, Method::PUT, &path, "alice");
    let refused = send(refused.json(&wns(&handle))).await;
    assert_eq!(refused.status(), 503);
    assert_eq!(refused.headers()["x-handset-refused-by"], "hub");
    let said = json(refused).await["Message"].to_string();
    assert!(said.contains(&port.to_string()), "{said}");
    sender.shutdown().await;
}

#[tokio::test]
async fn a_backend_alone_serves_nothing_else() {
    let hub = hub(Profile::QuickStart).await;
    let backend = backend(&hub, FULL, OWN).await;
    for path in [
        "w/?token=a",
        "3/device/ab",
        "handset/registrations",
        "wpush/v1/a",
    ] {
        let answer = send(client().post(url(&backend, path))).await;
        assert_eq!(answer.status(), 404, "{path}");
        let said = answer.text().await.unwrap();
        assert!(said.contains("backend alone (--only)"), "{path}: {said}");
    }
    let ready = backend.ready_event().to_line();
    for left_out in [r#""push":"#, r#""hub":"#, "SharedAccess"] {
        assert!(!ready.contains(left_out), "{ready}");
    }
    backend.shutdown().await;
    hub.shutdown().await;
}
