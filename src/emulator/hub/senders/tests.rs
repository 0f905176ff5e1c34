use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use url::Url;

use super::*;
use crate::emulator::credentials::SenderCredentials;
use crate::wire::{apns as apple, wns as windows};

fn native(platform: HubPlatform, body: &str) -> Content {
    Content::new(Format::Native(platform), body.to_owned())
}

#[test]
fn the_type_of_a_windows_notification_follows_from_its_xml() {
    for (body, kind) in [
        ("<toast><visual/></toast>", "wns/toast"),
        (
            "\u{feff} <?xml version='1.0'?>\n<!-- <tile> --><toast launch=\"x\"/>",
            "wns/toast",
        ),
        ("<tile>", "wns/tile"),
        ("<badge value=\"1\"/>", "wns/badge"),
        ("<other/>", "wns/raw"),
        ("<toast", "wns/raw"),
        ("<!-- toast", "wns/raw"),
        ("{\"a\":1}", "wns/raw"),
        ("", "wns/raw"),
    ] {
        let content = complete(native(HubPlatform::Windows, body)).unwrap();
        assert_eq!(content.header(windows::TYPE), Some(kind), "{body}");
        let xml = if kind == "wns/raw" {
            "application/octet-stream"
        } else {
            "text/xml"
        };
        assert_eq!(content.content_type.as_deref(), Some(xml));
    }
    let said = native(HubPlatform::Windows, "<toast/>").with(windows::TYPE, "wns/raw");
    let said = complete(said.of_type("application/xml")).unwrap();
    assert_eq!(
        said.header(windows::TYPE),
        Some("wns/raw"),
        "what is said counts"
    );
    assert_eq!(
        said.content_type.as_deref(),
        Some("application/octet-stream")
    );
}

#[test]
fn a_declaration_of_utf_16_that_is_wrong_is_left_out() {
    let read = |body: &str| {
        let content = complete(native(HubPlatform::Windows, body)).unwrap();
        String::from_utf8(content.body.to_vec()).unwrap()
    };
    assert_eq!(
        read("<?xml version=\"1.0\" encoding=\"utf-16\"?><toast>é</toast>"),
        "<?xml version=\"1.0\"?><toast>é</toast>"
    );
    assert_eq!(
        read("<?xml encoding = 'UTF-16LE' standalone='yes'?><tile/>"),
        "<?xml standalone='yes'?><tile/>"
    );
    for same in [
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><toast/>",
        "<?xml version=\"1.0\" encoding=\"utf-16?><toast/>",
        "<toast>encoding=\"utf-16\"</toast>",
        "<?xml encoding=\"utf-16\"?>raw",
    ] {
        assert_eq!(read(same), same);
    }
}

#[test]
fn an_apple_push_that_shows_nothing_is_a_background_push() {
    for (body, kind, priority) in [
        (
            r#"{"aps":{"content-available":1},"k":"v"}"#,
            "background",
            "5",
        ),
        (
            r#"{"aps":{"content-available":1,"alert":"hi"}}"#,
            "alert",
            "10",
        ),
        (
            r#"{"aps":{"content-available":1,"badge":0}}"#,
            "alert",
            "10",
        ),
        (r#"{"aps":{"alert":"hi"}}"#, "alert", "10"),
        ("junk", "alert", "10"),
    ] {
        let content = complete(native(HubPlatform::Apple, body)).unwrap();
        assert_eq!(content.header(apple::PUSH_TYPE), Some(kind), "{body}");
        assert_eq!(content.header(apple::PRIORITY), Some(priority), "{body}");
        assert!(content.header(apple::TOPIC).is_some());
    }
    let said = native(HubPlatform::Apple, r#"{"aps":{"content-available":1}}"#);
    let said = complete(
        said.with(apple::PUSH_TYPE, "voip")
            .with(apple::TOPIC, "a.b"),
    )
    .unwrap();
    assert_eq!(said.header(apple::PUSH_TYPE), Some("voip"));
    assert_eq!(
        (said.header(apple::PRIORITY), said.header(apple::TOPIC)),
        (Some("10"), Some("a.b"))
    );
}

#[test]
fn the_hubs_expiry_becomes_apples() {
    let read = |expiry: &str| {
        let content =
            native(HubPlatform::Apple, "{}").with("ServiceBusNotification-Apns-Expiry", expiry);
        complete(content).map(|content| content.header(apple::EXPIRATION).map(str::to_owned))
    };
    let at = |text: &str| read(text).unwrap().unwrap();
    assert_eq!(at("1997-07-16T19:20+01:00"), "869077200");
    assert_eq!(at("1997-07-16T18:20:00Z"), "869077200");
    assert_eq!(at("1997-07-16T18:20:00"), "869077200");
    assert_eq!(at("0"), "0");
    assert!(read("tomorrow").is_err() && read("").is_err());
}

#[test]
fn what_fcm_could_not_take_is_refused_and_legacy_forms_become_messages() {
    for bad in ["", "[]", "junk", r#"{"data":{}}"#, r#"{"message":"hi"}"#] {
        let error = complete(native(HubPlatform::FcmV1, bad))
            .unwrap_err()
            .to_string();
        assert!(error.contains("message"), "{error}");
    }
    assert!(complete(native(HubPlatform::FcmV1, r#"{"message":{}}"#)).is_ok());
    let legacy = json!({
        "to": "token",
        "data": {"a": "1", "n": 2, "o": {"x": true}},
        "notification": {"title": "t", "body": "b", "icon": "i", "android_channel_id": "c"},
        "priority": "high", "collapse_key": "k", "time_to_live": 60,
    });
    let content = complete(native(HubPlatform::Gcm, &legacy.to_string())).unwrap();
    let message: Value = serde_json::from_slice(&content.body).unwrap();
    assert_eq!(
        message,
        json!({"message": {
            "data": {"a": "1", "n": "2", "o": "{\"x\":true}"},
            "notification": {"title": "t", "body": "b"},
            "android": {
                "notification": {"icon": "i", "channel_id": "c"},
                "priority": "high", "collapse_key": "k", "ttl": "60s",
            },
        }})
    );
    assert!(complete(native(HubPlatform::Gcm, "[1]")).is_err());
}

/// What becomes of a notification for Windows where the token endpoint answers so, or not at all.
async fn with_token_endpoint(answer: Option<&str>) -> Sent {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let local = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    let token = WnsToken::new(local.clone(), SenderCredentials::generate());
    rustls::crypto::ring::default_provider()
        .install_default()
        .ok();
    let client = Client::builder().tls_certs_only([]).build().unwrap();
    let content = complete(native(HubPlatform::Windows, "x")).unwrap();
    let sending = wns::send(&client, &token, local, &content);
    let Some(answer) = answer else {
        drop(listener);
        return sending.await.unwrap();
    };
    let answering = async {
        let (mut connection, _) = listener.accept().await.unwrap();
        let mut asked = vec![0; 4096];
        let read = connection.read(&mut asked).await.unwrap();
        assert!(asked[..read].starts_with(b"POST /accesstoken.srf "));
        let answer = format!("HTTP/1.1 {answer}\r\nConnection: close\r\n\r\n");
        connection.write_all(answer.as_bytes()).await.unwrap();
    };
    tokio::join!(sending, answering).0.unwrap()
}

#[tokio::test]
async fn a_token_endpoint_that_fails_is_not_taken_for_the_push_service() {
    for (answer, word, is_transient, wait) in [
        (None, "could not be reached", true, None),
        (
            Some("503 Busy\r\nRetry-After: 7\r\nContent-Length: 0"),
            "answered 503",
            true,
            Some(7),
        ),
        (
            Some("429 Slow\r\nContent-Length: 0"),
            "answered 429",
            true,
            None,
        ),
        (
            Some("400 No\r\nContent-Length: 0"),
            "answered 400",
            false,
            None,
        ),
        (
            Some("200 OK\r\nContent-Length: 0"),
            "no access token",
            false,
            None,
        ),
    ] {
        let sent = with_token_endpoint(answer).await;
        assert_eq!(sent.outcome, Outcome::TokenProviderUnreachable, "{sent:?}");
        assert!(
            sent.text.contains("the token endpoint") && sent.text.contains(word),
            "{sent:?}"
        );
        assert_eq!(sent.is_transient, is_transient, "{sent:?}");
        assert_eq!(sent.wait, wait.map(Duration::from_secs), "{sent:?}");
    }
}
