//! Bounds that hold for every push service: throttling, bodies far too large, paths of other
//! services, and handles that expire.

use std::time::Duration;

use reqwest::{Client, Method, RequestBuilder, Response, Version};
use serde_json::json as value;

use super::apns::provider_token;
use super::wns::{raw, token};
use super::{
    Device, Services, client, header, json, options, pass, send, start, start_simulated, url,
};
use crate::emulator::{DropRule, ServicesOptions, TraceStep};

fn apns(services: &Services, token: &str, body: String) -> RequestBuilder {
    client()
        .post(url(services, &format!("3/device/{token}")))
        .bearer_auth(provider_token(services))
        .header("apns-topic", "com.example.app")
        .body(body)
}

fn fcm(services: &Services, token: &str) -> RequestBuilder {
    client()
        .post(url(services, "v1/projects/p/messages:send"))
        .bearer_auth("t")
        .body(value!({"message": {"token": token}}).to_string())
}

fn web_push(endpoint: &str) -> RequestBuilder {
    client().post(endpoint).header("ttl", "60")
}

#[tokio::test]
async fn more_than_the_rate_is_throttled_until_its_share_of_the_time_has_passed() {
    let clock =
        crate::lifecycle::Clock::simulated(jiff::Timestamp::from_second(1_800_000_000).unwrap());
    let services = Services::start(ServicesOptions {
        throttle: Some("3/1m".parse().unwrap()),
        clock,
        ..options()
    })
    .await
    .unwrap();
    let access = token(&services).await;
    let (_one, wns_handle, _) = Device::registered(&services, "wns").await;
    let (_two, apns_token, _) = Device::registered(&services, "apns").await;
    let (_three, fcm_token, _) = Device::registered(&services, "fcm").await;
    let (_four, endpoint, _) = Device::registered(&services, "webpush").await;
    let (_five, other, _) = Device::registered(&services, "wns").await;
    let requests = [
        (raw(&wns_handle, &access, "x"), 200, 406),
        (apns(&services, &apns_token, "{}".to_owned()), 200, 429),
        (fcm(&services, &fcm_token), 200, 429),
        (web_push(&endpoint), 201, 429),
    ];
    for (request, taken, throttled) in requests {
        let again = || request.try_clone().unwrap();
        for _ in 0..3 {
            assert_eq!(send(again()).await.status(), taken);
        }
        let answer = send(again()).await;
        assert_eq!(answer.status(), throttled);
        let wait: u64 = header(&answer, "retry-after").parse().unwrap();
        assert!((15..=20).contains(&wait), "{wait}");
        says_so(answer).await;
        pass(Duration::from_secs(wait)).await;
        assert_eq!(send(again()).await.status(), taken);
        assert_eq!(send(again()).await.status(), throttled);
    }
    assert_eq!(send(raw(&other, &access, "x")).await.status(), 200);
    assert_eq!(services.trace().counts().refused, 8);
    services.shutdown().await;
}

/// The words of a throttled answer, by its platform.
async fn says_so(answer: Response) {
    if answer.status() == 406 {
        assert_eq!(header(&answer, "x-wns-status"), "channelthrottled");
        assert_eq!(
            header(&answer, "x-wns-notificationstatus"),
            "channelthrottled"
        );
        return;
    }
    let body = json(answer).await;
    let fcm = &body["error"]["details"][0]["errorCode"];
    let words = body["reason"] == "TooManyRequests" || *fcm == "QUOTA_EXCEEDED";
    assert!(words || body["errno"] == 201, "{body}");
}

#[tokio::test]
async fn a_body_far_too_large_still_gets_its_answer() {
    let services = start().await;
    let access = token(&services).await;
    let (_one, wns_handle, _) = Device::registered(&services, "wns").await;
    let (_two, apns_token, _) = Device::registered(&services, "apns").await;
    let (_four, endpoint, _) = Device::registered(&services, "webpush").await;
    let huge = "x".repeat(900_000);
    let answer = send(apns(&services, &apns_token, huge.clone())).await;
    assert_eq!(answer.status(), 413);
    assert_eq!(json(answer).await["reason"], "PayloadTooLarge");
    let voip =
        |size| apns(&services, &apns_token, "x".repeat(size)).header("apns-push-type", "voip");
    assert_eq!(send(voip(5120)).await.status(), 200);
    assert_eq!(send(voip(5121)).await.status(), 413);
    assert_eq!(
        send(apns(&services, &apns_token, "x".repeat(4096)))
            .await
            .status(),
        200
    );
    let answer = send(raw(&wns_handle, &access, &huge)).await;
    assert_eq!(answer.status(), 413);
    assert_eq!(header(&answer, "x-wns-status"), "dropped");
    let pushed = web_push(&endpoint).header("content-encoding", "aes128gcm");
    let answer = send(pushed.body(huge)).await;
    assert_eq!(json(answer).await["errno"], 104);
    services.shutdown().await;
}

#[tokio::test]
async fn over_http_2_too_a_body_of_any_size_gets_its_answer() {
    let services = start().await;
    let access = token(&services).await;
    let (_one, wns_handle, _) = Device::registered(&services, "wns").await;
    let (_two, apns_token, _) = Device::registered(&services, "apns").await;
    // One connection for all.
    let client = Client::builder()
        .tls_certs_only([])
        .no_proxy()
        .http2_prior_knowledge()
        .build()
        .unwrap();
    let provider = provider_token(&services);
    for (path, bearer, status) in [
        (&*format!("3/device/{apns_token}"), &*provider, 413),
        (&*wns_handle, &access, 413),
        ("v1/projects/p/messages:send", &access, 400),
        ("api/login", "", 413),
        ("tables/TodoItem", "", 401),
        ("handset/registrations", "", 401),
        ("nowhere", "", 404),
    ] {
        for size in [1_100_000, 5_000_000] {
            let post = client.post(url(&services, path)).bearer_auth(bearer);
            let post = post.header("apns-topic", "com.example.app");
            let post = post.header("x-wns-type", "wns/raw");
            let post = post.header("content-type", "application/octet-stream");
            let answer = send(post.body(vec![b'x'; size])).await;
            assert_eq!(answer.version(), Version::HTTP_2, "{path}");
            assert_eq!(answer.status(), status, "{path} {size}");
            answer.bytes().await.unwrap();
        }
    }
    services.shutdown().await;
}

#[tokio::test]
async fn a_body_too_large_for_tokens_or_the_backend_is_refused_in_their_words() {
    let services = start().await;
    let post = |path: &str| {
        let request = client().post(url(&services, path));
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        send(request.body("x".repeat(70_000)))
    };
    for path in ["token", "accesstoken.srf", "tenant/oauth2/v2.0/token"] {
        let answer = post(path).await;
        assert_eq!(answer.status(), 400, "{path}");
        assert_eq!(json(answer).await["error"], "invalid_request", "{path}");
    }
    let answer = post("api/login").await;
    assert_eq!(answer.status(), 413);
    let message = &json(answer).await["Message"];
    assert!(message.as_str().unwrap().contains("64 KiB"), "{message}");
    services.shutdown().await;
}

#[tokio::test]
async fn on_apples_host_names_there_is_nothing_but_apns() {
    let services = start().await;
    for (host, method, path, status, reason) in [
        ("api.push.apple.com", Method::POST, "wat", 404, "BadPath"),
        (
            "api.sandbox.push.apple.com:443",
            Method::GET,
            "",
            404,
            "BadPath",
        ),
        ("api.push.apple.com", Method::POST, "token", 404, "BadPath"),
        ("localhost", Method::POST, "3/wat", 404, "BadPath"),
        ("localhost", Method::POST, "3/", 404, "BadPath"),
        (
            "api.push.apple.com",
            Method::POST,
            "3/device/",
            400,
            "MissingDeviceToken",
        ),
        (
            "localhost",
            Method::GET,
            "3/device/ab",
            405,
            "MethodNotAllowed",
        ),
    ] {
        let request = client().request(method, url(&services, path));
        let answer = send(request.header("host", host)).await;
        assert_eq!(answer.status(), status, "{host} {path}");
        assert_eq!(header(&answer, "apns-id").len(), 36);
        assert_eq!(json(answer).await["reason"], reason, "{host} {path}");
    }
    let elsewhere = client()
        .post(url(&services, "wat"))
        .header("host", "push.apple.com.example");
    assert_eq!(send(elsewhere).await.text().await.unwrap(), "");
    services.shutdown().await;
}

#[tokio::test]
async fn other_methods_on_a_channel_uri_are_refused_in_wns_words() {
    let services = start().await;
    let (_device, handle, _) = Device::registered(&services, "wns").await;
    let answer = send(client().put(&handle).header("ms-cv", "a.1")).await;
    assert_eq!(answer.status(), 405);
    assert_eq!(header(&answer, "allow"), "POST, DELETE");
    assert_eq!(header(&answer, "x-wns-status"), "dropped");
    assert_eq!(header(&answer, "ms-cv"), "a.1");
    assert!(!header(&answer, "x-wns-error-description").is_empty());
    services.shutdown().await;
}

#[tokio::test]
async fn a_channel_that_is_renewed_in_time_has_a_new_handle_before_the_old_one_is_gone() {
    let services = start_simulated().await;
    let (mut device, uaid) = Device::greet(&services, None).await;
    let channel_id = uuid::Uuid::new_v4();
    let register = value!({"platform": "wns", "channelID": channel_id});
    let first = device.register(register.clone()).await;
    let first = first["handle"].as_str().unwrap().to_owned();
    let day = Duration::from_secs(86_400);
    pass(day * 10).await;
    let (mut device, _) = Device::greet(&services, Some(&uaid)).await;
    assert_eq!(
        device.register(register.clone()).await["handle"],
        first.as_str()
    );
    pass(day * 10).await;
    let (mut device, _) = Device::greet(&services, Some(&uaid)).await;
    let second = device.register(register).await;
    let second = second["handle"].as_str().unwrap().to_owned();
    assert_ne!(first, second);
    let push = async |handle: &str| {
        let access = token(&services).await;
        send(raw(handle, &access, "x")).await.status().as_u16()
    };
    assert_eq!((push(&first).await, push(&second).await), (200, 200));
    pass(day * 11).await;
    assert_eq!((push(&first).await, push(&second).await), (410, 200));
    pass(day * 20).await;
    assert_eq!(push(&second).await, 410);
    services.shutdown().await;
}

#[tokio::test]
async fn a_handle_that_was_given_back_tells_its_sender_when() {
    let services = start_simulated().await;
    let (mut device, _) = Device::greet(&services, None).await;
    let answer = device.register(value!({"platform": "apns"})).await;
    let token = answer["handle"].as_str().unwrap().to_owned();
    device
        .say(&value!({"messageType": "unregister", "channelID": answer["channelID"]}))
        .await;
    assert_eq!(device.hear().await["status"], 200);
    let gone = services.clock().now().as_millisecond();
    pass(Duration::from_secs(600)).await;
    let answer = send(apns(&services, &token, "{}".to_owned())).await;
    assert_eq!(answer.status(), 410);
    let body = json(answer).await;
    assert_eq!(body["reason"], "Unregistered");
    let at = body["timestamp"].as_i64().unwrap();
    assert!((gone - 5000..=gone).contains(&at), "{at} {gone}");
    let refused = TraceStep::Refused;
    let entries = services.trace().entries();
    assert!(entries.iter().any(|entry| entry.step == refused));
    assert!(
        !entries
            .iter()
            .any(|entry| entry.step == TraceStep::Dropped(DropRule::OnDemand))
    );
    services.shutdown().await;
}
