//! The device socket, frame by frame as a real autopush server was recorded.

use std::time::Duration;

use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

use super::{Device, Services, ServicesOptions, SocketTimings, options, start};

#[tokio::test]
async fn hello_answers_as_autopush_does() {
    let services = start().await;
    for hello in [
        json!({"messageType": "hello", "use_webpush": true, "uaid": "b0a2f5c5-8b77-4004-a797-29f9f15064ea"}),
        json!({"messageType": "hello", "use_webpush": true, "uaid": "junk"}),
        json!({"messageType": "hello", "use_webpush": true, "uaid": ""}),
        json!({"messageType": "hello", "use_webpush": false}),
        json!({"messageType": "hello", "channelIDs": ["f8637a54-7b48-499d-a3f6-1c8ef89a8afa"], "broadcasts": {}, "extra": 1}),
    ] {
        let mut device = Device::connect(&services).await;
        device.say(&hello).await;
        let answer = device.hear().await;
        let uaid = answer["uaid"].as_str().unwrap();
        assert_eq!(uaid.len(), 32, "{answer}");
        assert_ne!(uaid, "b0a2f5c58b774004a79729f9f15064ea");
        let rest = json!({"messageType": "hello", "uaid": uaid, "status": 200, "use_webpush": true, "broadcasts": {}});
        assert_eq!(answer, rest);
    }
    services.shutdown().await;
}

#[tokio::test]
async fn what_is_out_of_place_closes_with_autopushs_words() {
    let services = start().await;
    let first_frames = [
        (Message::text("bad-data"), 1011, "Json"),
        (Message::text(r#"{"messageType":"wat"}"#), 1011, "Json"),
        (
            Message::text(r#"{"messageType":"hello","channelIDs":["nope"]}"#),
            1011,
            "Json",
        ),
        (Message::text("{}"), 1011, "SM"),
        (
            Message::text(
                r#"{"messageType":"register","channelID":"ecdefebc-83b0-4366-baca-6b143f5b3209"}"#,
            ),
            1011,
            "SM",
        ),
        (Message::binary(vec![1, 2]), 1003, "UnsupportedMessage"),
    ];
    for (frame, code, reason) in first_frames {
        let mut device = Device::connect(&services).await;
        device.say_message(frame.clone()).await;
        assert_eq!(
            device.hear_close().await,
            (code, reason.to_owned()),
            "{frame}"
        );
    }
    let (mut device, _) = Device::greet(&services, None).await;
    device.say(&json!({"messageType": "hello"})).await;
    assert_eq!(device.hear_close().await, (1011, "SM".to_owned()));
    services.shutdown().await;
}

#[tokio::test]
async fn an_oversized_frame_costs_its_own_socket_only() {
    let services = start().await;
    let (mut other, _) = Device::greet(&services, None).await;
    let (mut device, _) = Device::greet(&services, None).await;
    device.say_text(&"x".repeat(100 * 1024)).await;
    assert_eq!(device.hear_close().await.0, 1009);
    let (mut device, _) = Device::greet(&services, None).await;
    device.is_cut_off_for(&"x".repeat(10 * 1024 * 1024)).await;
    other.hears_nothing().await;
    services.shutdown().await;
}

#[tokio::test]
async fn a_device_without_a_handle_is_not_remembered_and_one_with_is() {
    let services = start().await;
    let (device, bare) = Device::greet(&services, None).await;
    device.leave(&services).await;
    let (device, again) = Device::greet(&services, Some(&bare)).await;
    assert_ne!(again, bare);
    drop(device);
    let (device, _, uaid) = Device::registered(&services, "wns").await;
    device.leave(&services).await;
    let (_device, again) = Device::greet(&services, Some(&uaid.to_uppercase())).await;
    assert_eq!(again, uaid);
    services.shutdown().await;
}

#[tokio::test]
async fn a_second_socket_of_a_device_closes_the_first() {
    let services = start().await;
    let (mut first, _, uaid) = Device::registered(&services, "wns").await;
    let (mut second, _) = Device::greet(&services, Some(&uaid)).await;
    assert_eq!(first.hear_close().await, (1011, "SM".to_owned()));
    second.hears_nothing().await;
    services.shutdown().await;
}

#[tokio::test]
async fn a_handle_has_the_shape_of_its_platform_and_a_bad_key_is_refused() {
    let services = start().await;
    let (mut device, _) = Device::greet(&services, None).await;
    let plain = device.register(json!({})).await;
    assert!(
        plain["pushEndpoint"]
            .as_str()
            .unwrap()
            .contains("/wpush/v1/"),
        "{plain}"
    );
    assert!(
        plain.get("handle").is_none() && plain.get("platform").is_none(),
        "{plain}"
    );
    let wns = device.register(json!({"platform": "wns"})).await;
    assert!(
        wns["handle"].as_str().unwrap().contains("/w/?token="),
        "{wns}"
    );
    assert_eq!(wns["platform"], "wns");
    assert_eq!(wns["expires_in"], 30 * 86_400);
    for (platform, length) in [("apns", 64), ("fcm", 163)] {
        let answer = device.register(json!({"platform": platform})).await;
        assert_eq!(
            (&answer["status"], &answer["platform"]),
            (&json!(200), &json!(platform))
        );
        assert_eq!(answer["handle"].as_str().unwrap().len(), length, "{answer}");
        for absent in ["pushEndpoint", "expires_in"] {
            assert!(answer.get(absent).is_none(), "{answer}");
        }
    }
    for platform in ["webpush", "apns", "fcm"] {
        let frame = json!({"platform": platform, "key": "af1883%&!@#*("});
        let bad_key = device.register(frame).await;
        assert_eq!(bad_key["status"], 400, "{platform}");
        assert!(bad_key.get("handle").is_none(), "{bad_key}");
    }
    services.shutdown().await;
}

#[tokio::test]
async fn the_same_channel_keeps_its_handle() {
    let services = start().await;
    let (mut device, uaid) = Device::greet(&services, None).await;
    for platform in ["wns", "apns", "fcm", "webpush"] {
        let id = "db8903b1-df81-4def-aeec-6f2a26945920";
        let channel = json!({"platform": platform, "channelID": id});
        let first = device.register(channel.clone()).await;
        let (mut again, _) = Device::greet(&services, Some(&uaid)).await;
        let second = again.register(channel).await;
        assert_eq!(second["handle"], first["handle"], "{platform}");
        device = again;
    }
    services.shutdown().await;
}

#[tokio::test]
async fn a_device_that_says_nothing_or_answers_no_ping_is_let_go() {
    let short = Duration::from_millis(50);
    let socket = SocketTimings {
        hello: short,
        ping: short,
        pong: short,
        ..SocketTimings::default()
    };
    let services = Services::start(ServicesOptions {
        socket,
        ..options()
    })
    .await
    .unwrap();
    let mut silent = Device::connect(&services).await;
    assert_eq!(
        silent.hear_close().await,
        (1011, "HandshakeTimeout".to_owned())
    );
    let (deaf, _) = Device::greet(&services, None).await;
    // It is not read from, so its library answers no ping.
    let noticed = async {
        while services.connected_devices() > 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(super::LIMIT, noticed)
        .await
        .expect("the dead peer is noticed");
    drop(deaf);
    services.shutdown().await;
}
