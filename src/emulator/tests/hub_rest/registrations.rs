//! Registrations, one by one.

use reqwest::Method;

use super::{ENTRY, FULL, Hub, apple, detail, element, entry, text, windows};
use crate::emulator::tests::{header, send};

const CHANNEL: &str = "https://db5p.notify.windows.com/w/?token=c278%2b%2f%3d";
const TOKEN: &str = "62BCD3484834B7E2DC56733AC5509259230CC1BA82BA1AE7D06E91908A05A8FA";

#[tokio::test]
async fn an_id_is_given_at_the_address_that_was_asked() {
    let hub = Hub::open().await;
    let port = hub.0.http_address().port();
    for (host, base) in [
        (None, format!("https://127.0.0.1:{port}")),
        (
            Some("my-hub.servicebus.windows.net"),
            "https://my-hub.servicebus.windows.net".to_owned(),
        ),
    ] {
        let mut request =
            hub.unsigned(Method::POST, "/handset/registrationIDs?api-version=2017-04");
        let mut audience = hub.url("/");
        if let Some(host) = host {
            audience.set_host(Some(host)).unwrap();
            request = request.header("host", host);
        }
        let token = hub
            .key(FULL)
            .token(&audience, hub.0.clock().now(), super::HOUR);
        let token = secrecy::ExposeSecret::expose_secret(&token).to_owned();
        let answer = send(request.header("authorization", token)).await;
        let location = header(&answer, "location").to_owned();
        let start = format!("{base}/handset/registrationids/");
        let id = location
            .strip_prefix(&start)
            .unwrap_or_else(|| panic!("{location}"));
        let id = id.strip_suffix("?api-version=2017-04").unwrap();
        assert!(!id.contains('/') && id.len() > 10, "{id}");
        assert_eq!(text(answer, 201).await, "");
    }
    hub.close().await;
}

#[tokio::test]
async fn a_registration_is_made_put_read_and_deleted() {
    let hub = Hub::open().await;
    let post = hub.ask(FULL, Method::POST, "registrations");
    let made = send(
        post.header("content-type", ENTRY)
            .body(windows(CHANNEL, "a,B")),
    )
    .await;
    let at = header(&made, "content-location").to_owned();
    assert!(
        at.starts_with("https://") && at.contains("/handset/registrations/"),
        "{at}"
    );
    assert_eq!(header(&made, "etag"), "W/\"1\"");
    assert_eq!(
        header(&made, "content-type"),
        "application/atom+xml; type=entry; charset=utf-8"
    );
    let body = text(made, 200).await;
    let id = element(&body, "RegistrationId").to_owned();
    assert_eq!(element(&body, "ChannelUri"), CHANNEL);
    assert_eq!(element(&body, "Tags"), "a,B");
    assert_eq!(element(&body, "ExpirationTime"), "9999-12-31T23:59:59.999");
    assert!(body.contains("a:etag=\"W/&quot;1&quot;\""), "{body}");

    let path = format!("registrations/{id}");
    let read = send(hub.get(&path)).await;
    assert_eq!(header(&read, "etag"), "W/\"1\"");
    assert_eq!(element(&text(read, 200).await, "ETag"), "1");
    // What is put under an id may be of another platform, and the id need not be the hub's.
    let put = hub.put(&id, apple(&TOKEN.to_lowercase(), "c")).await;
    assert_eq!(header(&put, "etag"), "W/\"2\"");
    let body = text(put, 200).await;
    assert_eq!(element(&body, "DeviceToken"), TOKEN);
    assert!(!body.contains("ChannelUri"), "{body}");
    text(hub.put("123-234-1", windows(CHANNEL, "a")).await, 200).await;
    assert_eq!(hub.registrations().await, 2);
    for _ in 0..2 {
        let delete = hub.ask(FULL, Method::DELETE, &path).header("if-match", "*");
        assert_eq!(text(send(delete).await, 200).await, "");
    }
    let gone = send(hub.get(&path)).await;
    assert_eq!(detail(gone, 404).await, "");
    assert_eq!(hub.registrations().await, 1);
    hub.close().await;
}

#[tokio::test]
async fn what_was_changed_since_is_not_changed_again() {
    let hub = Hub::open().await;
    text(hub.put("1-2-3", windows(CHANNEL, "a")).await, 200).await;
    let put = async |etag: &str| {
        let request = hub.ask(FULL, Method::PUT, "registrations/1-2-3");
        let request = request
            .header("if-match", etag)
            .body(windows(CHANNEL, etag_tag(etag)));
        send(request).await
    };
    text(put("\"1\"").await, 200).await;
    for stale in ["\"1\"", "W/\"1\"", "1", "\"7\"", "\"x\""] {
        detail(put(stale).await, 412).await;
    }
    let delete = hub
        .ask(FULL, Method::DELETE, "registrations/1-2-3")
        .header("if-match", "\"1\"");
    detail(send(delete).await, 412).await;
    let body = text(send(hub.get("registrations/1-2-3")).await, 200).await;
    assert_eq!(
        (element(&body, "ETag"), element(&body, "Tags")),
        ("2", "first")
    );
    text(put("W/\"2\"").await, 200).await;
    text(put("*").await, 200).await;
    let delete = hub
        .ask(FULL, Method::DELETE, "registrations/1-2-3")
        .header("if-match", "\"4\"");
    text(send(delete).await, 200).await;
    assert_eq!(hub.registrations().await, 0);
    hub.close().await;
}

fn etag_tag(etag: &str) -> &'static str {
    if etag == "\"1\"" { "first" } else { "later" }
}

#[tokio::test]
async fn every_platform_is_kept_with_and_without_a_template() {
    let hub = Hub::open().await;
    let keys = "<P256DH>BJ5xk_gQ9Qc6mMSLRzl0r-1VuoT1x3ZTZlHSXnCAgQ-5cTEIvUBTOsqUFVZXLpCrFQqKkbWvjdM9iLgFzkgsWJs</P256DH><Auth>tBHItJI5svbpez7KI4CCXg</Auth>";
    let template = "<BodyTemplate><![CDATA[{\"a\":\"{$(b) + ' & <c>'}\"}]]></BodyTemplate>";
    for (platform, handle) in [
        ("Windows", format!("<ChannelUri>{CHANNEL}</ChannelUri>")),
        (
            "Mpns",
            "<ChannelUri>https://s.notify.live.net/u/1/a</ChannelUri>".to_owned(),
        ),
        ("Apple", format!("<DeviceToken>{TOKEN}</DeviceToken>")),
        (
            "FcmV1",
            "<FcmV1RegistrationId>e:APA91b</FcmV1RegistrationId>".to_owned(),
        ),
        (
            "Gcm",
            "<GcmRegistrationId>g:APA91b</GcmRegistrationId>".to_owned(),
        ),
        (
            "Browser",
            format!("<Endpoint>https://push.example/wpush/v2/a</Endpoint>{keys}"),
        ),
        (
            "Adm",
            "<AdmRegistrationId>amzn1.x</AdmRegistrationId>".to_owned(),
        ),
        (
            "Baidu",
            "<BaiduUserId>1</BaiduUserId><BaiduChannelId>2</BaiduChannelId>".to_owned(),
        ),
        (
            "Xiaomi",
            "<XiaomiRegistrationId>x</XiaomiRegistrationId>".to_owned(),
        ),
    ] {
        for template in ["", template] {
            let kind = if template.is_empty() {
                platform.to_owned()
            } else {
                format!("{platform}Template")
            };
            let body = hub
                .put(&kind, entry(&kind, &format!("{handle}{template}")))
                .await;
            let body = text(body, 200).await;
            assert!(
                body.contains(&format!("<{kind}RegistrationDescription ")),
                "{body}"
            );
            let read = text(send(hub.get(&format!("registrations/{kind}"))).await, 200).await;
            for part in handle.split_inclusive("</") {
                let part = part.trim_end_matches("</");
                let value = part.rsplit('>').next().unwrap();
                assert!(read.contains(value), "{kind}: {value}: {read}");
            }
        }
    }
    assert_eq!(hub.registrations().await, 18);
    hub.close().await;
}
