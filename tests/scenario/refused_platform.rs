//! A push service that refuses a platform for good: told at once, and not remembered.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use handset::device::{DeviceError, ErrorKind, RegisterRequest};
use handset::lab::Lab;
use handset::model::Platform;
use handset::wire::webpush::encrypt;

use crate::support::push_server::PushServer;

#[tokio::test(flavor = "multi_thread")]
async fn a_platform_that_is_not_served_is_refused_at_once_and_the_phone_goes_on() {
    let lab = Lab::start().await.unwrap();
    let server = PushServer::start().await;
    let phone = lab
        .device("phone")
        .user("alice")
        .platform(Platform::WebPush)
        .push(server.url())
        .start()
        .await
        .unwrap();
    let wish = RegisterRequest {
        platform: Some(Platform::Fcm),
        ..RegisterRequest::default()
    };
    let limit = Duration::from_secs(20);
    let begun = std::time::Instant::now();
    let refused = phone.device().unwrap().register(wish, limit).await;
    assert!(begun.elapsed() < limit / 2, "it waited in vain");
    assert!(
        matches!(
            refused,
            Err(DeviceError::NotRegistered {
                kind: ErrorKind::Failed,
                ..
            })
        ),
        "{refused:?}"
    );
    phone.device().unwrap().ready(limit).await.unwrap();
    let status = phone.status().await.unwrap();
    assert_eq!(status.platform, Platform::WebPush);
    let sent = lab
        .backend()
        .send_secure("alice", "still here")
        .await
        .unwrap();
    let keys = status.subscription.unwrap().keys;
    let sealed = encrypt(&keys, sent.id.unwrap().as_str().as_bytes()).unwrap();
    server.notify("still-here", &URL_SAFE_NO_PAD.encode(sealed));
    let toast = phone.next_toast(limit).await.unwrap();
    assert_eq!(toast.body, "still here");
    lab.finish().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_changes_its_platform_where_it_is_served() {
    let lab = Lab::start().await.unwrap();
    let phone = lab.device("phone").user("alice").start().await.unwrap();
    let limit = Duration::from_secs(20);
    for platform in [
        Platform::Apns,
        Platform::Fcm,
        Platform::WebPush,
        Platform::Wns,
    ] {
        let wish = RegisterRequest {
            platform: Some(platform),
            ..RegisterRequest::default()
        };
        let device = phone.device().unwrap();
        device.register(wish, limit).await.unwrap();
        assert_eq!(phone.status().await.unwrap().platform, platform);
        let text = format!("over {platform}");
        let sent = lab.backend().send_secure("alice", &text).await.unwrap();
        assert_eq!(sent.deliveries.len(), 1, "{sent:?}");
        assert_eq!(sent.deliveries[0].platform, platform.as_str());
        assert_eq!(phone.next_toast(limit).await.unwrap().body, text);
    }
    lab.finish().await.unwrap();
}
