use super::*;
use crate::emulator::hub::HubError;
use crate::emulator::hub::rows::registrations;
use crate::emulator::tests::{Device, start};
use crate::model::SubscriptionKeys;
use crate::wire::webpush::DeviceKeys;
use serde_json::{Value, json};

/// What a push carries, as text.
fn content(push: &Value) -> String {
    crate::emulator::tests::content(push)
}

#[tokio::test]
async fn a_native_send_reaches_the_devices_of_its_platform_that_are_meant() {
    let services = start().await;
    let (mut wns, channel, _) = Device::registered(&services, "wns").await;
    let (mut other, elsewhere, _) = Device::registered(&services, "wns").await;
    let (mut apns, token, _) = Device::registered(&services, "apns").await;
    register(&services, "w", HubPlatform::Windows, &channel, &["News"]).await;
    register(
        &services,
        "o",
        HubPlatform::Windows,
        &elsewhere,
        &["weather"],
    )
    .await;
    let token = token.to_ascii_uppercase();
    register(&services, "a", HubPlatform::Apple, &token, &["news"]).await;
    let toast = native(HubPlatform::Windows, to("NEWS && !weather"), "<toast/>");
    let told = sent(&services, toast).await;
    assert_eq!(state(&told), MessageState::Completed);
    assert_eq!(
        (
            counts(&told, HubPlatform::Windows).as_str(),
            told.counts.len()
        ),
        ("Success=1", 1)
    );
    assert_eq!(
        (told.body.as_str(), told.tags.as_deref()),
        ("<toast/>", Some("NEWS && !weather"))
    );
    let heard = wns.hear().await;
    assert_eq!(
        (content(&heard).as_str(), &heard["headers"]["x-wns-type"]),
        ("<toast/>", &json!("wns/toast"))
    );
    let silent = native(
        HubPlatform::Apple,
        Target::Broadcast,
        r#"{"aps":{"content-available":1}}"#,
    );
    assert_eq!(
        counts(&sent(&services, silent).await, HubPlatform::Apple),
        "Success=1"
    );
    assert_eq!(apns.hear().await["headers"]["push_type"], "background");
    let nobody = native(HubPlatform::Windows, to("none"), "x");
    let told = sent(&services, nobody).await;
    assert_eq!(
        (state(&told), told.counts.len()),
        (MessageState::NoTargetFound, 0)
    );
    for phone in [&mut wns, &mut other, &mut apns] {
        phone.hears_nothing().await;
    }
    assert_eq!(services.shutdown().await, 0);
}

#[tokio::test]
async fn a_handle_gets_it_once_whatever_many_registrations_it_has() {
    let services = start().await;
    let (mut phone, token, _) = Device::registered(&services, "apns").await;
    for number in 0..250 {
        let token = if number % 2 == 0 {
            token.to_ascii_uppercase()
        } else {
            token.clone()
        };
        register(
            &services,
            &format!("r{number}"),
            HubPlatform::Apple,
            &token,
            &["all"],
        )
        .await;
    }
    let told = sent(&services, native(HubPlatform::Apple, to("all"), "{}")).await;
    assert_eq!(counts(&told, HubPlatform::Apple), "Skipped=249 Success=1");
    phone.hear().await;
    phone.hears_nothing().await;
    services.shutdown().await;
}

#[tokio::test]
async fn templates_make_each_devices_own_form_of_the_properties() {
    let services = start().await;
    let (mut wns, channel, _) = Device::registered(&services, "wns").await;
    let (mut apns, token, _) = Device::registered(&services, "apns").await;
    let mut windows = registration(HubPlatform::Windows, &channel, &["news"]);
    windows.template = template(
        "<toast><visual><binding template='ToastText01'><text id='1'>$(msg)</text></binding></visual></toast>",
    );
    let mut apple = registration(HubPlatform::Apple, &token, &["news"]);
    apple.template = template(r#"{"aps":{"alert":"{$(greeting) + $(msg)}"}}"#);
    apple.push_variables.insert("greeting".into(), "Hi ".into());
    let mut broken = registration(HubPlatform::Apple, "00", &["news"]);
    broken.template = template(r#"{"aps":{"alert":"$(msg"}}"#);
    put(&services, "w", windows.clone()).await;
    put(&services, "a", apple).await;
    let refused = services.hub().create(broken.clone()).await.unwrap_err();
    assert!(matches!(refused, HubError::Invalid(_)), "{refused}");
    // As an earlier version may have taken it.
    let id = RegistrationId::parse("broken").unwrap();
    let now = services.clock().now();
    let old = move |c: &_| registrations::put(c, &id, &broken, Precondition::None, None, now);
    services.hub().store.write(old).await.unwrap().unwrap();
    register(
        &services,
        "native",
        HubPlatform::Windows,
        &channel,
        &["news"],
    )
    .await;
    windows.template = template("<toast>$(msg)</toast>");
    put(&services, "second", windows).await;
    let send = Send {
        to: to("news"),
        content: Content::new(Format::Template, r#"{"msg":"a < b"}"#),
    };
    let told = sent(&services, send).await;
    assert_eq!(counts(&told, HubPlatform::Windows), "Success=2");
    assert_eq!(
        counts(&told, HubPlatform::Apple),
        "InvalidNotificationFormat=1 Success=1"
    );
    let mut heard = [content(&wns.hear().await), content(&wns.hear().await)];
    heard.sort_by_key(String::len);
    assert_eq!(heard[0], "<toast>a &lt; b</toast>");
    assert!(heard[1].contains(">a &lt; b</text>"), "{heard:?}");
    let alert: Value = serde_json::from_str(&content(&apns.hear().await)).unwrap();
    assert_eq!(alert["aps"]["alert"], "Hi a < b");
    wns.hears_nothing().await;
    services.shutdown().await;
}

#[tokio::test]
async fn a_direct_send_needs_no_registration() {
    let services = start().await;
    let (mut one, first, _) = Device::registered(&services, "webpush").await;
    let (mut two, second, _) = Device::registered(&services, "webpush").await;
    let keys = DeviceKeys::generate();
    let with = |text: &str, keys: Option<SubscriptionKeys>| PnsHandle {
        keys,
        ..handle(text)
    };
    let direct = Target::Direct(vec![
        with(&first, Some(keys.public())),
        with(&second, None),
        with(&first, Some(keys.public())),
    ]);
    let told = sent(&services, native(HubPlatform::Browser, direct, "hello")).await;
    assert_eq!(
        counts(&told, HubPlatform::Browser),
        "InvalidNotificationFormat=1 Skipped=1 Success=1"
    );
    use base64::Engine as _;
    let heard = one.hear().await;
    let data =
        base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(heard["data"].as_str().unwrap());
    assert_eq!(keys.decrypt(&data.unwrap()).unwrap(), b"hello");
    two.hears_nothing().await;
    services.shutdown().await;
}

#[tokio::test]
async fn what_nobody_could_get_is_not_taken() {
    let services = start().await;
    let hub = services.hub();
    let many = |count: usize| Target::Direct(vec![handle("c:APA91b"); count]);
    let template = |to: Target, body: &str| Send {
        to,
        content: Content::new(Format::Template, body.to_owned()),
    };
    for (send, word) in [
        (
            native(HubPlatform::FcmV1, Target::Broadcast, r#"{"data":{}}"#),
            "message",
        ),
        (native(HubPlatform::Gcm, Target::Broadcast, "junk"), "GCM"),
        (
            native(HubPlatform::Windows, Target::Broadcast, &"x".repeat(65_537)),
            "larger",
        ),
        (fcm(many(1001)), "1000"),
        (fcm(many(0)), "1000"),
        (template(many(1), "{}"), "template"),
        (template(Target::Broadcast, "[]"), "properties"),
    ] {
        let error = hub.accept(send.clone()).await.unwrap_err();
        assert!(matches!(error, HubError::Invalid(_)), "{error}");
        assert!(error.to_string().contains(word), "{error}");
        assert!(hub.test(send.clone()).await.is_err());
        assert!(hub.schedule(send, services.clock().now()).await.is_err());
    }
    services.shutdown().await;
}
