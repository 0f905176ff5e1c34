use super::*;
use crate::emulator::tests::{Device, options, pass, start};
use crate::emulator::{ServicesOptions, errors_on_demand};
use crate::model::Platform;
use std::time::Duration;

/// Azure's name for each error that the push services can be asked for.
fn expected(platform: Platform, error: &str, status: u16) -> &'static str {
    match (platform, error, status) {
        (_, "dropped", _) => "Dropped",
        (Platform::Wns, _, 404) | (Platform::WebPush, _, 404) | (_, "BadDeviceToken", _) => {
            "BadChannel"
        }
        (_, "MissingDeviceToken", _) => "BadChannel",
        (_, "DeviceTokenNotForTopic" | "SENDER_ID_MISMATCH", _) => "WrongChannel",
        (_, "BadTopic" | "MissingTopic" | "TopicDisallowed", _) => "InvalidCredentials",
        (_, "TooManyProviderTokenUpdates", _) => "Throttled",
        (Platform::Fcm, _, 404) => "ExpiredChannel",
        (Platform::Fcm, _, 429) => "Throttled",
        (Platform::Wns, _, 401) => "InvalidToken",
        (Platform::Wns, _, 403) => "WrongToken",
        (Platform::Wns, _, 406) | (_, _, 429) => "ChannelThrottled",
        (_, _, 410) => "ExpiredChannel",
        (_, _, 413) => "InvalidNotificationSize",
        (_, _, 400) => "InvalidNotificationFormat",
        (_, _, 401 | 403) => "InvalidCredentials",
        (_, _, 503) => "PnsUnavailable",
        (_, _, 500..) => "PnsServerError",
        _ => "PnsInterfaceError",
    }
}

#[tokio::test]
async fn every_answer_of_a_push_service_has_azures_name_and_what_is_gone_is_removed() {
    let services = start().await;
    let keys = crate::wire::webpush::DeviceKeys::generate();
    for listed in errors_on_demand(Some(services.http_url())) {
        let platform: HubPlatform = listed.platform.into();
        let what = format!("{} {}", listed.platform, listed.error);
        let mut device = registration(platform, &listed.handle, &["it"]);
        device.handle.keys = (platform == HubPlatform::Browser).then(|| keys.public());
        put(&services, "it", device).await;
        let body = if platform == HubPlatform::FcmV1 {
            r#"{"message":{}}"#
        } else {
            "{}"
        };
        // So many test sends a minute are taken, and no more.
        pass(Duration::from_secs(6)).await;
        let tested = services.hub().test(native(platform, to("it"), body)).await;
        let (id, outcome) = tested.unwrap();
        let [result] = outcome.results.as_slice() else {
            panic!("{what}: {outcome:?}");
        };
        assert!(
            !result.ok && !result.outcome.contains(&listed.handle),
            "{what}: {result:?}"
        );
        let told = ended(services.hub(), &id).await;
        let name = expected(listed.platform, &listed.error, listed.status);
        assert_eq!(
            counts(&told, platform),
            format!("{name}=1"),
            "{what}: {}",
            result.outcome
        );
        let gone = matches!(name, "BadChannel" | "ExpiredChannel");
        assert_eq!(is_registered(&services, "it").await, !gone, "{what}");
    }
    services.shutdown().await;
}

#[tokio::test]
async fn a_push_service_that_is_busy_is_tried_again() {
    let services = start().await;
    let handle = format!("{}w/?token=error-503-1", services.http_url());
    register(&services, "busy", HubPlatform::Windows, &handle, &["busy"]).await;
    let told = sent(&services, native(HubPlatform::Windows, to("busy"), "x")).await;
    assert_eq!(counts(&told, HubPlatform::Windows), "Success=1");
    let (_, outcome) = services
        .hub()
        .test(native(HubPlatform::Windows, to("busy"), "x"))
        .await
        .unwrap();
    assert!(
        outcome.results[0].outcome.contains("503"),
        "a test is told at once: {outcome:?}"
    );
    services.shutdown().await;
}

#[tokio::test]
async fn what_has_no_push_service_here_or_leads_elsewhere_says_so() {
    let services = start().await;
    let (_phone, channel, _) = Device::registered(&services, "wns").await;
    register(&services, "adm", HubPlatform::Adm, "amzn", &["x"]).await;
    register(
        &services,
        "far",
        HubPlatform::Windows,
        "http://10.0.0.1/w/?token=a",
        &["far"],
    )
    .await;
    register(&services, "near", HubPlatform::Windows, &channel, &["near"]).await;
    let test = async |send| {
        let (_, outcome) = services.hub().test(send).await.unwrap();
        outcome.results[0].clone()
    };
    let adm = test(native(HubPlatform::Adm, to("x"), "{}")).await;
    assert!(!adm.ok && adm.outcome.contains("adm"), "{adm:?}");
    let far = test(native(HubPlatform::Windows, to("far"), "{}")).await;
    assert!(
        !far.ok && far.outcome.contains("allowed by name"),
        "{far:?}"
    );
    assert!(is_registered(&services, "far").await);
    let mut odd = native(HubPlatform::Windows, to("near"), "<toast/>");
    odd.content = odd.content.with("x-wns-tag", "a\nb");
    let odd = test(odd).await;
    assert!(!odd.ok && odd.outcome.contains("header"), "{odd:?}");
    let large = native(HubPlatform::Windows, to("near"), &"x".repeat(5001));
    let told = sent(&services, large).await;
    assert_eq!(
        counts(&told, HubPlatform::Windows),
        "InvalidNotificationSize=1"
    );
    services.shutdown().await;
}

#[tokio::test]
async fn a_push_service_that_never_answers_holds_up_no_other_platform() {
    let (_listener, slow) = silent().await;
    let allowed_hosts = vec!["127.0.0.1".to_owned()];
    let services = Services::start(ServicesOptions {
        allowed_hosts,
        ..options()
    })
    .await
    .unwrap();
    let (mut phone, token, _) = Device::registered(&services, "fcm").await;
    register(&services, "slow", HubPlatform::Windows, &slow, &["slow"]).await;
    register(&services, "quick", HubPlatform::FcmV1, &token, &["quick"]).await;
    let mut waiting = Vec::new();
    for _ in 0..40 {
        let send = native(HubPlatform::Windows, to("slow"), "x");
        waiting.push(services.hub().accept(send).await.unwrap());
    }
    let told = sent(&services, fcm(to("quick"))).await;
    assert_eq!(counts(&told, HubPlatform::FcmV1), "Success=1");
    phone.hear().await;
    for id in waiting {
        let told = services.hub().details(id).await.unwrap().unwrap();
        assert_eq!(told.ended, None);
    }
    assert_eq!(
        services.shutdown().await,
        0,
        "what waits is left for the next start"
    );
}
