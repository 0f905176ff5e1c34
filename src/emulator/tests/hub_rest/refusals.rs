//! What is well formed and still not done, each with what to do instead.

use std::time::Duration;

use reqwest::{Method, RequestBuilder};

use super::hostile::raw;
use super::{FULL, Hub, detail, text, windows};
use crate::emulator::tests::device::content;
use crate::emulator::tests::{header, pass, send};

const CHANNEL: &str = "https://db5p.notify.windows.com/w/?token=c278";
const SCHEDULE_TIME: &str = "ServiceBusNotification-ScheduleTime";

#[tokio::test]
async fn a_time_on_a_send_that_is_not_scheduled_is_refused() {
    let hub = Hub::open().await;
    let (mut device, channel) = hub.windows("one").await;
    let time = "2027-01-15T09:00:00Z";
    for path in ["messages/", "messages/?test", "messages/$batch?direct"] {
        let told = detail(
            send(hub.raw(path).header(SCHEDULE_TIME, time).body("x")).await,
            400,
        );
        let told = told.await;
        assert!(told.contains("/schedulednotifications/"), "{told}");
    }
    let direct = hub.raw("messages/?direct").header(SCHEDULE_TIME, "");
    let direct = direct.header("ServiceBusNotification-DeviceHandle", channel);
    detail(send(direct.body("x")).await, 400).await;
    device.hears_nothing().await;
    hub.close().await;
}

#[tokio::test]
async fn the_end_of_the_calendar_is_more_than_seven_days_ahead() {
    let hub = Hub::open().await;
    for time in ["9999-12-31T23:59:59Z", "9999-12-31T23:59:59.999"] {
        let schedule = hub.raw("schedulednotifications/");
        let schedule = schedule.header(SCHEDULE_TIME, time).body("x");
        let told = detail(send(schedule).await, 400).await;
        assert!(told.contains("more than seven days ahead"), "{told}");
    }
    hub.close().await;
}

#[tokio::test]
async fn a_header_that_has_one_value_is_refused_when_it_has_two() {
    let hub = Hub::open().await;
    let (mut device, _) = hub.windows("one").await;
    for (name, value) in [
        ("ServiceBusNotification-Format", "windows"),
        ("ServiceBusNotification-Tags", "one"),
        ("X-WNS-Type", "wns/raw"),
        ("X-WNS-Cache-Policy", "cache"),
        ("apns-priority", "5"),
        ("TTL", "60"),
        ("Content-Type", "application/octet-stream"),
        ("x-handset-domain", "backend.handset.localhost"),
    ] {
        let twice = hub.ask(FULL, Method::POST, "messages/");
        let twice = twice.header(name, value).header(name, value);
        let twice = if name == "ServiceBusNotification-Format" {
            twice
        } else {
            twice.header("ServiceBusNotification-Format", "windows")
        };
        let told = detail(send(twice.body("x")).await, 400).await;
        assert!(told.contains("more than once"), "{name}: {told}");
    }
    let twice = hub.raw("messages/").header("TrackingId", "a");
    let answer = send(twice.header("TrackingId", "b").body("x")).await;
    assert_eq!(header(&answer, "trackingid").len(), 36);
    text(answer, 201).await;
    assert_eq!(content(&device.hear().await), "x");
    device.hears_nothing().await;
    hub.close().await;
}

#[tokio::test]
async fn a_body_in_a_content_encoding_is_not_taken() {
    let hub = Hub::open().await;
    let (mut device, _) = hub.windows("one").await;
    let compressed = |request: RequestBuilder| {
        let request = request.header("Content-Encoding", "gzip");
        send(request.body(b"\x1f\x8b\x08\0".to_vec()))
    };
    let installation = || hub.ask(FULL, Method::PATCH, "installations/i");
    for request in [
        hub.raw("messages/"),
        hub.raw("schedulednotifications/"),
        hub.raw("messages/$batch?direct"),
        hub.ask(FULL, Method::POST, "registrations"),
        installation(),
    ] {
        let answer = compressed(request).await;
        assert_eq!(header(&answer, "accept-encoding"), "identity");
        let told = detail(answer, 415).await;
        assert!(told.contains("without Content-Encoding"), "{told}");
    }
    device.hears_nothing().await;
    let plain = hub.raw("messages/").header("Content-Encoding", "identity");
    text(send(plain.body("x")).await, 201).await;
    assert_eq!(content(&device.hear().await), "x");
    // Where no body counts, neither does its encoding.
    let read = hub.get("registrations").header("Content-Encoding", "gzip");
    text(send(read).await, 200).await;
    hub.close().await;
}

#[tokio::test]
async fn a_path_that_names_nothing_is_told_so_and_not_taken_for_anothers_token() {
    let hub = Hub::open().await;
    text(hub.put("1-2-3", windows(CHANNEL, "a,.")).await, 200).await;
    for (path, status) in [
        ("registrations/%ff", 400),
        ("tags/%ff/registrations", 400),
        ("installations/%ff", 404),
        ("messages/%ff", 404),
    ] {
        detail(send(hub.get(path)).await, status).await;
    }
    // Clients take these out of a path; the hub does not follow them.
    let token = hub.token(FULL, "/");
    for path in [
        "tags/./registrations",
        "tags/%2e/registrations",
        "registrations/..",
        "registrations/../registrations",
    ] {
        let request = format!(
            "GET /handset/{path} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: {token}\r\n\
             connection: close\r\n\r\n"
        );
        let answer = raw(&hub, &request).await;
        assert!(answer.starts_with("HTTP/1.1 404 "), "{path}: {answer}");
        assert!(answer.contains("no such path"), "{path}: {answer}");
    }
    hub.close().await;
}

#[tokio::test]
async fn ten_test_sends_a_minute_are_the_most() {
    let hub = Hub::open().await;
    let test = || {
        let test = hub.raw("messages/?test");
        send(
            test.header("ServiceBusNotification-Tags", "nobody")
                .body("x"),
        )
    };
    // What is refused for something else is none.
    detail(send(hub.raw("messages/?test").body("")).await, 400).await;
    for _ in 0..10 {
        text(test().await, 201).await;
    }
    let answer = test().await;
    let wait: u64 = header(&answer, "retry-after").parse().unwrap();
    assert!((30..=60).contains(&wait), "{wait}");
    let told = detail(answer, 429).await;
    assert!(told.contains(&format!("in {wait} s")), "{told}");
    pass(Duration::from_secs(wait)).await;
    text(test().await, 201).await;
    hub.close().await;
}
