//! Topics of FCM, as firebase-admin subscribes to them and sends to them.

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json as value};

use super::device::content;
use super::{Device, Services, client, json, send, start, start_in, url};
use crate::emulator::schema::SCHEMA;
use crate::emulator::{DropRule, TraceStep};
use crate::store::{Location, Schema, Store};

fn batch(services: &Services, verb: &str, topic: &str, tokens: &[&str]) -> RequestBuilder {
    let body = value!({"to": topic, "registration_tokens": tokens});
    client()
        .post(url(services, &format!("iid/v1:batch{verb}")))
        .bearer_auth("ya29.any")
        .header("access_token_auth", "true")
        .body(body.to_string())
}

async fn results(request: RequestBuilder) -> Value {
    let answer = send(request).await;
    assert_eq!(answer.status(), 200);
    json(answer).await["results"].clone()
}

async fn subscribe(services: &Services, topic: &str, tokens: &[&str]) {
    let results = results(batch(services, "Add", topic, tokens)).await;
    assert_eq!(results, value!(vec![value!({}); tokens.len()]));
}

/// Sends to a target; the message's name.
async fn publish(services: &Services, target: Value) -> String {
    let mut message = target;
    message["data"] = value!({"n": "1"});
    let post = client().post(url(services, "v1/projects/p/messages:send"));
    let body = value!({ "message": message }).to_string();
    let answer = send(post.bearer_auth("ya29.any").body(body)).await;
    let status = answer.status();
    let body = json(answer).await;
    assert_eq!(status, 200, "{body}");
    body["name"].as_str().unwrap().to_owned()
}

async fn phone(services: &Services) -> (Device, String) {
    let (device, token, _) = Device::registered(services, "fcm").await;
    (device, token)
}

#[tokio::test]
async fn a_message_to_a_topic_reaches_those_who_are_subscribed() {
    let services = start().await;
    let (mut one, one_token) = phone(&services).await;
    let (mut two, two_token) = phone(&services).await;
    subscribe(&services, "/topics/news", &[&one_token, &two_token]).await;
    subscribe(&services, "/topics/news", &[&one_token]).await;
    for topic in ["news", "/topics/news"] {
        let name = publish(&services, value!({ "topic": topic })).await;
        let id = name.strip_prefix("projects/p/messages/").unwrap();
        for device in [&mut one, &mut two] {
            let heard = device.hear().await;
            assert!(
                heard["version"].as_str().unwrap().starts_with(id),
                "{heard}"
            );
            assert_eq!(content(&heard), r#"{"data":{"n":"1"}}"#);
            device.ack(&heard).await;
        }
    }
    let removed = results(batch(&services, "Remove", "/topics/news", &[&one_token])).await;
    assert_eq!(removed, value!([{}]));
    publish(&services, value!({"topic": "news"})).await;
    one.hears_nothing().await;
    two.hear().await;
    publish(&services, value!({"topic": "nobody"})).await;
    two.hears_nothing().await;
    assert_eq!(services.trace().counts().received, 5);
    services.shutdown().await;
}

#[tokio::test]
async fn conditions_choose_among_topics() {
    let services = start().await;
    let (mut one, a_token) = phone(&services).await;
    let (mut two, b_token) = phone(&services).await;
    let (mut none, _) = phone(&services).await;
    subscribe(&services, "a", &[&a_token]).await;
    subscribe(&services, "b", &[&a_token, &b_token]).await;
    for (condition, reached) in [
        ("'a' in topics && 'b' in topics", [true, false, false]),
        ("'a' in topics || 'b' in topics", [true, true, false]),
        ("'b' in topics && !('a' in topics)", [false, true, false]),
        ("!('a' in topics)", [false, true, true]),
        ("'x' in topics", [false, false, false]),
    ] {
        publish(&services, value!({ "condition": condition })).await;
        for (device, reached) in [&mut one, &mut two, &mut none].into_iter().zip(reached) {
            if reached {
                let heard = device.hear().await;
                device.ack(&heard).await;
            }
            device.hears_nothing().await;
        }
    }
    let validated = client()
        .post(url(&services, "v1/projects/p/messages:send"))
        .bearer_auth("t")
        .body(value!({"validate_only": true, "message": {"topic": "a"}}).to_string());
    assert_eq!(send(validated).await.status(), 200);
    one.hears_nothing().await;
    services.shutdown().await;
}

#[tokio::test]
async fn each_token_of_a_batch_has_its_own_result() {
    let services = start().await;
    let (_device, token) = phone(&services).await;
    let tokens = [
        "c:APA91bUnknown",
        token.as_str(),
        "junk",
        "error:SENDER_ID_MISMATCH",
        "error:QUOTA_EXCEEDED",
    ];
    let results = results(batch(&services, "Add", "news", &tokens)).await;
    let expected = value!([
        {"error": "NOT_FOUND"}, {}, {"error": "INVALID_ARGUMENT"},
        {"error": "PERMISSION_DENIED"}, {"error": "RESOURCE_EXHAUSTED"},
    ]);
    assert_eq!(results, expected);
    let many = vec!["c:APA91bUnknown"; 1001];
    for (request, status, word) in [
        (
            batch(&services, "Add", "a b", &tokens),
            400,
            "INVALID_ARGUMENT",
        ),
        (
            batch(&services, "Add", "news", &[]),
            400,
            "INVALID_ARGUMENT",
        ),
        (
            batch(&services, "Remove", "news", &many),
            400,
            "INVALID_ARGUMENT",
        ),
        (
            client().post(url(&services, "iid/v1:batchAdd")),
            401,
            "UNAUTHENTICATED",
        ),
    ] {
        let answer = send(request).await;
        assert_eq!(answer.status(), status);
        assert_eq!(json(answer).await["error"], word);
    }
    services.shutdown().await;
}

#[tokio::test]
async fn single_subscriptions_are_answered_by_both_interfaces() {
    let services = start().await;
    let (mut device, token) = phone(&services).await;
    let v1 = format!(
        "v1/projects/p/registrations/{}/topicSubscriptions",
        token.replace(':', "%3A")
    );
    let iid = format!("iid/v1/{token}/rel/topics/news");
    let unknown = "v1/projects/p/registrations/c%3AAPA91bX/topicSubscriptions?topic_name=a";
    let (post, delete) = (Method::POST, Method::DELETE);
    for (method, path, status) in [
        (&post, format!("{v1}?topic_name=news"), 200),
        (&post, format!("{v1}?topic_name=news"), 409),
        (&delete, format!("{v1}/news"), 200),
        (&delete, format!("{v1}/news"), 404),
        (&delete, format!("{v1}/news?allow_missing=true"), 200),
        (&post, format!("{v1}?topic_name=a%20b"), 400),
        (&post, v1.clone(), 400),
        (&post, unknown.to_owned(), 404),
        (&post, iid.clone(), 200),
        (&post, iid.clone(), 200),
        (&delete, iid.clone(), 200),
        (&post, iid.clone(), 200),
        (&post, "iid/v1/c:APA91bX/rel/topics/news".to_owned(), 404),
    ] {
        let request = client().request(method.clone(), url(&services, &path));
        let answer = send(request.bearer_auth("ya29.any").body("{}")).await;
        assert_eq!(answer.status(), status, "{method} {path}");
        json(answer).await;
    }
    let conflict = client().post(url(&services, &format!("{v1}?topic_name=news")));
    let conflict = json(send(conflict.bearer_auth("t")).await).await;
    assert_eq!(conflict["error"]["status"], "ALREADY_EXISTS");
    publish(&services, value!({"topic": "news"})).await;
    device.hear().await;
    services.shutdown().await;
}

#[tokio::test]
async fn a_subscription_goes_with_its_token_and_survives_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let services = start_in(folder.path()).await;
    let (mut gone, _) = Device::greet(&services, None).await;
    let answer = gone.register(value!({"platform": "fcm"})).await;
    let gone_token = answer["handle"].as_str().unwrap().to_owned();
    let (kept, kept_token, kept_uaid) = Device::registered(&services, "fcm").await;
    subscribe(&services, "news", &[&gone_token, &kept_token]).await;
    gone.say(&value!({"messageType": "unregister", "channelID": answer["channelID"]}))
        .await;
    assert_eq!(gone.hear().await["status"], 200);
    drop((gone, kept));
    services.shutdown().await;
    let services = start_in(folder.path()).await;
    publish(&services, value!({"topic": "news"})).await;
    assert_eq!(services.trace().counts().received, 1);
    let (mut kept, _) = Device::greet(&services, Some(&kept_uaid)).await;
    kept.hear().await;
    services.shutdown().await;
}

#[tokio::test]
async fn many_devices_are_reached_page_by_page_and_a_full_one_is_named() {
    let services = start().await;
    let (mut device, _) = Device::greet(&services, None).await;
    let mut tokens = Vec::new();
    for _ in 0..60 {
        let answer = device.register(value!({"platform": "fcm"})).await;
        tokens.push(answer["handle"].as_str().unwrap().to_owned());
    }
    let tokens: Vec<&str> = tokens.iter().map(String::as_str).collect();
    subscribe(&services, "news", &tokens).await;
    // One device takes a thousand messages that nobody acknowledges.
    for _ in 0..17 {
        publish(&services, value!({"topic": "news"})).await;
    }
    let counts = services.trace().counts();
    assert_eq!((counts.received, counts.dropped), (1000, 20));
    let full = TraceStep::Dropped(DropRule::DeviceFull);
    let entries = services.trace().entries();
    assert_eq!(
        entries.iter().filter(|entry| entry.step == full).count(),
        20
    );
    services.shutdown().await;
}

#[tokio::test]
async fn data_of_the_first_version_is_taken_over() {
    let folder = tempfile::tempdir().unwrap();
    let first = Schema {
        migrations: &SCHEMA.migrations[..1],
        ..SCHEMA
    };
    let file = Location::File(folder.path().join("services.db"));
    let store = Store::open(file, first).await.unwrap();
    let old = "INSERT INTO agent(id, uaid) VALUES (7, '0123456789abcdef0123456789abcdef');
        INSERT INTO channel(agent, channel_id, platform, token, extended)
        VALUES (7, '54bfe361-6de9-4649-aeb6-70d950184d8e', 'fcm', 'c:APA91bOld', 1);";
    store.write(move |c| c.execute_batch(old)).await.unwrap();
    store.close().await;
    let services = start_in(folder.path()).await;
    subscribe(&services, "news", &["c:APA91bOld"]).await;
    publish(&services, value!({"topic": "news"})).await;
    let (mut device, _) = Device::greet(&services, Some("0123456789abcdef0123456789abcdef")).await;
    assert_eq!(content(&device.hear().await), r#"{"data":{"n":"1"}}"#);
    services.shutdown().await;
}
