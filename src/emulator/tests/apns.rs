//! APNs as a sender meets it, and its rule for a device that is away.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey};
use p256::elliptic_curve::Generate as _;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json as value};

use super::device::content;
use super::{Device, Services, client, header, json, pass, send, start, start_simulated, url};

const TOPIC: &str = "com.example.app";
const PAYLOAD: &str = r#"{"aps":{"content-available":1},"secureId":"1"}"#;

/// A provider token as node-apn writes it.
pub(super) fn provider_token(services: &Services) -> String {
    let head = value!({"alg": "ES256", "typ": "JWT", "kid": "KEY4567890"});
    let iat = services.clock().now().as_second();
    let claims = value!({"iss": "TEAM567890", "iat": iat});
    let text = [head, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
    let text = text.join(".");
    let signature: Signature = SigningKey::generate().sign(text.as_bytes());
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature.to_bytes()))
}

/// A push to `token` with a topic and nothing more.
fn plain(services: &Services, token: &str, body: &str) -> RequestBuilder {
    client()
        .post(url(services, &format!("3/device/{token}")))
        .header(
            "authorization",
            format!("bearer {}", provider_token(services)),
        )
        .header("apns-topic", TOPIC)
        .body(body.to_owned())
}

async fn refused(request: RequestBuilder) -> (u16, String) {
    let answer = send(request).await;
    assert_eq!(header(&answer, "apns-id").len(), 36);
    assert_eq!(header(&answer, "apns-unique-id"), "");
    let status = answer.status().as_u16();
    let reason = json(answer).await["reason"].as_str().unwrap().to_owned();
    (status, reason)
}

async fn taken(request: RequestBuilder) {
    assert_eq!(send(request).await.status(), 200);
}

#[tokio::test]
async fn a_push_reaches_the_device_with_its_headers() {
    let services = start().await;
    let (mut device, token, _) = Device::registered(&services, "apns").await;
    let id = "dbf46343-10c7-4236-8203-ec0fa867a7fe";
    let later = services.clock().now().as_second() + 600;
    let request = plain(&services, &token.to_uppercase(), PAYLOAD)
        .header("apns-id", id)
        .header("apns-push-type", "background")
        .header("apns-priority", "5")
        .header("apns-collapse-id", "c1")
        .header("apns-expiration", later.to_string());
    let answer = send(request).await;
    assert_eq!(answer.status(), 200);
    assert_eq!(header(&answer, "apns-id"), id);
    let unique = header(&answer, "apns-unique-id").to_owned();
    assert_eq!(answer.text().await.unwrap(), "");
    let push = device.hear().await;
    assert_eq!(push["version"], unique.as_str());
    assert_eq!(content(&push), PAYLOAD);
    let headers = &push["headers"];
    assert_eq!(headers["platform"], "apns");
    assert_eq!(
        (&headers["priority"], &headers["push_type"]),
        (&value!("5"), &value!("background"))
    );
    assert_eq!(headers["collapse"], "c1");
    let ttl = headers["ttl"].as_u64().unwrap();
    assert!((590..=600).contains(&ttl), "{ttl}");
    assert!(headers["sent_at"].is_string(), "{headers}");
    let bare = send(plain(&services, &token, "{}")).await;
    assert_eq!(header(&bare, "apns-id").len(), 36);
    assert_eq!(device.hear().await["headers"]["priority"], "10");
    services.shutdown().await;
}

#[tokio::test]
async fn every_refusal_has_apples_reason() {
    let services = start().await;
    let (mut device, token, _) = Device::registered(&services, "apns").await;
    let post = |path: &str| client().post(url(&services, path)).body(PAYLOAD);
    let own = format!("3/device/{token}");
    let bearer = format!("bearer {}", provider_token(&services));
    let to = |token: &str| plain(&services, token, PAYLOAD);
    let other = "0".repeat(64);
    for (request, status, reason) in [
        (post(&own), 403, "MissingProviderToken"),
        (post(&own).bearer_auth("junk"), 403, "InvalidProviderToken"),
        (
            post(&own).header("authorization", &bearer),
            400,
            "MissingTopic",
        ),
        (
            to(&token).header("apns-topic", "x"),
            400,
            "DuplicateHeaders",
        ),
        (to(&other), 400, "BadDeviceToken"),
        (to("junk"), 400, "BadDeviceToken"),
        (to("%ff"), 400, "BadDeviceToken"),
        (
            to(&token).header("apns-push-type", "x"),
            400,
            "InvalidPushType",
        ),
        (to(&token).header("apns-priority", "2"), 400, "BadPriority"),
        (
            to(&token).header("apns-expiration", "x"),
            400,
            "BadExpirationDate",
        ),
        (
            to(&token).header("apns-collapse-id", "x".repeat(65)),
            400,
            "BadCollapseId",
        ),
        (plain(&services, &token, ""), 400, "PayloadEmpty"),
        (
            plain(&services, &token, &"x".repeat(4097)),
            413,
            "PayloadTooLarge",
        ),
    ] {
        assert_eq!(refused(request).await, (status, reason.to_owned()));
    }
    let bad_id = send(to(&token).header("apns-id", "mine")).await;
    assert_eq!(
        (bad_id.status().as_u16(), header(&bad_id, "apns-id")),
        (400, "mine")
    );
    assert_eq!(json(bad_id).await["reason"], "BadMessageId");
    device.hears_nothing().await;
    taken(plain(&services, &token, &"x".repeat(4096))).await;
    let voip = plain(&services, &token, &"x".repeat(5120)).header("apns-push-type", "voip");
    taken(voip).await;
    assert_eq!(services.trace().counts().refused, 14);
    services.shutdown().await;
}

#[tokio::test]
async fn what_is_no_push_is_refused_in_the_same_way() {
    let services = start().await;
    let post = |path: &str| client().post(url(&services, path)).body(PAYLOAD);
    let own = format!("3/device/{}", "0".repeat(64));
    for (request, status, reason) in [
        (post("3/device/"), 400, "MissingDeviceToken"),
        (post("3/device"), 400, "MissingDeviceToken"),
        (post("3/wrong"), 404, "BadPath"),
        (client().get(url(&services, &own)), 405, "MethodNotAllowed"),
        (
            client().request(Method::DELETE, url(&services, &own)),
            405,
            "MethodNotAllowed",
        ),
    ] {
        assert_eq!(refused(request).await, (status, reason.to_owned()));
    }
    assert_eq!(services.trace().counts().refused, 0);
    services.shutdown().await;
}

#[tokio::test]
async fn a_token_that_was_given_back_is_unregistered_since_then() {
    let services = start_simulated().await;
    let (mut device, uaid) = Device::greet(&services, None).await;
    let channel = "db8903b1-df81-4def-aeec-6f2a26945920";
    let answer = device
        .register(value!({"platform": "apns", "channelID": channel}))
        .await;
    let token = answer["handle"].as_str().unwrap().to_owned();
    let given_back = services.clock().now().as_millisecond();
    device
        .say(&value!({"messageType": "unregister", "channelID": channel}))
        .await;
    assert_eq!(device.hear().await["status"], 200);
    pass(Duration::from_secs(600)).await;
    let answer = send(plain(&services, &token, PAYLOAD)).await;
    assert_eq!(answer.status(), 410);
    let body = json(answer).await;
    assert_eq!(body["reason"], "Unregistered");
    let at = body["timestamp"].as_i64().unwrap();
    assert!((given_back..given_back + 60_000).contains(&at), "{at}");
    drop((device, uaid));
    services.shutdown().await;
}

#[tokio::test]
async fn a_device_of_one_app_takes_its_topics_alone() {
    let services = start().await;
    let (mut device, _) = Device::greet(&services, None).await;
    let answer = device
        .register(value!({"platform": "apns", "key": "com.example.mine"}))
        .await;
    let token = answer["handle"].as_str().unwrap();
    let to = |topic: &str| {
        client()
            .post(url(&services, &format!("3/device/{token}")))
            .header(
                "authorization",
                format!("bearer {}", provider_token(&services)),
            )
            .header("apns-topic", topic)
            .body(PAYLOAD)
    };
    for other in ["com.example.app", "com.example.mine.more", "com.example"] {
        let reason = refused(to(other)).await;
        assert_eq!(
            reason,
            (400, "DeviceTokenNotForTopic".to_owned()),
            "{other}"
        );
    }
    for own in ["com.example.mine", "com.example.mine.voip"] {
        taken(to(own)).await;
        device.hear().await;
    }
    services.shutdown().await;
}

#[tokio::test]
async fn the_newest_of_each_app_waits_for_a_device_that_is_away() {
    let services = start().await;
    let (device, token, uaid) = Device::registered(&services, "apns").await;
    device.leave(&services).await;
    let push = |body: &str| plain(&services, &token, body);
    taken(push("never").header("apns-expiration", "0")).await;
    taken(push("older")).await;
    let other = client()
        .post(url(&services, &format!("3/device/{token}")))
        .header(
            "authorization",
            format!("bearer {}", provider_token(&services)),
        )
        .header("apns-topic", "com.example.other")
        .body("other");
    taken(other).await;
    taken(push("newest")).await;
    let (mut device, _) = Device::greet(&services, Some(&uaid)).await;
    let mut heard: Vec<Value> = Vec::new();
    for _ in 0..2 {
        heard.push(device.hear().await);
    }
    let contents: Vec<_> = heard.iter().map(content).collect();
    assert_eq!(contents, ["other", "newest"]);
    device.hears_nothing().await;
    device.leave(&services).await;
    // Neither is lost for being delivered once: only an acknowledgement ends it.
    let (mut device, _) = Device::greet(&services, Some(&uaid)).await;
    for push in &heard {
        assert_eq!(device.hear().await["version"], push["version"]);
        device.ack(push).await;
    }
    device.hears_nothing().await;
    let counts = services.trace().counts();
    assert_eq!(
        (counts.received, counts.dropped, counts.acknowledged),
        (3, 2, 2)
    );
    services.shutdown().await;
}

#[tokio::test]
async fn what_is_stored_expires_when_the_sender_said() {
    let services = start_simulated().await;
    let (device, token, uaid) = Device::registered(&services, "apns").await;
    device.leave(&services).await;
    let until = services.clock().now().as_second() + 60;
    let push = plain(&services, &token, "short").header("apns-expiration", until.to_string());
    taken(push).await;
    pass(Duration::from_secs(61)).await;
    let (mut device, _) = Device::greet(&services, Some(&uaid)).await;
    device.hears_nothing().await;
    services.shutdown().await;
}
