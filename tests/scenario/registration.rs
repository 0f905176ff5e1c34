//! The registration id: kept across restarts, given up once when the backend says that it is gone.

use handset::device::RegisterRequest;
use handset::lab::Lab;
use handset::model::Tag;
use handset::telemetry::EventName;

use crate::support::{LIMIT, events_of};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_id_survives_restarts_and_is_renewed_once_when_it_is_gone() {
    let lab = Lab::start().await.unwrap();
    let phone = lab.device("phone").user("alice").start().await.unwrap();
    let first = phone.status().await.unwrap().registration_id.unwrap();
    assert_eq!(phone.turn_off().await, 0);
    let phone = lab.resume("phone").await.unwrap();
    phone.event(EventName::PhoneReady, LIMIT).await.unwrap();
    let kept = phone.status().await.unwrap().registration_id.unwrap();
    assert_eq!(kept, first);
    assert_eq!(events_of(&phone, EventName::RegistrationUpdated).len(), 1);

    assert_eq!(lab.backend().expire_registrations().await.unwrap(), 1);
    let request = RegisterRequest {
        tags: Some(vec![Tag::parse("news").unwrap()]),
        ..RegisterRequest::default()
    };
    phone.device().unwrap().configure(request).await.unwrap();
    let renewed = phone.event(EventName::RegistrationUpdated, LIMIT).await;
    let second = phone.status().await.unwrap().registration_id.unwrap();
    assert_ne!(second, first);
    assert_eq!(
        renewed.unwrap().text("registration_id"),
        Some(second.as_str())
    );
    assert_eq!(events_of(&phone, EventName::RegistrationUpdated).len(), 2);
    assert!(events_of(&phone, EventName::RegistrationFailed).is_empty());

    lab.backend()
        .send_secure("alice", "under the new id")
        .await
        .unwrap();
    let toast = phone.next_toast(LIMIT).await.unwrap();
    assert_eq!(toast.body, "under the new id");
    lab.finish().await.unwrap();
}
