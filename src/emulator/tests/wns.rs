//! WNS as a sender meets it, and the offline rule.

use std::time::Duration;

use reqwest::{RequestBuilder, Response};
use serde_json::Value;

use super::device::content;
use super::{
    Device, Services, client, header, json, pass, send, start, start_in, start_simulated, url,
};

const FORM: &str = "application/x-www-form-urlencoded";
const UWP: &str = "grant_type=client_credentials&client_id=ms-app%3A%2F%2FS-1-15-2-1&client_secret=s&scope=notify.windows.com";

async fn token_answer(services: &Services, path: &str, form: &str) -> Response {
    let request = client()
        .post(url(services, path))
        .header("content-type", FORM);
    send(request.body(form.to_owned())).await
}

pub(super) async fn token(services: &Services) -> String {
    let answer = json(token_answer(services, "accesstoken.srf", UWP).await).await;
    answer["access_token"].as_str().unwrap().to_owned()
}

fn typed(handle: &str, token: &str, kind: &str, content_type: &str) -> RequestBuilder {
    client()
        .post(handle)
        .bearer_auth(token)
        .header("x-wns-type", kind)
        .header("content-type", content_type)
}

pub(super) fn raw(handle: &str, token: &str, body: &str) -> RequestBuilder {
    typed(handle, token, "wns/raw", "application/octet-stream").body(body.to_owned())
}

fn toast(handle: &str, token: &str, body: &str) -> RequestBuilder {
    typed(handle, token, "wns/toast", "text/xml").body(body.to_owned())
}

pub(super) async fn outcome(request: RequestBuilder) -> String {
    let answer = send(request).await;
    assert_eq!(answer.status(), 200);
    assert_eq!(
        header(&answer, "x-wns-notificationstatus"),
        header(&answer, "x-wns-status")
    );
    header(&answer, "x-wns-status").to_owned()
}

async fn refused(request: RequestBuilder) -> (u16, String) {
    let answer = send(request).await;
    assert_eq!(header(&answer, "x-wns-status"), "dropped");
    let description = header(&answer, "x-wns-error-description").to_owned();
    (answer.status().as_u16(), description)
}

#[tokio::test]
async fn both_token_flows_answer_in_their_own_way() {
    let services = start().await;
    let uwp = token_answer(&services, "accesstoken.srf", UWP).await;
    assert_eq!(header(&uwp, "cache-control"), "no-store");
    let uwp = json(uwp).await;
    assert_eq!(
        (&uwp["token_type"], &uwp["expires_in"]),
        (&"bearer".into(), &86_400.into())
    );
    let form = "grant_type=client_credentials&client_id=a&client_secret=s&scope=https%3A%2F%2Fwns.windows.com%2F.default";
    let entra = json(token_answer(&services, "tenant/oauth2/v2.0/token", form).await).await;
    assert_eq!(
        (&entra["token_type"], &entra["expires_in"]),
        (&"Bearer".into(), &"86400".into())
    );
    for (path, form) in [
        ("accesstoken.srf", form),
        ("t/oauth2/v2.0/token", UWP),
        ("accesstoken.srf", ""),
    ] {
        let answer = token_answer(&services, path, form).await;
        assert_eq!(answer.status(), 400, "{path} {form}");
        assert!(json(answer).await["error"].is_string());
    }
    services.shutdown().await;
}

#[tokio::test]
async fn a_raw_push_reaches_the_device_with_its_headers() {
    let services = start().await;
    let token = token(&services).await;
    let (mut device, handle, _) = Device::registered(&services, "wns").await;
    let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let request = raw(&handle, &token, "sec-1")
        .header("x-wns-requestforstatus", "true")
        .header("x-wns-tag", "t1")
        .header("x-wns-group", "g1")
        .header("x-wns-suppresspopup", "true")
        .header("ms-cv", "abc.1")
        .header("traceparent", trace);
    let answer = send(request).await;
    assert_eq!(answer.status(), 200);
    assert_eq!(header(&answer, "x-wns-status"), "received");
    assert_eq!(header(&answer, "x-wns-deviceconnectionstatus"), "connected");
    assert_eq!(header(&answer, "ms-cv"), "abc.1");
    let id = header(&answer, "x-wns-msg-id");
    assert_eq!(id.len(), 16);
    let push = device.hear().await;
    assert_eq!(content(&push), "sec-1");
    assert_eq!(push["version"], id);
    let headers = &push["headers"];
    assert_eq!(headers["platform"], "wns");
    assert_eq!(headers["x-wns-type"], "wns/raw");
    assert_eq!(headers["collapse"], "t1");
    assert_eq!(headers["group"], "g1");
    assert_eq!(headers["suppress_popup"], true);
    assert_eq!(headers["priority"], "3");
    assert_eq!(headers["traceparent"], trace);
    assert!(headers["sent_at"].is_string(), "{headers}");
    services.shutdown().await;
}

#[tokio::test]
async fn what_does_not_fit_is_refused_with_its_reason() {
    let services = start().await;
    let token = token(&services).await;
    let (mut device, handle, _) = Device::registered(&services, "wns").await;
    assert_eq!(refused(raw(&handle, "junk", "x")).await.0, 401);
    let unknown = url(&services, "w/?token=junk");
    assert_eq!(refused(raw(&unknown, &token, "x")).await.0, 404);
    assert_eq!(
        refused(raw(services.http_url().as_str(), &token, "x"))
            .await
            .0,
        404
    );
    let endless = url(&services, &format!("w/?token={}", "t".repeat(10_000)));
    assert_eq!(refused(raw(&endless, &token, "x")).await.0, 404);
    let empty = raw(&handle, &token, "").header("content-length", "0");
    assert_eq!(refused(empty).await.0, 400);
    assert_eq!(
        refused(raw(&handle, &token, &"x".repeat(5001))).await.0,
        413
    );
    let (status, why) = refused(raw(&handle, &token, "x").header("ttl", "0")).await;
    assert_eq!(
        (status, why.as_str()),
        (400, "Ttl value conflicts with X-WNS-Cache-Policy.")
    );
    let chunked =
        raw(&handle, &token, "").body(reqwest::Body::wrap_stream(futures_util::stream::iter([
            Ok::<_, std::io::Error>("x"),
        ])));
    assert_eq!(refused(chunked).await.0, 411);
    assert_eq!(send(client().get(&handle)).await.status(), 405);
    device.hears_nothing().await;
    assert_eq!(
        outcome(raw(&handle, &token, &"x".repeat(5000))).await,
        "received"
    );
    assert_eq!(services.trace().counts().refused, 8);
    services.shutdown().await;
}

#[tokio::test]
async fn badges_and_tiles_are_delivered_as_what_they_are() {
    let services = start().await;
    let token = token(&services).await;
    let (mut device, handle, _) = Device::registered(&services, "wns").await;
    for kind in ["wns/badge", "wns/tile"] {
        let body = format!("<{}/>", kind.trim_start_matches("wns/"));
        let request = typed(&handle, &token, kind, "text/xml").body(body.clone());
        assert_eq!(outcome(request).await, "received");
        let push = device.hear().await;
        assert_eq!(content(&push), body);
        assert_eq!(push["headers"]["x-wns-type"], kind);
        assert_eq!(push["headers"]["priority"], "2");
    }
    services.shutdown().await;
}

#[tokio::test]
async fn the_root_takes_channel_uris_as_well() {
    let services = start().await;
    let token = token(&services).await;
    let (mut device, handle, _) = Device::registered(&services, "wns").await;
    let at_root = handle.replace("/w/?", "/?");
    assert_eq!(outcome(raw(&at_root, &token, "sec-1")).await, "received");
    assert_eq!(content(&device.hear().await), "sec-1");
    services.shutdown().await;
}

#[tokio::test]
async fn while_nobody_is_there_the_offline_rule_holds() {
    let services = start().await;
    let token = token(&services).await;
    let (device, handle, uaid) = Device::registered(&services, "wns").await;
    device.leave(&services).await;
    assert_eq!(outcome(raw(&handle, &token, "lost")).await, "dropped");
    let cached = |body| raw(&handle, &token, body).header("x-wns-cache-policy", "cache");
    assert_eq!(outcome(cached("older")).await, "received");
    assert_eq!(outcome(cached("newest")).await, "received");
    assert_eq!(
        outcome(toast(&handle, &token, "<toast/>")).await,
        "received"
    );
    let (mut device, _) = Device::greet(&services, Some(&uaid)).await;
    let mut heard = Vec::new();
    for _ in 0..2 {
        let push = device.hear().await;
        heard.push(content(&push));
        device.ack(&push).await;
    }
    assert_eq!(heard, ["newest", "<toast/>"]);
    device.hears_nothing().await;
    let counts = services.trace().counts();
    assert_eq!(
        (counts.received, counts.dropped, counts.acknowledged),
        (3, 2, 2)
    );
    services.shutdown().await;
}

#[tokio::test]
async fn what_was_received_comes_again_until_it_is_acknowledged() {
    let services = start().await;
    let token = token(&services).await;
    let (mut device, handle, uaid) = Device::registered(&services, "wns").await;
    for body in ["a", "b"] {
        assert_eq!(outcome(raw(&handle, &token, body)).await, "received");
    }
    let (first, second) = (device.hear().await, device.hear().await);
    device.ack(&second).await;
    device.hears_nothing().await;
    device.leave(&services).await;
    let (mut device, _) = Device::greet(&services, Some(&uaid)).await;
    assert_eq!(
        device.hear().await,
        first,
        "the same, under the same version"
    );
    device.ack(&first).await;
    device.hears_nothing().await;
    device.leave(&services).await;
    let (mut device, _) = Device::greet(&services, Some(&uaid)).await;
    device.hears_nothing().await;
    services.shutdown().await;
}

#[tokio::test]
async fn what_was_received_survives_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let services = start_in(folder.path()).await;
    let token = token(&services).await;
    let (mut device, handle, uaid) = Device::registered(&services, "wns").await;
    assert_eq!(outcome(raw(&handle, &token, "kept")).await, "received");
    let before: Value = device.hear().await;
    services.shutdown().await;
    let services = start_in(folder.path()).await;
    let (mut device, again) = Device::greet(&services, Some(&uaid)).await;
    assert_eq!(again, uaid);
    assert_eq!(device.hear().await, before);
    services.shutdown().await;
}

#[tokio::test]
async fn a_channel_expires_after_thirty_days() {
    let services = start_simulated().await;
    let (device, handle, _) = Device::registered(&services, "wns").await;
    device.leave(&services).await;
    pass(Duration::from_secs(30 * 86_400 - 60)).await;
    let early = token(&services).await;
    assert_eq!(outcome(raw(&handle, &early, "x")).await, "dropped");
    pass(Duration::from_secs(60)).await;
    assert_eq!(refused(raw(&handle, &early, "x")).await.0, 410);
    pass(Duration::from_secs(86_400)).await;
    assert_eq!(
        refused(raw(&handle, &early, "x")).await.0,
        401,
        "the access token lasts a day"
    );
    services.shutdown().await;
}

#[tokio::test]
async fn a_time_to_live_runs_out_while_nobody_is_there() {
    let services = start_simulated().await;
    let token = token(&services).await;
    let (device, handle, uaid) = Device::registered(&services, "wns").await;
    device.leave(&services).await;
    let kept = |body, ttl| {
        let request = raw(&handle, &token, body);
        request
            .header("x-wns-cache-policy", "cache")
            .header("x-wns-ttl", ttl)
    };
    assert_eq!(outcome(kept("short", "60")).await, "received");
    pass(Duration::from_secs(61)).await;
    let (mut device, _) = Device::greet(&services, Some(&uaid)).await;
    device.hears_nothing().await;
    device.leave(&services).await;
    assert_eq!(outcome(kept("long", "600")).await, "received");
    pass(Duration::from_secs(61)).await;
    let (mut device, _) = Device::greet(&services, Some(&uaid)).await;
    assert_eq!(content(&device.hear().await), "long");
    services.shutdown().await;
}

#[tokio::test]
async fn a_device_that_takes_nothing_throttles_its_sender_and_loses_nothing() {
    let services = start().await;
    let token = token(&services).await;
    let (_device, handle, _) = Device::registered(&services, "wns").await;
    let client = client();
    let mut received = 0;
    let throttled = loop {
        let request = client
            .post(&handle)
            .bearer_auth(&token)
            .header("x-wns-type", "wns/raw")
            .header("content-type", "application/octet-stream")
            .body("x");
        let answer = send(request).await;
        if answer.status() != 200 {
            break answer;
        }
        received += 1;
        assert!(received <= 1000, "there is no bound");
    };
    assert_eq!(throttled.status(), 406);
    assert_eq!(header(&throttled, "x-wns-status"), "channelthrottled");
    assert!(!header(&throttled, "retry-after").is_empty());
    assert_eq!(services.trace().counts().received, received);
    services.shutdown().await;
}
