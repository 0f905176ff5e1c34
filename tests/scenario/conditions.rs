//! The phone's conditions: what they do to the channel, and that they stay as they are set.

use handset::device::{DeviceError, ErrorKind};
use handset::lab::{Lab, LabError};
use handset::model::{Network, Platform, Screen};
use handset::telemetry::EventName;

use crate::support::{LIMIT, eventually};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_offline_phone_has_no_channel_and_gets_later_what_its_service_kept() {
    let lab = Lab::start().await.unwrap();
    let phone = lab
        .device("phone")
        .user("alice")
        .platform(Platform::WebPush)
        .start()
        .await
        .unwrap();
    phone.set(&["network=offline"]).await.unwrap();
    let closed = phone.event(EventName::ChannelClosed, LIMIT).await.unwrap();
    assert_eq!(closed.text("reason"), Some("offline"));
    eventually("the socket is closed", || {
        lab.services().connected_devices() == 0
    })
    .await;
    lab.backend().send_secure("alice", "later").await.unwrap();

    let status = phone.status().await.unwrap();
    assert_eq!(status.channel, "closed");
    assert_eq!(status.conditions["network"], "offline");
    let refused = phone.sign_in("bob", "bob").await.unwrap_err();
    let LabError::Device(error) = refused else {
        panic!("{refused}");
    };
    assert!(matches!(*error, DeviceError::Offline), "{error}");
    assert_eq!(error.kind(), ErrorKind::Unreachable);

    phone.set(&["network=online"]).await.unwrap();
    assert_eq!(phone.next_toast(LIMIT).await.unwrap().body, "later");
    lab.finish().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn conditions_stay_as_they_are_set_and_each_change_is_told_once() {
    let lab = Lab::start().await.unwrap();
    let phone = lab.device("phone").user("alice").start().await.unwrap();
    let wanted = ["screen=locked", "network=metered", "screen=locked"];
    phone.set(&wanted).await.unwrap();
    let told: Vec<_> = phone
        .events()
        .iter()
        .filter(|event| event.event == EventName::ConditionChanged)
        .map(|event| {
            let field = |name| event.text(name).unwrap_or_default().to_owned();
            [field("condition"), field("state"), field("was")]
        })
        .collect();
    assert_eq!(
        told,
        [
            ["screen", "locked", "unlocked"],
            ["network", "metered", "online"]
        ]
    );
    phone.kill();
    let phone = lab.resume("phone").await.unwrap();
    let conditions = phone.device().unwrap().conditions();
    assert_eq!(
        (conditions.screen, conditions.network),
        (Screen::Locked, Network::Metered)
    );
    let refused = phone.set(&["screen=broken"]).await.unwrap_err();
    assert!(
        refused.to_string().contains("unlocked, locked"),
        "{refused}"
    );
    lab.finish().await.unwrap();
}
