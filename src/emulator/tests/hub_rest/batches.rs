//! Batches of direct sends: what they may have and how large they may be.

use reqwest::{Method, Response};
use serde_json::json;

use super::sends::taken;
use super::{FULL, Hub, detail};
use crate::emulator::tests::send;

/// A batch of this notification to these handles.
fn batch(notification: &str, handles: &[String]) -> String {
    format!(
        "--b\r\nContent-Disposition: inline; name=notification\r\n\r\n{notification}\r\n\
         --b\r\nContent-Disposition: inline; name=devices\r\n\r\n{}\r\n--b--",
        json!(handles)
    )
}

async fn post(hub: &Hub, body: String, tags: Option<&str>) -> Response {
    let request = hub
        .ask(FULL, Method::POST, "messages/$batch?direct")
        .header("ServiceBusNotification-Format", "fcmv1")
        .header("Content-Type", "multipart/mixed; boundary=b");
    let request = match tags {
        Some(tags) => request.header("ServiceBusNotification-Tags", tags),
        None => request,
    };
    send(request.body(body)).await
}

const MESSAGE: &str = r#"{"message":{"data":{"a":"1"}}}"#;

#[tokio::test]
async fn a_batch_has_room_for_a_thousand_long_handles_and_a_limit_that_is_told() {
    let hub = Hub::open().await;
    let handles = |length: usize| {
        let handle = |number: usize| format!("{number:04}{}", "x".repeat(length));
        (0..1000).map(handle).collect::<Vec<_>>()
    };
    taken(post(&hub, batch(MESSAGE, &handles(1500)), None).await).await;
    let refused = post(&hub, batch(MESSAGE, &handles(4500)), None).await;
    let told = detail(refused, 413).await;
    assert!(told.contains("4096 KiB"), "{told}");
    let large = format!("{{\"message\":{{\"a\":\"{}\"}}}}", "x".repeat(65_536));
    let refused = post(&hub, batch(&large, &handles(10)), None).await;
    let told = detail(refused, 413).await;
    assert!(told.contains("64 KiB"), "{told}");
    hub.close().await;
}

#[tokio::test]
async fn a_batch_has_no_tags() {
    let hub = Hub::open().await;
    let body = batch(MESSAGE, &["handle".to_owned()]);
    let told = detail(post(&hub, body.clone(), Some("news")).await, 400).await;
    assert!(told.contains("ServiceBusNotification-Tags"), "{told}");
    taken(post(&hub, body, None).await).await;
    hub.close().await;
}
