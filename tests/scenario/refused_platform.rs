//! A push service that refuses a platform for good: told at once, and not remembered.

use std::time::Duration;

use handset::device::{DeviceError, ErrorKind, RegisterRequest};
use handset::lab::Lab;
use handset::model::Platform;

#[tokio::test(flavor = "multi_thread")]
async fn a_platform_that_is_not_served_is_refused_at_once_and_the_phone_goes_on() {
    let lab = Lab::start().await.unwrap();
    let phone = lab.device("phone").user("alice").start().await.unwrap();
    let wish = RegisterRequest {
        platform: Some(Platform::Apns),
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
    assert_eq!(phone.status().await.unwrap().platform, Platform::Wns);
    lab.backend()
        .send_secure("alice", "still here")
        .await
        .unwrap();
    let toast = phone.next_toast(limit).await.unwrap();
    assert_eq!(toast.body, "still here");
    lab.finish().await.unwrap();
}
