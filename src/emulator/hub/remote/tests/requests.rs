//! What is asked of the hub: paths, tokens, headers and bodies.

use jiff::Timestamp;
use reqwest::Method;
use serde_json::{Value, json};

use super::*;
use crate::emulator::administration::{AdministrationOptions, PushAdministration};
use crate::emulator::schema::SCHEMA;
use crate::store::{Location, Store};
use crate::wire::notification_hub::SasToken;
use crate::wire::push_administration::Profile;
use std::time::Duration;

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
