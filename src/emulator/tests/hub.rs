//! What the hub sends to each platform: secure pushes with their priority, and plain toasts.

use reqwest::Method;
use serde_json::{Value, json as value};

use super::backend::{push, register, request, status};
use super::device::content;
use super::{Device, Services, json, send, start};
use crate::model::{Platform, SubscriptionKeys};
use crate::wire::webpush::DeviceKeys;

/// A device of each platform, all of them alice's.
struct Phones {
    wns: Device,
    apns: Device,
    fcm: Device,
    web_push: Device,
    keys: DeviceKeys,
}

impl Phones {
    async fn of_alice(services: &Services) -> Self {
        let keys = DeviceKeys::generate();
        let phone = async |platform: &str, name: &str, keys: Option<SubscriptionKeys>| {
            let (device, handle, _) = Device::registered(services, platform).await;
            let body = value!({"Platform": name, "Handle": handle, "Keys": keys});
            register(services, "alice", &body).await;
            device
        };
        Self {
            wns: phone("wns", "wns", None).await,
            apns: phone("apns", "apns", None).await,
            fcm: phone("fcm", "gcm", None).await,
            web_push: phone("webpush", "browser", Some(keys.public())).await,
            keys,
        }
    }

    fn decrypt(&self, push: &Value) -> String {
        use base64::Engine as _;
        let data = push["data"].as_str().unwrap();
        let data = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(data);
        String::from_utf8(self.keys.decrypt(&data.unwrap()).unwrap()).unwrap()
    }
}

fn parsed(push: &Value) -> Value {
    serde_json::from_str(&content(push)).unwrap()
}

/// The message ids of the platforms that answered *received*, sorted.
fn messages(sent: &Value) -> Vec<String> {
    let deliveries = sent["Deliveries"].as_array().unwrap();
    let mut messages: Vec<String> = deliveries
        .iter()
        .map(|delivery| {
            assert_eq!(delivery["Outcome"], "received", "{delivery}");
            delivery["Message"].as_str().unwrap().to_owned()
        })
        .collect();
    messages.sort();
    messages
}

#[tokio::test]
async fn a_secure_push_has_each_platforms_shape_and_priority() {
    let services = start().await;
    let mut phones = Phones::of_alice(&services).await;
    for (asked, wns, fcm) in [
        (None, "1", "high"),
        (Some("high"), "1", "high"),
        (Some("normal"), "2", "normal"),
    ] {
        let body = asked.map_or(value!({}), |priority| value!({ "priority": priority }));
        let sent = push(&services, "alice", body).await;
        let id = &sent["Id"];
        let on_wns = phones.wns.hear().await;
        assert_eq!(content(&on_wns), id.as_str().unwrap());
        assert_eq!(on_wns["headers"]["priority"], wns);
        let on_apns = phones.apns.hear().await;
        let background = value!({"aps": {"content-available": 1}, "secureId": id});
        assert_eq!(parsed(&on_apns), background);
        let headers = &on_apns["headers"];
        assert_eq!(
            (&headers["priority"], &headers["push_type"]),
            (&value!("5"), &value!("background"))
        );
        let on_fcm = phones.fcm.hear().await;
        assert_eq!(parsed(&on_fcm)["data"], value!({ "secureId": id }));
        assert_eq!(on_fcm["headers"]["priority"], fcm);
        let on_web_push = phones.web_push.hear().await;
        assert_eq!(phones.decrypt(&on_web_push), id.as_str().unwrap());
        assert_eq!(on_web_push["headers"]["priority"], fcm);
        let mut heard: Vec<_> = [&on_wns, &on_apns, &on_fcm, &on_web_push]
            .map(|push| push["version"].as_str().unwrap().to_owned())
            .into();
        heard.sort();
        assert_eq!(messages(&sent), heard);
    }
    let bad = request(&services, Method::POST, "api/notifications", "alice");
    assert_eq!(status(bad.body(r#"{"priority":"max"}"#)).await, 400);
    services.shutdown().await;
}

#[tokio::test]
async fn a_plain_toast_has_each_platforms_shape_and_goes_to_one_platform() {
    let services = start().await;
    let mut phones = Phones::of_alice(&services).await;
    let send_toast = async |pns: &str| {
        let path = format!("api/notifications?pns={pns}&to_tag=ALICE");
        let post = request(&services, Method::POST, &path, "bob");
        let answer = send(post.body(r#""<b>\"hi\" & \u0000bye</b>""#)).await;
        assert_eq!(answer.status(), 200, "{pns}");
        let answer = json(answer).await;
        assert_eq!(answer["To"], "alice");
        assert_eq!(messages(&answer).len(), 1, "{answer}");
    };
    let text = "From bob: <b>\"hi\" & bye</b>";
    send_toast("wns").await;
    let heard = phones.wns.hear().await;
    assert_eq!(heard["headers"]["x-wns-type"], "wns/toast");
    let toast = crate::wire::toast_xml::read_toast(content(&heard).as_bytes()).unwrap();
    assert_eq!(toast.texts, [text]);
    assert!(content(&heard).contains("ToastText01"));
    send_toast("apns").await;
    let heard = phones.apns.hear().await;
    assert_eq!(parsed(&heard), value!({"aps": {"alert": text}}));
    assert_eq!(heard["headers"]["push_type"], "alert");
    send_toast("fcmv1").await;
    let heard = phones.fcm.hear().await;
    assert_eq!(parsed(&heard), value!({"notification": {"body": text}}));
    send_toast("browser").await;
    let heard = phones.web_push.hear().await;
    assert_eq!(phones.decrypt(&heard), text);
    for phone in [
        &mut phones.wns,
        &mut phones.apns,
        &mut phones.fcm,
        &mut phones.web_push,
    ] {
        phone.hears_nothing().await;
    }
    services.shutdown().await;
}

#[tokio::test]
async fn a_plain_toast_that_does_not_fit_is_refused() {
    let services = start().await;
    let hi = r#""hi""#.to_owned();
    for (query, body, expected) in [
        ("pns=mpns&to_tag=bob", hi.clone(), 400),
        ("pns=pager&to_tag=bob", hi.clone(), 400),
        ("pns=wns", hi.clone(), 400),
        ("to_tag=bob", hi.clone(), 400),
        ("pns=wns&to_tag=a%20b", hi.clone(), 400),
        ("pns=wns&to_tag=bob||true", hi.clone(), 400),
        ("pns=wns&pns=apns&to_tag=bob", hi.clone(), 400),
        ("pns=wns&to_tag=bob&x=y", hi.clone(), 400),
        ("pns=wns&to_tag=bob", "hi".to_owned(), 400),
        ("pns=wns&to_tag=bob", r#""""#.to_owned(), 400),
        (
            "pns=wns&to_tag=bob",
            format!("\"{}\"", "é".repeat(1500)),
            413,
        ),
        ("pns=wns&to_tag=bob", hi.clone(), 200),
    ] {
        let path = format!("api/notifications?{query}");
        let post = request(&services, Method::POST, &path, "alice").body(body);
        assert_eq!(status(post).await, expected, "{query}");
    }
    services.shutdown().await;
}

#[tokio::test]
async fn a_handle_that_is_gone_is_removed_and_none_leads_elsewhere() {
    let services = start().await;
    let (mut device, _) = Device::greet(&services, None).await;
    for (platform, name) in [("apns", "apns"), ("fcm", "fcmv1")] {
        let channel = uuid::Uuid::new_v4();
        let answer = device
            .register(value!({"platform": platform, "channelID": channel}))
            .await;
        let body = value!({"Platform": name, "Handle": answer["handle"]});
        register(&services, "alice", &body).await;
        device
            .say(&value!({"messageType": "unregister", "channelID": channel}))
            .await;
        assert_eq!(device.hear().await["status"], 200);
        let sent = push(&services, "alice", value!({})).await;
        assert_eq!(sent["Deliveries"][0]["Outcome"], "refused", "{sent}");
        let sent = push(&services, "alice", value!({})).await;
        assert_eq!(sent["Deliveries"], value!([]), "{platform}");
        for handle in ["../../api/login", "http://127.0.0.1:1/", "..", "a?b#c"] {
            register(
                &services,
                "mallory",
                &value!({"Platform": name, "Handle": handle}),
            )
            .await;
            let sent = push(&services, "mallory", value!({})).await;
            assert_eq!(
                sent["Deliveries"][0]["Outcome"], "refused",
                "{handle}: {sent}"
            );
        }
        // What is refused for another reason than that it is gone stays.
        services.expire_registrations().await.unwrap();
    }
    services.shutdown().await;
}

#[tokio::test]
async fn it_is_told_how_many_an_expression_would_reach() {
    let services = start().await;
    for (user, tags) in [
        ("alice", ["news", "a"]),
        ("alice", ["news", "b"]),
        ("bob", ["News", "c"]),
    ] {
        let (_, handle, _) = Device::registered(&services, "apns").await;
        let body = value!({"Platform": "apns", "Handle": handle, "Tags": tags});
        register(&services, user, &body).await;
    }
    for (platform, expression, expected) in [
        (Platform::Apns, "NEWS", 3),
        (Platform::Apns, "news && !username:bob", 2),
        (Platform::Apns, "a || c", 2),
        (Platform::Wns, "news", 0),
    ] {
        let reached = services.reached_by(platform, expression).await;
        assert_eq!(reached.unwrap(), expected, "{expression}");
    }
    assert!(services.reached_by(Platform::Apns, "a &&").await.is_err());
    services.shutdown().await;
}
