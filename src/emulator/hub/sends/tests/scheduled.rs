use std::time::Duration;

use jiff::SignedDuration;

use super::*;
use crate::emulator::hub::HubError;
use crate::emulator::tests::{Device, options, pass, start_simulated};
use crate::emulator::{DataLocation, ServicesOptions};
use crate::lifecycle::{Clock, timeouts};

#[tokio::test]
async fn a_scheduled_send_is_carried_out_in_time_unless_it_is_canceled() {
    let services = start_simulated().await;
    let hub = services.hub();
    let (mut phone, token, _) = Device::registered(&services, "fcm").await;
    register(&services, "p", HubPlatform::FcmV1, &token, &["p"]).await;
    let after = |seconds| services.clock().now() + SignedDuration::from_secs(seconds);
    let id = hub.schedule(fcm(to("p")), after(5)).await.unwrap();
    let never = hub.schedule(fcm(to("p")), after(6)).await.unwrap();
    assert!(id.ends_with("_Q-S1"), "{id}");
    assert_eq!(
        state(&hub.details(id.clone()).await.unwrap().unwrap()),
        MessageState::Enqueued
    );
    hub.cancel(never.clone()).await.unwrap();
    pass(Duration::from_secs(4)).await;
    phone.hears_nothing().await;
    pass(Duration::from_secs(1)).await;
    assert_eq!(
        counts(&ended(hub, &id).await, HubPlatform::FcmV1),
        "Success=1"
    );
    phone.hear().await;
    let again = hub.cancel(id).await;
    assert!(matches!(again, Err(HubError::NotFound(_))), "{again:?}");
    pass(Duration::from_secs(2)).await;
    phone.hears_nothing().await;
    assert_eq!(state(&ended(hub, &never).await), MessageState::Cancelled);
    let past = hub.schedule(fcm(to("p")), after(-60)).await.unwrap();
    assert_eq!(
        counts(&ended(hub, &past).await, HubPlatform::FcmV1),
        "Success=1"
    );
    let week = 7 * 86_400;
    assert!(hub.schedule(fcm(to("p")), after(week)).await.is_ok());
    let far = hub.schedule(fcm(to("p")), after(week + 1)).await;
    assert!(matches!(far, Err(HubError::Invalid(_))), "{far:?}");
    services.shutdown().await;
}

#[tokio::test]
async fn a_clock_that_is_set_forward_brings_it_forward() {
    let services = start_simulated().await;
    let hub = services.hub();
    let at = services.clock().now() + SignedDuration::from_hours(24);
    let id = hub.schedule(fcm(to("nobody")), at).await.unwrap();
    services.clock().set_by(SignedDuration::from_hours(25));
    pass(Duration::from_secs(1)).await;
    assert_eq!(state(&ended(hub, &id).await), MessageState::NoTargetFound);
    services.shutdown().await;
}

#[tokio::test]
async fn what_was_due_while_the_services_were_away_is_sent_when_phones_are_back() {
    let folder = tempfile::tempdir().unwrap();
    let now = jiff::Timestamp::from_second(1_800_000_000).unwrap();
    let start = async |clock| {
        let data = DataLocation::Directory(folder.path().to_owned());
        Services::start(ServicesOptions {
            clock,
            data,
            ..options()
        })
        .await
        .unwrap()
    };
    let services = start(Clock::simulated(now)).await;
    let (phone, token, uaid) = Device::registered(&services, "fcm").await;
    register(&services, "p", HubPlatform::FcmV1, &token, &["p"]).await;
    let hour = SignedDuration::from_hours(1);
    let id = services
        .hub()
        .schedule(fcm(to("p")), now + hour)
        .await
        .unwrap();
    let soon = now + hour * 2 + SignedDuration::from_secs(1);
    let canceled = services.hub().schedule(fcm(to("p")), soon).await.unwrap();
    drop(phone);
    services.shutdown().await;
    let services = start(Clock::simulated(now + hour * 2)).await;
    pass(Duration::from_secs(2)).await;
    // What is new overtakes them.
    for _ in 0..3 {
        sent(&services, fcm(to("nobody"))).await;
    }
    for id in [&id, &canceled] {
        let told = services.hub().details(id.clone()).await.unwrap().unwrap();
        assert_eq!(state(&told), MessageState::Enqueued);
    }
    services.hub().cancel(canceled.clone()).await.unwrap();
    pass(timeouts::HUB_RESUME - Duration::from_secs(2)).await;
    let told = ended(services.hub(), &canceled).await;
    assert_eq!(state(&told), MessageState::Cancelled);
    let told = ended(services.hub(), &id).await;
    assert_eq!(counts(&told, HubPlatform::FcmV1), "Success=1");
    let (mut phone, _) = Device::greet(&services, Some(&uaid)).await;
    phone.hear().await;
    phone.hears_nothing().await;
    services.shutdown().await;
}
