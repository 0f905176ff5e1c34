use super::*;
use crate::emulator::ServicesOptions;
use crate::emulator::tests::{Device, options, start};

/// Two registrations of a handle that its push service says is gone.
async fn with_a_handle_that_is_gone() -> Services {
    let services = start().await;
    let gone = format!("{}w/?token=error-410", services.http_url());
    register(&services, "gone", HubPlatform::Windows, &gone, &["p"]).await;
    register(&services, "again", HubPlatform::Windows, &gone, &["p"]).await;
    services
}

async fn until_forgotten(services: &Services) {
    let forgotten = async {
        while is_registered(services, "gone").await || is_registered(services, "again").await {
            tokio::task::yield_now().await;
        }
    };
    let forgotten = tokio::time::timeout(LIMIT, forgotten).await;
    forgotten.expect("the handle is forgotten");
}

#[tokio::test]
async fn a_test_send_whose_client_hangs_up_is_carried_out() {
    let services = with_a_handle_that_is_gone().await;
    let test = services
        .hub()
        .test(native(HubPlatform::Windows, to("p"), "x"));
    let mut test = Box::pin(test);
    assert!(futures_util::poll!(&mut test).is_pending());
    drop(test);
    until_forgotten(&services).await;
    assert_eq!(services.shutdown().await, 0);
}

#[tokio::test]
async fn a_handle_that_is_gone_is_forgotten_where_there_is_no_room_for_telemetry() {
    let services = with_a_handle_that_is_gone().await;
    // None of them has ended.
    let fill = |c: &rusqlite::Connection| c.execute("UPDATE hub_total SET messages = 10000", []);
    services.hub().store.write(fill).await.unwrap();
    let tested = services
        .hub()
        .test(native(HubPlatform::Windows, to("p"), "x"));
    let (id, outcome) = tested.await.unwrap();
    assert!(outcome.results[0].outcome.contains("gone"), "{outcome:?}");
    assert_eq!(services.hub().details(id).await.unwrap(), None);
    assert!(!is_registered(&services, "gone").await);
    services.shutdown().await;
}

#[tokio::test]
async fn a_test_send_holds_up_no_orderly_end() {
    let (listener, slow) = silent().await;
    let services = Services::start(ServicesOptions {
        allowed_hosts: vec!["127.0.0.1".to_owned()],
        ..options()
    });
    let services = services.await.unwrap();
    register(&services, "slow", HubPlatform::Windows, &slow, &["p"]).await;
    let test = services
        .hub()
        .test(native(HubPlatform::Windows, to("p"), "x"));
    let mut test = Box::pin(test);
    assert!(futures_util::poll!(&mut test).is_pending());
    let _connection = listener.accept().await.unwrap();
    drop(test);
    assert_eq!(services.shutdown().await, 0);
}

#[tokio::test]
async fn a_test_send_says_what_became_of_it_at_each_of_at_most_ten_devices() {
    let services = start().await;
    let mut phones = Vec::new();
    for number in 0..12 {
        let (phone, token, _) = Device::registered(&services, "fcm").await;
        for copy in ["a", "b"] {
            let id = format!("{copy}{number}");
            register(&services, &id, HubPlatform::FcmV1, &token, &["p"]).await;
        }
        phones.push((phone, token));
    }
    let (id, outcome) = services.hub().test(fcm(to("p"))).await.unwrap();
    assert_eq!(outcome.results.len(), 10);
    for (number, result) in outcome.results.iter().enumerate() {
        assert!(result.ok, "{result:?}");
        assert_eq!(
            (result.platform, &result.handle),
            (HubPlatform::FcmV1, &phones[number].1)
        );
        assert_eq!(result.registration, format!("a{number}"));
        assert_eq!(
            result.outcome,
            "The Notification was successfully sent to the Push Notification System"
        );
    }
    let told = ended(services.hub(), &id).await;
    assert_eq!(counts(&told, HubPlatform::FcmV1), "Success=10");
    let nobody = services.hub().test(fcm(to("none"))).await.unwrap();
    assert!(nobody.1.results.is_empty());
    assert_eq!(
        state(&ended(services.hub(), &nobody.0).await),
        MessageState::NoTargetFound
    );
    let direct = Target::Direct(phones.iter().map(|(_, token)| handle(token)).collect());
    assert_eq!(
        services
            .hub()
            .test(fcm(direct))
            .await
            .unwrap()
            .1
            .results
            .len(),
        10
    );
    for (number, (phone, _)) in phones.iter_mut().enumerate() {
        if number < 10 {
            phone.hear().await;
            phone.hear().await;
        }
        phone.hears_nothing().await;
    }
    services.shutdown().await;
}
