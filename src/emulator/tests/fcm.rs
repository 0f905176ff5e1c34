//! FCM v1 as a sender meets it, and its rules for a device that is away.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::{RequestBuilder, Response};
use serde_json::{Value, json as value};

use super::device::content;
use super::{Device, Services, client, header, json, pass, send, start, start_simulated, url};
use crate::emulator::{DropRule, TraceStep};

const FORM: &str = "application/x-www-form-urlencoded";

fn request(services: &Services, body: &Value) -> RequestBuilder {
    client()
        .post(url(services, "v1/projects/my-project/messages:send"))
        .bearer_auth("ya29.any")
        .header("content-type", "application/json")
        .body(body.to_string())
}

fn message(services: &Services, message: &Value) -> RequestBuilder {
    request(services, &value!({ "message": message }))
}

/// The message's name, once it is taken.
async fn taken(request: RequestBuilder) -> String {
    let answer = send(request).await;
    let status = answer.status();
    let body = json(answer).await;
    assert_eq!(status, 200, "{body}");
    body["name"].as_str().unwrap().to_owned()
}

/// HTTP status, Google's word for it and FCM's own code.
async fn refused(request: RequestBuilder) -> (u16, String, String) {
    let answer = send(request).await;
    let status = answer.status().as_u16();
    let error = json(answer).await["error"].clone();
    assert_eq!(error["code"], status);
    assert!(error["message"].is_string(), "{error}");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let detail = &error["details"][0];
    if detail.get("errorCode").is_some() {
        let kind = "type.googleapis.com/google.firebase.fcm.v1.FcmError";
        assert_eq!(detail["@type"], kind);
    }
    (status, text(&error["status"]), text(&detail["errorCode"]))
}

fn is(status: u16, name: &str, code: &str) -> (u16, String, String) {
    (status, name.to_owned(), code.to_owned())
}

async fn token_answer(services: &Services, fields: &[(&str, &str)]) -> Response {
    let form = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish();
    let post = client().post(url(services, "token"));
    send(post.header("content-type", FORM).body(form)).await
}

fn assertion(head: &Value, claims: &Value) -> String {
    let text = [head, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
    format!("{}.{}", text.join("."), URL_SAFE_NO_PAD.encode([7; 256]))
}

const GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

#[tokio::test]
async fn a_service_account_gets_an_access_token_which_ends() {
    let services = start_simulated().await;
    let (mut device, token, _) = Device::registered(&services, "fcm").await;
    let now = services.clock().now().as_second();
    let claims = value!({
        "iss": "a@p.iam.gserviceaccount.com", "aud": "https://oauth2.googleapis.com/token",
        "scope": "https://www.googleapis.com/auth/firebase.messaging", "iat": now, "exp": now + 3600,
    });
    let head = value!({"alg": "RS256", "typ": "JWT"});
    let good = assertion(&head, &claims);
    let answer = token_answer(&services, &[("grant_type", GRANT), ("assertion", &good)]).await;
    assert_eq!(header(&answer, "cache-control"), "no-store");
    let answer = json(answer).await;
    assert_eq!(
        (&answer["token_type"], &answer["expires_in"]),
        (&value!("Bearer"), &value!(3599))
    );
    let access = answer["access_token"].as_str().unwrap().to_owned();
    let push = || {
        let body = value!({"message": {"token": token, "data": {"a": "b"}}}).to_string();
        let post = client().post(url(&services, "v1/projects/p/messages:send"));
        post.bearer_auth(&access).body(body)
    };
    taken(push()).await;
    device.hear().await;
    services.revoke_fcm_tokens();
    assert_eq!(refused(push()).await, is(401, "UNAUTHENTICATED", ""));

    let mut late = claims.clone();
    late["exp"] = value!(now - 100);
    let mut long = claims.clone();
    long["exp"] = value!(now + 86_400);
    for bad in [
        assertion(&value!({"alg": "HS256"}), &claims),
        assertion(&head, &late),
        assertion(&head, &long),
        assertion(&head, &value!({"iss": "a"})),
        "junk".to_owned(),
    ] {
        let answer = token_answer(&services, &[("grant_type", GRANT), ("assertion", &bad)]).await;
        assert_eq!(answer.status(), 400, "{bad}");
        assert_eq!(json(answer).await["error"], "invalid_grant");
    }
    let other = token_answer(&services, &[("grant_type", "password")]).await;
    assert_eq!(json(other).await["error"], "unsupported_grant_type");
    let refresh = [
        ("grant_type", "refresh_token"),
        ("client_id", "c"),
        ("client_secret", "s"),
        ("refresh_token", "r"),
    ];
    assert_eq!(token_answer(&services, &refresh).await.status(), 200);
    assert_eq!(token_answer(&services, &refresh[..2]).await.status(), 400);
    services.shutdown().await;
}

#[tokio::test]
async fn a_message_reaches_the_device_without_its_token() {
    let services = start().await;
    let (mut device, token, _) = Device::registered(&services, "fcm").await;
    let push = value!({
        "token": token, "data": {"secureId": "1"},
        "android": {"priority": "high", "ttl": "60s", "collapse_key": "k"},
        "apns": {"payload": {"aps": {"content-available": 1}}},
    });
    let name = taken(message(&services, &push)).await;
    let id = name.strip_prefix("projects/my-project/messages/").unwrap();
    let heard = device.hear().await;
    assert_eq!(heard["version"], id);
    let body: Value = serde_json::from_str(&content(&heard)).unwrap();
    assert_eq!(
        body,
        value!({"data": {"secureId": "1"}, "android": push["android"]})
    );
    let headers = &heard["headers"];
    assert_eq!(
        (&headers["platform"], &headers["priority"]),
        (&value!("fcm"), &value!("high"))
    );
    assert_eq!(
        (&headers["collapse"], &headers["ttl"]),
        (&value!("k"), &value!(60))
    );
    assert!(headers.get("message_type").is_none(), "{headers}");

    let fid = token.split(':').next().unwrap();
    taken(message(
        &services,
        &value!({"fid": fid, "data": {"a": "b"}}),
    ))
    .await;
    assert_eq!(device.hear().await["headers"]["priority"], "normal");
    for name in ["validate_only", "validateOnly"] {
        let body = value!({"message": {"token": token}, name: true});
        let name = taken(request(&services, &body)).await;
        assert_eq!(name, "projects/my-project/messages/fake_message_id");
    }
    device.hears_nothing().await;
    assert_eq!(services.trace().counts().received, 2);
    services.shutdown().await;
}

#[tokio::test]
async fn every_refusal_has_googles_words_and_fcms_code() {
    let services = start().await;
    let (mut device, token, _) = Device::registered(&services, "fcm").await;
    let (device_of_other, _) = {
        let (mut device, uaid) = Device::greet(&services, None).await;
        let answer = device
            .register(value!({"platform": "fcm", "key": "their-project"}))
            .await;
        (answer["handle"].as_str().unwrap().to_owned(), uaid)
    };
    let invalid = || is(400, "INVALID_ARGUMENT", "INVALID_ARGUMENT");
    let unregistered = || is(404, "NOT_FOUND", "UNREGISTERED");
    let big = "x".repeat(4097);
    for (body, expected) in [
        (value!({"token": "c:APA91bUnknown"}), unregistered()),
        (value!({"fid": "cUnknown"}), unregistered()),
        (value!({"token": "junk"}), invalid()),
        (value!({"token": token, "data": {"a": 1}}), invalid()),
        (value!({"token": token, "data": {"a": big}}), invalid()),
        (value!({"token": token, "wat": 1}), invalid()),
        (value!({"data": {}}), invalid()),
        (value!({"topic": "no topic"}), invalid()),
        (
            value!({"token": device_of_other}),
            is(403, "PERMISSION_DENIED", "SENDER_ID_MISMATCH"),
        ),
    ] {
        assert_eq!(
            refused(message(&services, &body)).await,
            expected,
            "{body:.80}"
        );
    }
    let post = || client().post(url(&services, "v1/projects/my-project/messages:send"));
    let body = value!({"message": {"token": token}}).to_string();
    let bare = refused(post().body(body.clone())).await;
    assert_eq!(bare, is(401, "UNAUTHENTICATED", ""));
    assert_eq!(
        refused(post().bearer_auth("t").body("junk")).await,
        invalid()
    );
    let huge = post().bearer_auth("t").body("x".repeat(70_000));
    assert_eq!(refused(huge).await, invalid());
    let wrong = client().post(url(&services, "v1/projects/a%20b/messages:send"));
    assert_eq!(refused(wrong.bearer_auth("t").body(body)).await, invalid());
    let own = client().post(url(&services, "v1/projects/their-project/messages:send"));
    let own = own.bearer_auth("t");
    taken(own.body(value!({"message": {"token": device_of_other}}).to_string())).await;
    device.hears_nothing().await;
    assert_eq!(services.trace().counts().refused, 13);
    services.shutdown().await;
}

#[tokio::test]
async fn a_device_that_takes_nothing_uses_up_its_quota() {
    let services = start().await;
    let (_device, token, _) = Device::registered(&services, "fcm").await;
    let client = client();
    let body = value!({"message": {"token": token}}).to_string();
    let path = url(&services, "v1/projects/p/messages:send");
    let mut answers = 0;
    let last = loop {
        let post = client.post(&path).bearer_auth("t").body(body.clone());
        let answer = send(post).await;
        if answer.status() != 200 {
            break answer;
        }
        answers += 1;
        assert!(answers <= 1000, "there is no bound");
    };
    assert_eq!(last.status(), 429);
    assert!(!header(&last, "retry-after").is_empty());
    let error = json(last).await["error"].clone();
    assert_eq!(error["status"], "RESOURCE_EXHAUSTED");
    assert_eq!(error["details"][0]["errorCode"], "QUOTA_EXCEEDED");
    services.shutdown().await;
}

/// What waits for a device, once it is back and has taken all of it.
async fn waiting(services: &Services, uaid: &str) -> Vec<Value> {
    let (mut device, _) = Device::greet(services, Some(uaid)).await;
    let mut heard = Vec::new();
    loop {
        let before = heard.len();
        device.say_text("{}").await;
        loop {
            let frame = device.hear().await;
            if frame == value!({}) {
                break;
            }
            device.ack(&frame).await;
            heard.push(frame);
        }
        if heard.len() == before {
            break;
        }
    }
    device.leave(services).await;
    heard
}

fn sent(pushes: &[Value]) -> Vec<String> {
    let number = |push: &Value| {
        let body: Value = serde_json::from_str(&content(push)).unwrap();
        body["data"]["n"].as_str().unwrap_or("shown").to_owned()
    };
    pushes.iter().map(number).collect()
}

#[tokio::test]
async fn collapse_keys_keep_their_newest_and_four_of_them_are_kept() {
    let services = start().await;
    let (device, token, uaid) = Device::registered(&services, "fcm").await;
    device.leave(&services).await;
    let push = async |n: &str, android: Value| {
        let body = value!({"token": token, "data": {"n": n}, "android": android});
        taken(message(&services, &body)).await;
    };
    push("never", value!({"ttl": "0s"})).await;
    for (n, key) in [
        ("1", "a"),
        ("2", "b"),
        ("3", "a"),
        ("4", "c"),
        ("5", "d"),
        ("6", "e"),
    ] {
        push(n, value!({"collapse_key": key})).await;
    }
    push("plain", value!({})).await;
    let heard = waiting(&services, &uaid).await;
    assert_eq!(sent(&heard), ["3", "4", "5", "6", "plain"]);
    let entries = services.trace().entries();
    let dropped = entries.iter().filter_map(|entry| {
        if let TraceStep::Dropped(rule) = entry.step {
            return Some(rule);
        }
        None
    });
    let expected = [
        DropRule::Offline,
        DropRule::Superseded,
        DropRule::CollapseLimit,
    ];
    assert_eq!(dropped.collect::<Vec<_>>(), expected);

    // Notifications have one key of their own, whatever they say.
    for key in ["x", "y"] {
        let body = value!({"token": token, "notification": {"title": key}, "android": {"collapse_key": key}});
        taken(message(&services, &body)).await;
    }
    assert_eq!(waiting(&services, &uaid).await.len(), 1);
    services.shutdown().await;
}

#[tokio::test]
async fn over_a_hundred_pending_are_discarded_and_a_marker_says_so_once() {
    let services = start().await;
    let (device, token, uaid) = Device::registered(&services, "fcm").await;
    device.leave(&services).await;
    let client = client();
    let path = url(&services, "v1/projects/p/messages:send");
    let push = async |n: u32, key: Option<&str>| {
        let android = value!({ "collapse_key": key });
        let body =
            value!({"message": {"token": token, "data": {"n": n.to_string()}, "android": android}});
        let post = client.post(&path).bearer_auth("t").body(body.to_string());
        taken(post).await;
    };
    push(0, Some("k")).await;
    for n in 1..=100 {
        push(n, None).await;
    }
    assert_eq!(services.trace().counts().dropped, 0);
    push(101, None).await;
    assert_eq!(
        services.trace().counts().dropped,
        102,
        "the one with a key, too"
    );
    push(102, None).await;
    let heard = waiting(&services, &uaid).await;
    let marker = &heard[0];
    assert_eq!(marker["headers"]["message_type"], "deleted_messages");
    assert_eq!(marker["headers"]["platform"], "fcm");
    assert!(marker.get("data").is_none(), "{marker}");
    assert_eq!(sent(&heard[1..]), ["102"]);
    for n in 0..210 {
        push(n, None).await;
    }
    let heard = waiting(&services, &uaid).await;
    let markers = heard
        .iter()
        .filter(|push| push["headers"].get("message_type").is_some());
    assert_eq!(markers.count(), 1);
    assert_eq!(
        sent(&heard[1..]),
        ["202", "203", "204", "205", "206", "207", "208", "209"]
    );
    let counts = services.trace().counts();
    // What was received and not dropped later was acknowledged, markers included.
    let at_once = 3;
    assert_eq!(
        counts.received - (counts.dropped - at_once),
        counts.acknowledged
    );
    services.shutdown().await;
}

#[tokio::test]
async fn a_time_to_live_runs_out_and_a_token_that_nobody_asks_for() {
    let services = start_simulated().await;
    let (device, token, uaid) = Device::registered(&services, "fcm").await;
    device.leave(&services).await;
    let body = value!({"token": token, "data": {"n": "1"}, "android": {"ttl": "60s"}});
    taken(message(&services, &body)).await;
    pass(Duration::from_secs(61)).await;
    assert!(waiting(&services, &uaid).await.is_empty());
    pass(Duration::from_secs(270 * 86_400)).await;
    let gone = refused(message(&services, &body)).await;
    assert_eq!(gone, is(404, "NOT_FOUND", "UNREGISTERED"));
    services.shutdown().await;
}
