//! The clock of the phone or of the services jumps a day forward and back: nothing waits for a day,
//! nothing spins, nothing is lost.

use std::time::Duration;

use handset::device::ChannelTimes;
use handset::emulator::ServicesOptions;
use handset::lab::{Lab, LabOptions, Phone};
use handset::lifecycle::Clock;
use handset::model::AuthScheme;
use handset::telemetry::EventName;
use jiff::SignedDuration;

use crate::support::cut::{Cut, Network};
use crate::support::{LIMIT, events_of, eventually};

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// A clock that reads now, and can be set.
fn settable() -> Clock {
    Clock::simulated(Clock::system().now())
}

async fn shows(lab: &Lab, phone: &Phone, text: &str) {
    lab.backend().send_secure("alice", text).await.unwrap();
    assert_eq!(phone.next_toast(LIMIT).await.unwrap().body, text);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_channel_comes_back_as_soon_under_any_clock() {
    let lab = Lab::start().await.unwrap();
    let network = Cut::before(lab.services().http_address()).await;
    let clock = settable();
    let phone = lab
        .device("phone")
        .user("alice")
        .auth(AuthScheme::Basic)
        .push(network.url("ws"))
        .adjust(|options| {
            options.clock = clock.clone();
            options.channel = ChannelTimes {
                ping_every: Duration::from_millis(200),
                pong_within: Duration::from_secs(1),
                ..options.channel
            };
        })
        .start()
        .await
        .unwrap();
    for (number, jump) in [DAY, -DAY, -DAY, DAY].into_iter().enumerate() {
        network.set(Network::Reset);
        let closed = || events_of(&phone, EventName::ChannelClosed).len();
        eventually("the cut is noticed", || closed() > number).await;
        clock.set_by(jump);
        network.set(Network::Up);
        let opened = || events_of(&phone, EventName::ChannelOpened).len();
        eventually("the channel is open", || opened() > number + 1).await;
        shows(&lab, &phone, &format!("after jump {number}")).await;
    }
    let tries = events_of(&phone, EventName::ChannelClosed).len();
    assert!(tries < 100, "it was tried {tries} times");
    lab.finish().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_a_jump_ended_is_renewed_by_one_sign_in() {
    let lab = Lab::start().await.unwrap();
    let clock = settable();
    let phone = lab
        .device("phone")
        .user("alice")
        .auth(AuthScheme::Bearer)
        .adjust(|options| options.clock = clock.clone())
        .start()
        .await
        .unwrap();
    clock.set_by(DAY);
    for text in ["first", "second"] {
        lab.backend().send_secure("alice", text).await.unwrap();
        assert!(phone.next_toast(LIMIT).await.unwrap().asks_to_sign_in());
    }
    clock.set_by(-DAY);
    phone.sign_in("alice", "alice").await.unwrap();
    for text in ["first", "second"] {
        assert_eq!(phone.next_toast(LIMIT).await.unwrap().body, text);
    }
    clock.set_by(-DAY);
    shows(&lab, &phone, "third").await;
    assert!(phone.status().await.unwrap().signed_in);
    lab.finish().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn services_whose_clock_jumps_go_on() {
    let clock = settable();
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
    let device = lab.device("phone").user("alice").auth(AuthScheme::Basic);
    let phone = device.start().await.unwrap();
    shows(&lab, &phone, "before").await;
    let handle = phone.status().await.unwrap().handle;
    // Forward, the hub's access token ends; back, it is from the future.
    for (number, jump) in [DAY, -DAY, -DAY, DAY].into_iter().enumerate() {
        clock.set_by(jump);
        shows(&lab, &phone, &format!("after jump {number}")).await;
    }
    assert_eq!(phone.status().await.unwrap().handle, handle);
    assert_eq!(lab.services().trace().counts().acknowledged, 5);
    lab.finish().await.unwrap();
}
