//! A phone whose backend lacks some calls, as its profile says: what it does without them.

use handset::backend::BackendProfile;
use handset::device::{SignInRequest, SignInSecret};
use handset::lab::{Lab, Phone};
use handset::model::{BackendOrigin, Platform, UserName};
use handset::telemetry::EventName;

use crate::support::{LIMIT, events_of, eventually, nth_event};

/// Signs in to the lab's backend as if it were the tutorials'.
async fn as_in_the_tutorials(lab: &Lab, phone: &Phone) {
    let request = SignInRequest {
        backend: BackendOrigin::parse(lab.services().urls().backend.as_str()).unwrap(),
        user: UserName::parse("alice").unwrap(),
        secret: SignInSecret::Password("alice".into()),
        auth: None,
        backend_profile: BackendProfile::built_in("tutorial"),
        vault: None,
        push: None,
        ca: None,
        allow_http: Vec::new(),
    };
    phone.device().unwrap().sign_in(request).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_unread_notifications_a_full_sync_is_left_out_and_says_why() {
    let lab = Lab::start().await.unwrap();
    let device = lab.device("phone").user("alice").platform(Platform::Fcm);
    let phone = device.start().await.unwrap();
    as_in_the_tutorials(&lab, &phone).await;
    assert_eq!(phone.turn_off().await, 0);
    eventually("the socket is closed", || {
        lab.services().connected_devices() == 0
    })
    .await;
    for number in 0..101 {
        let text = format!("missed {number}");
        lab.backend().send_secure("alice", &text).await.unwrap();
    }
    let phone = lab.resume("phone").await.unwrap();
    let dropped = nth_event(&phone, EventName::PushDropped, 1).await;
    assert_eq!(dropped.text("reason"), Some("not_offered"));
    let detail = dropped.text("detail").unwrap();
    assert!(
        detail.contains("profile tutorial has no [unread]"),
        "{detail}"
    );
    // What is pushed after that is fetched as ever: the profile is the one of before the restart.
    lab.backend().send_secure("alice", "next").await.unwrap();
    assert_eq!(phone.next_toast(LIMIT).await.unwrap().body, "next");
    let status = phone.status().await.unwrap();
    assert_eq!(status.backend_profile.as_deref(), Some("tutorial"));
    assert_eq!(events_of(&phone, EventName::PushDropped).len(), 1);
    lab.finish().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_profile_puts_the_registration_anew_in_its_own_words() {
    let lab = Lab::start().await.unwrap();
    let phone = lab.device("phone").user("alice").start().await.unwrap();
    let before = phone.status().await.unwrap().registration_id;
    as_in_the_tutorials(&lab, &phone).await;
    nth_event(&phone, EventName::RegistrationUpdated, 2).await;
    assert_eq!(phone.status().await.unwrap().registration_id, before);
    // Signed in once more in the same way, nothing is put.
    as_in_the_tutorials(&lab, &phone).await;
    lab.backend().send_secure("alice", "hello").await.unwrap();
    assert_eq!(phone.next_toast(LIMIT).await.unwrap().body, "hello");
    assert_eq!(events_of(&phone, EventName::RegistrationUpdated).len(), 2);
    lab.finish().await.unwrap();
}
