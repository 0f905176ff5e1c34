//! Answers that are not what was asked for.

use std::time::Duration;

use axum::Router;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::any;

use super::{alice, assert_says, one};
use crate::backend::BackendError;
use crate::backend::testing::FakeBackend;
use crate::wire::app_backend::{MAX_BODY, Notification};

async fn fetch_from<A: IntoResponse + Clone + Send + Sync + 'static>(
    answer: A,
) -> Result<Notification, BackendError> {
    let router = Router::new().fallback(any(move || std::future::ready(answer.clone())));
    let backend = FakeBackend::serve(router).await;
    backend.client().fetch_notification(&alice(), &one()).await
}

async fn error_from<A: IntoResponse + Clone + Send + Sync + 'static>(answer: A) -> BackendError {
    fetch_from(answer).await.unwrap_err()
}

#[tokio::test]
async fn refused_credentials_mean_sign_in_whether_401_or_403() {
    for status in [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN] {
        let error = error_from(status).await;
        assert!(error.needs_sign_in() && !error.is_transient(), "{error:?}");
        assert_says(
            &error,
            &["/api/notifications/1", status.as_str(), "handset login"],
        );
    }
}

#[tokio::test]
async fn a_payload_that_is_not_there_is_gone() {
    for status in [StatusCode::NOT_FOUND, StatusCode::GONE] {
        let error = error_from(status).await;
        assert!(error.is_gone() && !error.is_transient() && !error.needs_sign_in());
        assert_says(&error, &[status.as_str()]);
    }
}

#[tokio::test]
async fn a_failing_or_busy_backend_is_transient_and_says_when() {
    let error = error_from(StatusCode::INTERNAL_SERVER_ERROR).await;
    assert!(error.is_transient() && !error.is_unreachable());
    assert_eq!(error.retry_after(), None);
    assert_says(&error, &["500", "try again later"]);

    for status in [
        StatusCode::TOO_MANY_REQUESTS,
        StatusCode::SERVICE_UNAVAILABLE,
    ] {
        let error = error_from((status, [(header::RETRY_AFTER, "7")])).await;
        assert!(error.is_transient());
        assert_eq!(error.retry_after(), Some(Duration::from_secs(7)));
        assert_says(&error, &[status.as_str(), "in 7 s"]);
    }
    let dates = [
        (header::DATE, "Fri, 20 Nov 2026 18:00:00 GMT"),
        (header::RETRY_AFTER, "Fri, 20 Nov 2026 18:01:30 GMT"),
    ];
    let error = error_from((StatusCode::BAD_GATEWAY, dates)).await;
    assert_eq!(error.retry_after(), Some(Duration::from_secs(90)));
}

#[tokio::test]
async fn another_status_is_a_rejection() {
    let error = error_from((StatusCode::BAD_REQUEST, "Basic YWxpY2U6 is no good")).await;
    assert!(!error.is_transient() && !error.is_gone() && !error.needs_sign_in());
    assert_says(&error, &["400"]);
}

#[tokio::test]
async fn a_redirect_is_an_error_that_names_the_host_alone() {
    let elsewhere = [(
        header::LOCATION,
        "https://evil.example:444/login?token=hunter2",
    )];
    for status in [
        StatusCode::FOUND,
        StatusCode::TEMPORARY_REDIRECT,
        StatusCode::PERMANENT_REDIRECT,
    ] {
        let error = error_from((status, elsewhere.clone())).await;
        assert!(!error.is_transient());
        assert_says(
            &error,
            &[status.as_str(), "to https://evil.example:444,", "--backend"],
        );
    }
    let error = error_from(StatusCode::FOUND).await;
    assert_says(&error, &["nowhere"]);
    let error = error_from((StatusCode::FOUND, [(header::LOCATION, "http://[")])).await;
    assert_says(&error, &["no URL"]);
}

#[tokio::test]
async fn a_redirect_is_never_followed() {
    let target = FakeBackend::serve(
        Router::new().fallback(any(|| async { r#"{"Id":1,"Payload":"the-payload"}"# })),
    )
    .await;
    let location = format!("http://{}/api/notifications/1", target.address);
    let error = error_from((StatusCode::FOUND, [(header::LOCATION, location)])).await;
    assert!(
        matches!(error, BackendError::Redirected { .. }),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_body_that_is_not_json_says_what_it_is() {
    let page = (
        [(header::CONTENT_TYPE, "text/html")],
        "<html>the-payload</html>",
    );
    let error = error_from(page).await;
    assert!(matches!(error, BackendError::NotJson { .. }));
    assert_says(&error, &["not JSON", "text/html", "line 1"]);
    assert_says(&error_from("").await, &["empty"]);
    assert_says(
        &error_from(r#"{"Id":1,"Payload":"the-pay"#).await,
        &["breaks off"],
    );
    assert_says(&error_from(vec![0xff_u8, 0xfe]).await, &["not JSON"]);
    // A nest that would overflow a careless parser's stack.
    assert_says(&error_from("[".repeat(MAX_BODY)).await, &["not JSON"]);
}

#[tokio::test]
async fn missing_fields_are_named_and_values_are_not_shown() {
    let error = error_from(r#"{"Id":1}"#).await;
    assert!(matches!(error, BackendError::Malformed { .. }));
    assert_says(&error, &["\"payload\" is missing"]);
    for wrong in [
        r#""the-payload""#,
        r#"[]"#,
        r#"null"#,
        r#"{"Id":1,"Payload":{"the-payload":1}}"#,
        r#"{"Id":1,"Payload":["the-payload"],"Read":true}"#,
        r#"{"Id":"../../the-payload","Payload":"p"}"#,
        r#"{"Id":["the-payload"],"Payload":"p"}"#,
    ] {
        let error = error_from(wrong).await;
        assert!(
            matches!(error, BackendError::Malformed { .. }),
            "{wrong}: {error:?}"
        );
        assert_says(&error, &["wrong kind"]);
    }
}

#[tokio::test]
async fn another_id_than_the_one_asked_for_is_refused() {
    let error = error_from(r#"{"Id":2,"Payload":"the-payload"}"#).await;
    assert_says(&error, &["notification 2", "not the one asked for"]);
}

#[tokio::test]
async fn a_large_body_is_not_read_to_its_end() {
    let announced = error_from("x".repeat(MAX_BODY + 1)).await;
    assert!(matches!(announced, BackendError::TooLarge { .. }));
    assert_says(&announced, &["larger than 65536 bytes"]);

    let endless = Router::new().fallback(any(|| async {
        let chunk = || Ok::<_, std::io::Error>(bytes::Bytes::from_static(&[b' '; 8192]));
        axum::body::Body::from_stream(futures_util::stream::repeat_with(chunk))
    }));
    let backend = FakeBackend::serve(endless).await;
    let error = backend
        .client()
        .fetch_notification(&alice(), &one())
        .await
        .unwrap_err();
    assert!(matches!(error, BackendError::TooLarge { .. }), "{error:?}");
}

#[tokio::test]
async fn the_largest_body_that_is_allowed_is_read() {
    let frame = r#"{"Id":1,"Payload":""}"#.len();
    let payload = "p".repeat(MAX_BODY - frame);
    let body = format!(r#"{{"Id":1,"Payload":"{payload}"}}"#);
    assert_eq!(body.len(), MAX_BODY);
    assert_eq!(fetch_from(body).await.unwrap().payload, payload);
}

/// About 1 MiB of spaces in 7 kB of gzip (RFC 1952): one literal, then matches of 258 bytes at
/// distance 1 in the fixed code (RFC 1951 §3.2.6).
fn bomb() -> Vec<u8> {
    let mut gzip = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    let last_block_in_the_fixed_code = [1, 1, 0];
    // Codes go in from their highest bit: 0x30 + 0x20 is a space, 11000101 00000 the match.
    let space = [0, 1, 0, 1, 0, 0, 0, 0];
    let repeat = [1, 1, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0];
    let end = [0; 7];
    let mut bits: Vec<u8> = Vec::new();
    bits.extend(last_block_in_the_fixed_code);
    bits.extend(space);
    for _ in 0..4096 {
        bits.extend(repeat);
    }
    bits.extend(end);
    gzip.extend(bits.chunks(8).map(|byte| {
        let place = byte.iter().enumerate();
        place.fold(0, |sum, (place, bit)| sum | (bit << place))
    }));
    gzip
}

#[tokio::test]
async fn a_gzip_bomb_is_bounded_by_what_it_unpacks_to() {
    let bomb = bomb();
    assert!(bomb.len() < MAX_BODY / 8);
    let error = error_from(([(header::CONTENT_ENCODING, "gzip")], bomb)).await;
    assert!(matches!(error, BackendError::TooLarge { .. }), "{error:?}");
}

#[tokio::test]
async fn a_body_that_cannot_be_unpacked_says_so() {
    let error = error_from(([(header::CONTENT_ENCODING, "gzip")], "not gzip at all")).await;
    assert!(matches!(error, BackendError::Garbled { .. }), "{error:?}");
    assert!(!error.is_transient());
    assert_says(&error, &["cannot be unpacked"]);
}

#[tokio::test]
async fn a_hubs_refusal_has_its_reason_and_is_no_refused_sign_in() {
    use crate::model::{Platform, UserName};
    use crate::wire::app_backend::SecurePushRequest;

    for (status, marked) in [(403, true), (403, false), (502, true), (503, true)] {
        let status = StatusCode::from_u16(status).unwrap();
        let answer = move || async move {
            let body = r#"{"Message":"evil.example is not\u001b[31m an allowed partner"}"#;
            let mut response = (status, body).into_response();
            let headers = response.headers_mut();
            if marked {
                let by = header::HeaderValue::from_static("hub");
                headers.insert("x-handset-refused-by", by);
            }
            if status.is_server_error() {
                headers.insert(header::RETRY_AFTER, 7.into());
            }
            response
        };
        let backend = FakeBackend::serve(Router::new().fallback(any(answer))).await;
        let client = backend.client();
        let push = SecurePushRequest::default();
        let secure = client.send_secure(&alice(), &push).await.unwrap_err();
        let bob = UserName::parse("bob").unwrap();
        let toast = client.send_toast(&alice(), Platform::Wns, &bob, "hi").await;
        let registration = client.create_registration(&alice(), None).await;
        for error in [secure, toast.unwrap_err(), registration.unwrap_err()] {
            assert_eq!(error.needs_sign_in(), !marked, "{error:?}");
            assert_eq!(error.is_transient(), status.is_server_error(), "{error:?}");
            let wait = status.is_server_error().then_some(Duration::from_secs(7));
            assert_eq!(error.retry_after(), wait, "{error:?}");
            let text = error.to_string();
            assert_eq!(text.contains("is not[31m an allowed"), marked, "{text}");
        }
    }
}
