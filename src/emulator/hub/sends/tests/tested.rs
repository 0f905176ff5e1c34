use super::*;
use crate::emulator::tests::{Device, start};

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
