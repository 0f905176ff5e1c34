//! Sends, to the device: to tags, to all, directly, tested, scheduled.

use std::time::Duration;

use reqwest::{Method, RequestBuilder, Response};
use serde_json::Value;

use super::{FULL, Hub, apple, detail, element, entry, text, windows};
use crate::emulator::tests::device::content;
use crate::emulator::tests::{Device, header, pass, send};
use crate::wire::webpush::DeviceKeys;

impl Hub {
    /// A raw notification for WNS.
    pub(super) fn raw(&self, path: &str) -> RequestBuilder {
        self.ask(FULL, Method::POST, path)
            .header("ServiceBusNotification-Format", "windows")
            .header("X-WNS-Type", "wns/raw")
            .header("Content-Type", "application/octet-stream")
    }

    /// A device of WNS under this tag.
    pub(super) async fn windows(&self, tag: &str) -> (Device, String) {
        let (device, channel, _) = Device::registered(&self.0, "wns").await;
        text(self.put(tag, windows(&channel, tag)).await, 200).await;
        (device, channel)
    }
}

/// The id of a send that was taken.
pub(super) async fn taken(answer: Response) -> String {
    let location = header(&answer, "location").to_owned();
    assert_eq!(text(answer, 201).await, "");
    assert!(location.starts_with("https://"), "{location}");
    let path = url::Url::parse(&location).unwrap();
    let parts: Vec<_> = path.path_segments().unwrap().map(str::to_owned).collect();
    assert_eq!(parts.len(), 3, "{location}");
    parts[2].clone()
}

#[tokio::test]
async fn a_native_send_reaches_those_a_tag_expression_means() {
    let hub = Hub::open().await;
    let (mut alice, _) = hub.windows("alice").await;
    let (mut bob, _) = hub.windows("bob").await;
    let to = |tags: &str| hub.raw("messages/").header("ServiceBusNotification-Tags", tags);
    taken(send(to("(alice && !bob) || nobody").body("one")).await).await;
    let heard = alice.hear().await;
    assert_eq!(content(&heard), "one");
    taken(send(to("ALICE || bob").body("two")).await).await;
    assert_eq!(content(&alice.hear().await), "two");
    assert_eq!(content(&bob.hear().await), "two");
    // Without the header it is for all.
    taken(send(hub.raw("Messages?api-version=2015-04").body("three")).await).await;
    assert_eq!(content(&alice.hear().await), "three");
    assert_eq!(content(&bob.hear().await), "three");
    alice.hears_nothing().await;
    bob.hears_nothing().await;
    hub.close().await;
}

#[tokio::test]
async fn each_platform_gets_its_own_and_a_template_goes_to_all() {
    let hub = Hub::open().await;
    let keys = DeviceKeys::generate();
    let public = keys.public();
    let (mut phones, mut platforms) = (Vec::new(), Vec::new());
    for (platform, format, notification, template) in [
        ("wns", "windows", "<x/>", "{\"id\":\"$(id)\"}"),
        ("apns", "apple", "{\"aps\":{\"alert\":\"x\"}}", "{\"aps\":{\"alert\":\"$(id)\"}}"),
        (
            "fcm",
            "fcmv1",
            "{\"message\":{\"data\":{\"a\":\"x\"}}}",
            "{\"message\":{\"data\":{\"a\":\"$(id)\"}}}",
        ),
        ("webpush", "browser", "x", "$(id)"),
    ] {
        let (phone, handle, _) = Device::registered(&hub.0, platform).await;
        let handle = handle.replace('&', "&amp;");
        let (kind, element) = match platform {
            "wns" => ("Windows", format!("<ChannelUri>{handle}</ChannelUri>")),
            "apns" => ("Apple", format!("<DeviceToken>{handle}</DeviceToken>")),
            "fcm" => ("FcmV1", format!("<FcmV1RegistrationId>{handle}</FcmV1RegistrationId>")),
            _ => (
                "Browser",
                format!(
                    "<Endpoint>{handle}</Endpoint><P256DH>{}</P256DH><Auth>{}</Auth>",
                    public.p256dh, public.auth
                ),
            ),
        };
        let headers = if platform == "wns" {
            "<WnsHeaders><WnsHeader><Header>X-WNS-Type</Header><Value>wns/raw</Value></WnsHeader></WnsHeaders>"
        } else {
            ""
        };
        let native = entry(kind, &format!("<Tags>t</Tags>{element}"));
        text(hub.put(platform, native).await, 200).await;
        let body = format!("<Tags>t</Tags>{element}<BodyTemplate><![CDATA[{template}]]></BodyTemplate>{headers}");
        let body = entry(&format!("{kind}Template"), &body);
        text(hub.put(&format!("{platform}-template"), body).await, 200).await;
        phones.push(phone);
        platforms.push((format, notification));
    }
    for (at, (format, notification)) in platforms.iter().enumerate() {
        let mut request = hub
            .ask(FULL, Method::POST, "messages/")
            .header("ServiceBusNotification-Format", *format)
            .header("ServiceBusNotification-Tags", "t")
            .body(*notification);
        if *format == "windows" {
            request = request.header("X-WNS-Type", "wns/raw");
        }
        taken(send(request).await).await;
        let heard = phones[at].hear().await;
        assert!(shown(&heard, &keys).contains(if *format == "windows" { "<x/>" } else { "x" }), "{heard}");
    }
    let template = hub
        .ask(FULL, Method::POST, "messages/")
        .header("ServiceBusNotification-Format", "template")
        .header("ServiceBusNotification-Tags", "t")
        .header("Content-Type", "application/json")
        .body("{\"id\":\"4711\"}");
    taken(send(template).await).await;
    for phone in &mut phones {
        let heard = phone.hear().await;
        assert!(shown(&heard, &keys).contains("4711"), "{heard}");
        phone.hears_nothing().await;
    }
    hub.close().await;
}

/// What a push says, decrypted where it is encrypted.
fn shown(push: &Value, keys: &DeviceKeys) -> String {
    use base64::Engine as _;
    let data = push["data"].as_str().unwrap_or_default();
    let data = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(data).unwrap();
    let plain = keys.decrypt(&data).unwrap_or(data);
    String::from_utf8(plain).unwrap()
}

#[tokio::test]
async fn a_direct_send_needs_no_registration() {
    let hub = Hub::open().await;
    let (mut device, channel, _) = Device::registered(&hub.0, "wns").await;
    for flag in ["direct", "direct=true"] {
        let request = hub.raw(&format!("messages/?api-version=2020-06&{flag}"));
        let request = request.header("ServiceBusNotification-DeviceHandle", &channel);
        taken(send(request.body(flag.to_owned())).await).await;
        assert_eq!(content(&device.hear().await), flag);
    }
    let (mut one, token_one, _) = Device::registered(&hub.0, "apns").await;
    let (mut two, token_two, _) = Device::registered(&hub.0, "apns").await;
    let devices = serde_json::json!([token_one, token_two.to_lowercase()]);
    let body = format!(
        "--b\r\nContent-type: application/json;charset=utf-8\r\nContent-Disposition: inline; name=notification\r\n\r\n\
         {{\"aps\":{{\"alert\":\"hi\"}}}}\r\n--b\r\nContent-type: application/json\r\n\
         Content-Disposition: inline; name=devices\r\n\r\n{devices}\r\n--b--"
    );
    let batch = |path: &str, format: &str| {
        hub.ask(FULL, Method::POST, path)
            .header("ServiceBusNotification-Format", format)
            .header("apns-push-type", "alert")
            .header("Content-Type", "multipart/mixed; boundary = \"b\"")
            .body(body.clone())
    };
    taken(send(batch("messages/$batch?direct=true", "apple")).await).await;
    for phone in [&mut one, &mut two] {
        assert!(content(&phone.hear().await).contains("hi"));
    }
    for (path, format) in [
        ("messages/$batch", "apple"),
        ("messages/$batch?direct", "template"),
        ("messages/$batch?direct", "browser"),
        ("messages/$batch?direct", "pager"),
    ] {
        detail(send(batch(path, format)).await, 400).await;
    }
    let plain = hub.raw("messages/$batch?direct").body("x");
    detail(send(plain).await, 400).await;
    one.hears_nothing().await;
    hub.close().await;
}

#[tokio::test]
async fn a_test_says_what_became_of_it() {
    let hub = Hub::open().await;
    let (mut device, channel) = hub.windows("one").await;
    let gone = hub.url("/w/?token=error-410").to_string();
    text(hub.put("gone", windows(&gone, "one")).await, 200).await;
    for flag in ["test", "test=true"] {
        let request = hub.raw(&format!("messages/?{flag}"));
        let request = request.header("ServiceBusNotification-Tags", "one");
        let answer = send(request.body("x")).await;
        assert!(header(&answer, "location").contains("/handset/messages/"));
        assert_eq!(header(&answer, "content-type"), "application/xml; charset=utf-8");
        let body = text(answer, 201).await;
        let failed = if flag == "test" { "1" } else { "0" };
        assert_eq!((element(&body, "Success"), element(&body, "Failure")), ("1", failed), "{body}");
        assert!(body.contains(&channel.replace('&', "&amp;")), "{body}");
        assert_eq!(content(&device.hear().await), "x");
    }
    // The handle that is gone was removed.
    assert_eq!(detail(send(hub.get("registrations/gone")).await, 404).await, "");
    let nobody = hub.raw("messages/?test").header("ServiceBusNotification-Tags", "nobody");
    let body = text(send(nobody.body("x")).await, 201).await;
    assert!(body.contains("<Results") && element(&body, "Success") == "0", "{body}");
    hub.close().await;
}

#[tokio::test]
async fn a_scheduled_send_waits_for_its_time_and_may_be_canceled() {
    let hub = Hub::open().await;
    let (mut device, _) = hub.windows("one").await;
    let at = |seconds: i64| {
        let time = hub.0.clock().now() + jiff::SignedDuration::from_secs(seconds);
        time.to_string()
    };
    let schedule = |time: &str| hub.raw("schedulednotifications/").header("ServiceBusNotification-ScheduleTime", time);
    let first = send(schedule(&at(60)).body("later")).await;
    assert!(header(&first, "location").contains("/handset/schedulednotifications/"));
    taken(first).await;
    // Without a zone it is UTC.
    let plain = at(90).split(['.', 'Z']).next().unwrap().to_owned();
    let canceled = taken(send(schedule(&plain).body("never")).await).await;
    let cancel = |id: &str| hub.ask(FULL, Method::DELETE, &format!("schedulednotifications/{id}"));
    text(send(cancel(&canceled)).await, 200).await;
    detail(send(cancel("nothing")).await, 404).await;
    device.hears_nothing().await;
    pass(Duration::from_secs(120)).await;
    assert_eq!(content(&device.hear().await), "later");
    device.hears_nothing().await;
    for bad in ["soon", "", &at(8 * 24 * 3600)] {
        detail(send(schedule(bad).body("x")).await, 400).await;
    }
    detail(send(hub.raw("schedulednotifications/").body("x")).await, 400).await;
    hub.close().await;
}

#[tokio::test]
async fn apple_headers_of_both_sdks_reach_the_service() {
    let hub = Hub::open().await;
    let (mut device, token, _) = Device::registered(&hub.0, "apns").await;
    text(hub.put("a", apple(&token, "a")).await, 200).await;
    let request = hub
        .ask(FULL, Method::POST, "messages")
        .header("ServiceBusNotification-Format", "apple")
        .header("ServiceBusNotification-Tags", "a")
        .header("X-Apns-Priority", "5")
        .header("apns-push-type", "background")
        .header("apns-collapse-id", "c")
        .body("{\"aps\":{\"content-available\":1}}");
    taken(send(request).await).await;
    let heard = device.hear().await;
    assert_eq!(heard["headers"]["priority"], "5", "{heard}");
    assert_eq!(heard["headers"]["push_type"], "background", "{heard}");
    hub.close().await;
}
