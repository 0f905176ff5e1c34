//! Pushes that wait for their user: each need is told once with its count, another user leaves them
//! alone, and they are shown in order, but for those that have gone. A token near its end is renewed
//! before anything has to wait.

use handset::emulator::ServicesOptions;
use handset::lab::{Lab, LabOptions, Phone};
use handset::lifecycle::Clock;
use handset::telemetry::{Event, EventName};
use jiff::SignedDuration;

use crate::support::front::{Answer, Front};
use crate::support::{LIMIT, dropped_because, events_of, eventually, next_payload, nth_event};

async fn sends(lab: &Lab, user: &str, text: &str) {
    lab.backend().send_secure(user, text).await.unwrap();
}

async fn awaits(phone: &Phone, count: usize) {
    eventually("they wait for sign-in", || {
        let inbox = phone.inbox().unwrap();
        (inbox.waiting, inbox.awaiting_sign_in) == (0, count)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_toast_for_each_need_says_how_many_wait_and_opens_sign_in() {
    let lab = Lab::start().await.unwrap();
    let phone = lab.device("phone").user("alice").start().await.unwrap();
    let mut keys = Vec::new();
    for need in 0..2 {
        lab.backend().expire_tokens().await.unwrap();
        for number in 1..=5 {
            sends(&lab, "alice", &format!("{need}.{number}")).await;
            let asking = phone.next_toast(LIMIT).await.unwrap();
            assert!(asking.asks_to_sign_in());
            keys.push(asking.key);
            awaits(&phone, number).await;
        }
        let standing = phone.toasts().await.unwrap();
        let asking: Vec<_> = standing
            .iter()
            .filter(|toast| toast.content.key.is_sign_in())
            .collect();
        assert_eq!(asking.len(), 1, "{standing:#?}");
        let said = asking[0].content.body.as_str();
        assert!(said.contains("5 new notifications"), "{said}");
        assert!(said.contains("alice"), "{said}");
        let tapped = phone.device().unwrap().tap(asking[0].id, None).await;
        assert!(tapped.unwrap().opens_sign_in);

        phone.sign_in("alice", "alice").await.unwrap();
        for number in 1..=5 {
            let toast = phone.next_toast(LIMIT).await.unwrap();
            assert_eq!(toast.body, format!("{need}.{number}"));
        }
        awaits(&phone, 0).await;
    }
    keys.dedup();
    assert_eq!(keys.len(), 1, "one place for the need of one user");
    nth_event(&phone, EventName::TaskCompleted, 20).await;
    assert_eq!(events_of(&phone, EventName::SessionRequired).len(), 10);
    lab.finish().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_for_one_user_survives_another_and_is_shown_in_order() {
    let lab = Lab::start().await.unwrap();
    let phone = lab.device("phone").user("alice").start().await.unwrap();
    lab.backend().expire_tokens().await.unwrap();
    for number in 0..4 {
        sends(&lab, "alice", &format!("alice {number}")).await;
        assert!(phone.next_toast(LIMIT).await.unwrap().asks_to_sign_in());
    }
    awaits(&phone, 4).await;

    phone.sign_in("bob", "bob").await.unwrap();
    let bobs = |event: &Event| {
        event.event == EventName::RegistrationUpdated && event.text("user") == Some("bob")
    };
    phone
        .wait_for("bob's registration", LIMIT, bobs)
        .await
        .unwrap();
    for number in 0..3 {
        sends(&lab, "bob", &format!("bob {number}")).await;
        let toast = phone.next_toast(LIMIT).await.unwrap();
        assert_eq!(toast.body, format!("bob {number}"));
    }
    awaits(&phone, 4).await;
    phone.kill();
    let phone = lab.resume("phone").await.unwrap();
    awaits(&phone, 4).await;

    phone.sign_in("alice", "alice").await.unwrap();
    for number in 0..4 {
        let mut shown = next_payload(&phone).await;
        // The kill may repeat what was shown right before it.
        while number == 0 && shown == "bob 2" {
            shown = next_payload(&phone).await;
        }
        assert_eq!(shown, format!("alice {number}"));
    }
    awaits(&phone, 0).await;
    assert!(events_of(&phone, EventName::PushDropped).is_empty());
    lab.finish().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_payload_that_has_gone_meanwhile_is_reported_and_holds_up_no_other() {
    let lab = Lab::start().await.unwrap();
    let front = Front::before(&lab).await;
    let device = lab.device("phone").user("alice").backend(front.url());
    let phone = device.start().await.unwrap();
    lab.backend().expire_tokens().await.unwrap();
    for text in ["first", "gone", "third"] {
        sends(&lab, "alice", text).await;
        assert!(phone.next_toast(LIMIT).await.unwrap().asks_to_sign_in());
    }
    awaits(&phone, 3).await;
    for answer in [Answer::Pass, Answer::Status(404), Answer::Pass] {
        front.next(answer);
    }
    phone.sign_in("alice", "alice").await.unwrap();
    for text in ["first", "third"] {
        assert_eq!(phone.next_toast(LIMIT).await.unwrap().body, text);
    }
    dropped_because(&phone, "payload_gone").await;
    awaits(&phone, 0).await;
    assert_eq!(events_of(&phone, EventName::PushDropped).len(), 1);
    let standing = phone.toasts().await.unwrap();
    assert_eq!(standing.len(), 2, "nobody is asked to sign in any more");
    lab.finish().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_near_its_end_is_renewed_before_it_fails() {
    let clock = Clock::simulated(Clock::system().now());
    let options = LabOptions::default();
    let lab = Lab::with(LabOptions {
        services: ServicesOptions {
            clock: clock.clone(),
            ..options.services
        },
        ..options
    })
    .await
    .unwrap();
    let device = lab.device("phone").user("alice");
    let device = device.adjust(|options| options.clock = clock.clone());
    let phone = device.start().await.unwrap();
    // A token lasts an hour: without a new one each time, the second push finds none.
    for number in 0..4 {
        clock.set_by(SignedDuration::from_mins(57));
        sends(&lab, "alice", &format!("hour {number}")).await;
        let toast = phone.next_toast(LIMIT).await.unwrap();
        assert_eq!(toast.body, format!("hour {number}"));
    }
    assert!(events_of(&phone, EventName::SessionRequired).is_empty());
    assert!(events_of(&phone, EventName::PayloadFailed).is_empty());
    assert!(phone.status().await.unwrap().signed_in);
    lab.finish().await.unwrap();
}
