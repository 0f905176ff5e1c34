//! A phone whose backend lacks some calls, as its profile says: what it does without them.

use handset::backend::BackendProfile;
use handset::device::{SignInRequest, SignInSecret};
use handset::lab::{Lab, Phone};
use handset::model::{BackendOrigin, Platform, UserName};
use handset::telemetry::EventName;

use crate::support::{LIMIT, events_of, eventually, nth_event};

/// Signs in to the lab's backend as if it were the tutorials'.
async fn as_in_the_tutorials(lab: &Lab, phone: &Phone) {
    let backend = lab.services().urls().backend.to_string();
    sign_in(phone, &backend, BackendProfile::built_in("tutorial")).await;
}

async fn sign_in(phone: &Phone, backend: &str, backend_profile: Option<BackendProfile>) {
    let request = SignInRequest {
        backend: BackendOrigin::parse(backend).unwrap(),
        user: UserName::parse("alice").unwrap(),
        secret: SignInSecret::Password("alice".into()),
        auth: None,
        backend_profile,
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backend_is_spoken_to_as_before_after_a_sign_in_elsewhere() {
    let lab = Lab::start().await.unwrap();
    let phone = lab.device("phone").user("alice").start().await.unwrap();
    as_in_the_tutorials(&lab, &phone).await;
    let here = lab.services().urls().backend.to_string();
    let elsewhere = here.replace("127.0.0.1", "localhost");
    assert_ne!(here, elsewhere);
    sign_in(&phone, &elsewhere, None).await;
    assert_eq!(phone.status().await.unwrap().backend_profile, None);
    sign_in(&phone, &here, None).await;
    let spoken = phone.status().await.unwrap().backend_profile;
    assert_eq!(spoken.as_deref(), Some("tutorial"));
    lab.finish().await.unwrap();
}
