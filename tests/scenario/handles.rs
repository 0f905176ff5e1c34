//! Handles that end: the phone has another one in time, the backend knows it, and who still posts
//! to the old one is told.

use std::net::{Ipv4Addr, SocketAddr};

use handset::emulator::ServicesOptions;
use handset::lab::{Lab, LabOptions, Phone};
use handset::lifecycle::Clock;
use handset::model::{AuthScheme, Platform};
use handset::telemetry::EventName;
use handset::wire::app_backend::DeliveryOutcome;
use jiff::{SignedDuration, Timestamp};

use crate::support::push_server::PushServer;
use crate::support::wns::WnsSender;
use crate::support::{LIMIT, eventually, nth_event};

async fn lab_with_clock() -> (Lab, Clock) {
    let clock = Clock::simulated(Timestamp::from_second(1_800_000_000).unwrap());
    let services = ServicesOptions {
        http: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        clock: clock.clone(),
        ..ServicesOptions::default()
    };
    let options = LabOptions {
        services,
        ..LabOptions::default()
    };
    (Lab::with(options).await.unwrap(), clock)
}

async fn phone(lab: &Lab, clock: &Clock, platform: Platform) -> Phone {
    let device = lab.device("phone").user("alice").auth(AuthScheme::Basic);
    let device = device.platform(platform);
    let device = device.adjust(|options| options.clock = clock.clone());
    device.start().await.unwrap()
}

/// The phone is off for so many days.
async fn off_for(lab: &Lab, phone: Phone, clock: &Clock, days: i64) -> Phone {
    phone.turn_off().await;
    eventually("the socket is closed", || {
        lab.services().connected_devices() == 0
    })
    .await;
    clock.set_by(SignedDuration::from_hours(days * 24));
    lab.resume("phone").await.unwrap()
}

async fn handle(phone: &Phone) -> String {
    phone.status().await.unwrap().handle.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wns_channel_is_renewed_before_it_expires() {
    let (lab, clock) = lab_with_clock().await;
    let phone = phone(&lab, &clock, Platform::Wns).await;
    let first = handle(&phone).await;
    let old = WnsSender::to(&lab, &phone).await;
    // With less than half of its 30 days left the phone gets another one.
    let phone = off_for(&lab, phone, &clock, 20).await;
    assert_ne!(handle(&phone).await, first);
    let now = WnsSender::to(&lab, &phone).await;
    assert_eq!(old.with_token_of(&now).raw("x").await.code, 200);
    clock.set_by(SignedDuration::from_hours(11 * 24));
    let now = now.renewed(&lab).await;
    assert_eq!(old.with_token_of(&now).raw("x").await.code, 410);
    lab.backend()
        .send_secure("alice", "still here")
        .await
        .unwrap();
    assert_eq!(phone.next_toast(LIMIT).await.unwrap().body, "still here");
    lab.finish().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_posts_to_the_handle_of_a_phones_last_user_is_told_that_it_is_gone() {
    let lab = Lab::start().await.unwrap();
    let phone = lab.device("phone").user("alice").start().await.unwrap();
    let first = handle(&phone).await;
    let old = WnsSender::to(&lab, &phone).await;
    assert_eq!(old.raw("x").await.code, 200);
    nth_event(&phone, EventName::PushDropped, 1).await;
    phone.sign_in("bob", "bob").await.unwrap();
    nth_event(&phone, EventName::ChannelOpened, 2).await;
    assert_ne!(handle(&phone).await, first);
    assert_eq!(old.raw("x").await.code, 410);
    lab.finish().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_fcm_token_that_was_idle_too_long_is_exchanged() {
    let (lab, clock) = lab_with_clock().await;
    let phone = phone(&lab, &clock, Platform::Fcm).await;
    let first = handle(&phone).await;
    let phone = off_for(&lab, phone, &clock, 269).await;
    assert_eq!(handle(&phone).await, first, "it was asked for in time");
    let phone = off_for(&lab, phone, &clock, 271).await;
    assert_ne!(handle(&phone).await, first);
    // It is on before the backend has answered.
    nth_event(&phone, EventName::RegistrationUpdated, 2).await;
    let backend = lab.backend();
    backend.send_secure("alice", "still here").await.unwrap();
    assert_eq!(phone.next_toast(LIMIT).await.unwrap().body, "still here");
    lab.finish().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_handle_that_was_given_back_is_gone() {
    for platform in Platform::ALL {
        let lab = Lab::start().await.unwrap();
        let phone = lab.device("phone").user("alice").platform(platform);
        let phone = phone.start().await.unwrap();
        let device = phone.device().unwrap();
        device.give_back_handle(LIMIT).await.unwrap();
        drop(device);
        let sent = lab.backend().send_secure("alice", "secret").await.unwrap();
        assert_eq!(sent.deliveries.len(), 1, "{platform}");
        let outcome = sent.deliveries[0].outcome;
        assert_eq!(outcome, DeliveryOutcome::Refused, "{platform}");
        lab.finish().await.unwrap();
    }
}

/// The service says goodbye in the same breath as its answer, so that the channel has ended when the
/// phone hears that the handle is taken back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_gives_a_handle_back_is_told_although_the_channel_ends_with_it() {
    let lab = Lab::start().await.unwrap();
    let server = PushServer::start().await;
    for turn in 0..5 {
        let name = format!("phone-{turn}");
        let phone = lab.device(&name).user("alice").push(server.url());
        let phone = phone.start().await.unwrap();
        let given = phone.device().unwrap().give_back_handle(LIMIT).await;
        given.unwrap_or_else(|error| panic!("turn {turn}: {error}"));
        assert_eq!(phone.turn_off().await, 0);
    }
    assert_eq!(server.frames("unregister").len(), 5);
    lab.finish().await.unwrap();
}
