//! Errors on demand: each handle of the list is posted to, and answers what the list says, with the
//! headers and the body of its platform.

use std::collections::HashSet;

use reqwest::{RequestBuilder, Response};
use serde_json::{Value, json as value};

use super::apns::provider_token;
use super::wns::token;
use super::{Services, client, header, json, send, start, start_simulated, url};
use crate::emulator::{DropRule, ErrorOnDemand, TraceStep, errors_on_demand};
use crate::model::Platform;

fn push(services: &Services, access: &str, platform: Platform, handle: &str) -> RequestBuilder {
    match platform {
        Platform::Wns => client()
            .post(handle)
            .bearer_auth(access)
            .header("x-wns-type", "wns/raw")
            .header("content-type", "application/octet-stream")
            .header("ms-cv", "cv.7")
            .body("x"),
        Platform::Apns => client()
            .post(url(services, &format!("3/device/{handle}")))
            .bearer_auth(provider_token(services))
            .header("apns-topic", "com.example.app")
            .header("apns-id", "DBF46343-10c7-4236-8203-ec0fa867a7fe")
            .body("{}"),
        Platform::Fcm => client()
            .post(url(services, "v1/projects/p/messages:send"))
            .bearer_auth("ya29.any")
            .body(value!({"message": {"token": handle}}).to_string()),
        Platform::WebPush => client()
            .post(handle)
            .header("ttl", "60")
            .header("content-encoding", "aes128gcm")
            .body("x"),
    }
}

/// What every answer has, and what this one says.
async fn check(services: &Services, listed: &ErrorOnDemand, answer: Response) {
    let what = format!("{} {}", listed.platform, listed.error);
    assert_eq!(answer.status().as_u16(), listed.status, "{what}");
    let retry_after = header(&answer, "retry-after").parse().ok();
    assert_eq!(retry_after, listed.retry_after, "{what}");
    match listed.platform {
        Platform::Wns => check_wns(listed, &answer),
        Platform::Apns => check_apns(services, listed, answer).await,
        Platform::Fcm => check_fcm(listed, answer).await,
        Platform::WebPush => check_web_push(listed, answer).await,
    }
}

fn check_wns(listed: &ErrorOnDemand, answer: &Response) {
    let status = header(answer, "x-wns-status");
    assert_eq!(status, header(answer, "x-wns-notificationstatus"));
    let throttled = listed.status == 406;
    let expected = if throttled {
        "channelthrottled"
    } else {
        "dropped"
    };
    assert_eq!(status, expected, "{}", listed.error);
    assert_eq!(header(answer, "ms-cv"), "cv.7");
    assert_eq!(header(answer, "x-wns-msg-id").len(), 16);
    assert!(!header(answer, "x-wns-debug-trace").is_empty());
    let described = !header(answer, "x-wns-error-description").is_empty();
    assert_eq!(described, listed.status != 200, "{}", listed.error);
}

async fn check_apns(services: &Services, listed: &ErrorOnDemand, answer: Response) {
    let id = header(&answer, "apns-id");
    assert_eq!(id, "DBF46343-10c7-4236-8203-ec0fa867a7fe");
    let body = json(answer).await;
    assert_eq!(body["reason"], listed.error.as_str());
    let now = services.clock().now().as_millisecond();
    let timestamp = body.get("timestamp").and_then(Value::as_i64);
    assert_eq!(timestamp.is_some(), listed.status == 410, "{body}");
    assert!(
        timestamp.is_none_or(|at| (now - 5000..=now).contains(&at)),
        "{body}"
    );
}

async fn check_fcm(listed: &ErrorOnDemand, answer: Response) {
    let error = json(answer).await["error"].clone();
    assert_eq!(error["code"], listed.status);
    assert!(
        error["message"].is_string() && error["status"].is_string(),
        "{error}"
    );
    let code = error["details"][0].get("errorCode");
    match listed.error.as_str() {
        "UNAUTHENTICATED" | "PERMISSION_DENIED" => {
            assert_eq!(error["status"], listed.error.as_str());
            assert_eq!(code, None, "{error}");
        }
        own => assert_eq!(code, Some(&value!(own)), "{error}"),
    }
}

async fn check_web_push(listed: &ErrorOnDemand, answer: Response) {
    if listed.error == "404" {
        assert_eq!(answer.text().await.unwrap(), "");
        return;
    }
    let body = json(answer).await;
    assert_eq!(body["code"], listed.status);
    let errno = body["errno"].as_u64().unwrap().to_string();
    let number = listed.error.split('-').nth(1);
    assert!(number.is_none_or(|number| number == errno), "{body}");
}

#[tokio::test]
async fn every_error_is_answered_as_it_is_listed() {
    let services = start_simulated().await;
    let access = token(&services).await;
    let all = errors_on_demand(Some(services.http_url()));
    for listed in &all {
        let request = push(&services, &access, listed.platform, &listed.handle);
        check(&services, listed, send(request).await).await;
    }
    let counts = services.trace().counts();
    let taken = all.iter().filter(|one| one.status == 200).count() as u64;
    assert_eq!(
        (counts.refused + taken, counts.dropped),
        (all.len() as u64, taken)
    );
    services.shutdown().await;
}

fn listed(platform: Platform) -> HashSet<(u16, String)> {
    let all = errors_on_demand(None).into_iter();
    let its = all.filter(|one| one.platform == platform);
    its.map(|one| (one.status, one.error)).collect()
}

fn has(listed: &HashSet<(u16, String)>, status: u16, error: &str) {
    let listed = listed.contains(&(status, error.to_owned()));
    assert!(listed, "{status} {error}");
}

#[test]
fn the_list_has_every_reason_of_apns() {
    let apns = listed(Platform::Apns);
    for (status, reasons) in [
        (
            400,
            "BadDeviceToken BadCollapseId BadExpirationDate BadMessageId BadPriority BadTopic \
             DeviceTokenNotForTopic DuplicateHeaders IdleTimeout InvalidPushType \
             MissingDeviceToken MissingTopic PayloadEmpty TopicDisallowed",
        ),
        (
            403,
            "ExpiredProviderToken InvalidProviderToken MissingProviderToken Forbidden \
             BadCertificate BadCertificateEnvironment UnrelatedKeyIdInToken \
             BadEnvironmentKeyIdInToken",
        ),
        (404, "BadPath"),
        (405, "MethodNotAllowed"),
        (410, "Unregistered ExpiredToken"),
        (413, "PayloadTooLarge"),
        (429, "TooManyRequests TooManyProviderTokenUpdates"),
        (500, "InternalServerError"),
        (503, "ServiceUnavailable Shutdown"),
    ] {
        for reason in reasons.split_whitespace() {
            has(&apns, status, reason);
        }
    }
}

#[test]
fn the_list_has_every_error_of_the_others() {
    let fcm = listed(Platform::Fcm);
    for (status, error) in [
        (404, "UNREGISTERED"),
        (400, "INVALID_ARGUMENT"),
        (403, "SENDER_ID_MISMATCH"),
        (429, "QUOTA_EXCEEDED"),
        (401, "THIRD_PARTY_AUTH_ERROR"),
        (503, "UNAVAILABLE"),
        (500, "INTERNAL"),
    ] {
        has(&fcm, status, error);
    }
    let wns = listed(Platform::Wns);
    for status in [400, 401, 403, 404, 405, 406, 410, 413, 500, 503] {
        has(&wns, status, &status.to_string());
    }
    for (status, error) in [
        (200, "dropped"),
        (406, "channelthrottled"),
        (410, "domainblocked"),
    ] {
        has(&wns, status, error);
    }
    let web_push = listed(Platform::WebPush);
    for status in [400, 401, 403, 404, 410, 413, 429, 500, 503] {
        has(&web_push, status, &status.to_string());
    }
    for errno in [
        "400-110", "400-111", "400-113", "400-114", "401-109", "404-102", "410-106", "413-104",
        "503-201", "503-202",
    ] {
        assert!(web_push.iter().any(|(_, error)| *error == errno), "{errno}");
    }
}

#[tokio::test]
async fn a_counted_handle_succeeds_after_its_failures_and_delivers_nothing() {
    let services = start().await;
    let access = token(&services).await;
    let apns: String = "err:TooManyRequests:2"
        .bytes()
        .map(|b| format!("{b:02X}"))
        .collect();
    let apns = format!("{apns:0<64}");
    let at = |path: &str| url(&services, path);
    for (platform, handle, failure, success) in [
        (Platform::Wns, at("w/?token=error-503-2"), 503, 200),
        (Platform::Apns, apns, 429, 200),
        (
            Platform::Fcm,
            "error:UNAVAILABLE:2:login".to_owned(),
            503,
            200,
        ),
        (Platform::WebPush, at("wpush/v1/error-503-201-2"), 503, 201),
    ] {
        for expected in [failure, failure, success, failure] {
            let answer = send(push(&services, &access, platform, &handle)).await;
            assert_eq!(answer.status().as_u16(), expected, "{platform}");
            if expected == 201 {
                assert!(!header(&answer, "location").is_empty());
            }
        }
    }
    let on_demand = TraceStep::Dropped(DropRule::OnDemand);
    let entries = services.trace().entries();
    let succeeded = entries.iter().filter(|entry| entry.step == on_demand);
    assert_eq!(succeeded.count(), 4);
    assert_eq!(services.trace().counts().refused, 12);
    services.shutdown().await;
}

#[tokio::test]
async fn a_word_that_is_none_is_an_unknown_handle() {
    let services = start().await;
    let access = token(&services).await;
    for (platform, handle, status) in [
        (Platform::Wns, url(&services, "w/?token=error-299"), 404),
        (Platform::Apns, format!("{:0<64}", "6572723a576174"), 400),
        (Platform::Fcm, "error:WAT".to_owned(), 404),
        (Platform::WebPush, url(&services, "wpush/v1/error-299"), 404),
    ] {
        let answer = send(push(&services, &access, platform, &handle)).await;
        assert_eq!(answer.status().as_u16(), status, "{platform}");
    }
    // Whoever sends it is checked as for any other handle.
    let bare = client()
        .post(url(&services, "w/?token=error-503"))
        .body("x");
    assert_eq!(send(bare).await.status(), 401);
    services.shutdown().await;
}
