//! What becomes of the hub's answers: refusals, tries anew, and what is not followed or shown.

use super::*;

#[tokio::test]
async fn one_platform_that_the_hub_refuses_does_not_fail_the_others() {
    let elsewhere = Elsewhere::start().await;
    let refused =
        "<Error><Code>400</Code><Detail>No credentials for apple.TrackingId:x</Detail></Error>";
    elsewhere.server.will(400, &[], refused);
    let forms = || {
        vec![
            form(HubPlatform::Windows, "1"),
            form(HubPlatform::Apple, "{}"),
        ]
    };
    let sent = elsewhere.send(forms()).await.unwrap();
    let mut outcomes: Vec<DeliveryOutcome> = sent.iter().map(|(_, outcome, _)| *outcome).collect();
    outcomes.sort_by_key(|outcome| outcome.as_str());
    assert_eq!(
        outcomes,
        [DeliveryOutcome::Enqueued, DeliveryOutcome::Refused]
    );
    let said = sent
        .iter()
        .find_map(|(_, outcome, said)| (*outcome == DeliveryOutcome::Refused).then_some(said));
    let said = said.unwrap().as_deref().unwrap();
    assert!(said.contains("No credentials for apple"), "{said}");
    for _ in 0..2 {
        elsewhere
            .server
            .will(401, &[], "<Error><Detail>InvalidSignature</Detail></Error>");
    }
    let error = elsewhere.send(forms()).await.unwrap_err().to_string();
    assert!(
        error.contains(&elsewhere.address) && error.contains("connection string"),
        "{error}"
    );
    assert!(!error.contains(KEY) && !error.contains("sig="), "{error}");
    assert!(!format!("{:?}", elsewhere.hub).contains(KEY));
    let partner = "<Error><Detail>contoso.example is not an allowed partner</Detail></Error>";
    elsewhere.server.will(403, &[], partner);
    elsewhere.server.will(403, &[], partner);
    let error = elsewhere.send(forms()).await.unwrap_err();
    assert!(matches!(error, HubError::Refused { .. }), "{error}");
}

#[tokio::test]
async fn what_may_help_is_tried_again_and_a_push_is_not_sent_twice() {
    let elsewhere = Elsewhere::start().await;
    let one = || vec![form(HubPlatform::Windows, "1")];
    let count = || elsewhere.server.asked().len();
    // Not begun: tried again.
    elsewhere.server.will(429, &[("retry-after", "0")], "");
    elsewhere.server.will(503, &[("retry-after", "0")], "");
    assert_eq!(elsewhere.send(one()).await.unwrap().len(), 1);
    assert_eq!(count(), 3);
    // It may have been sent: not again.
    elsewhere.server.will(500, &[], "");
    let error = elsewhere.send(one()).await.unwrap_err();
    assert!(
        matches!(
            error,
            HubError::Remote {
                transient: true,
                ..
            }
        ),
        "{error}"
    );
    assert_eq!(count(), 1);
    // A put may be repeated.
    elsewhere.server.will(500, &[("retry-after", "0")], "");
    elsewhere
        .hub
        .upsert(device(Platform::Apns, "abcd"))
        .await
        .unwrap();
    assert_eq!(count(), 2);
    // Whoever wants a long pause gets it from the sender.
    elsewhere.server.will(429, &[("retry-after", "30")], "");
    let error = elsewhere.send(one()).await.unwrap_err().to_string();
    assert!(error.contains("in 30 s"), "{error}");
    assert_eq!(count(), 1);
    // Nor is waited until nothing is known but that the time is over.
    for _ in 0..2 {
        elsewhere.server.will(429, &[("retry-after", "2")], "");
    }
    let error = elsewhere.send(one()).await.unwrap_err();
    assert!(error.to_string().contains("in 2 s"), "{error}");
    assert!(!error.is_in_doubt(), "{error}");
    assert_eq!(count(), 2);
    for _ in 0..3 {
        elsewhere.server.will(503, &[("retry-after", "0")], "");
    }
    assert!(elsewhere.send(one()).await.is_err());
    assert_eq!(count(), 3);
}

#[tokio::test]
async fn no_redirect_is_followed_and_no_answer_read_without_bound() {
    let elsewhere = Elsewhere::start().await;
    let target = format!("http://{}/evil", elsewhere.address);
    elsewhere.server.will(307, &[("location", &target)], "");
    let one = || vec![form(HubPlatform::Windows, "1")];
    let error = elsewhere.send(one()).await.unwrap_err().to_string();
    assert!(error.contains("not followed"), "{error}");
    assert_eq!(elsewhere.server.asked().len(), 1);
    let endless = format!("<Error><Detail>{}", "x".repeat(1024 * 1024));
    elsewhere.server.will(400, &[], &endless);
    let error = elsewhere.send(one()).await.unwrap_err().to_string();
    assert!(error.len() < 500, "{}", error.len());
    for location in [
        "",
        "/x",
        "https://x/hub/messages/../../etc",
        "https://x/messages/",
    ] {
        elsewhere.server.will(201, &[("location", location)], "");
        let sent = elsewhere.send(one()).await.unwrap();
        assert_eq!(sent[0].2, None, "{location}");
    }
}

#[tokio::test]
async fn a_handle_stands_in_no_error() {
    let elsewhere = Elsewhere::start().await;
    let handle = "https://db5.notify.windows.com/?token=very-secret";
    let body = format!("<Error><Detail>The channel {handle} is bad</Detail></Error>");
    elsewhere.server.will(400, &[], &body);
    let error = elsewhere
        .hub
        .upsert(device(Platform::Wns, handle))
        .await
        .unwrap_err();
    assert!(!error.to_string().contains("very-secret"), "{error}");
    assert!(error.to_string().contains("400"), "{error}");
}

#[tokio::test]
async fn where_one_platform_may_have_been_sent_the_sender_hears_of_that_one() {
    let elsewhere = Elsewhere::start().await;
    let forms = || {
        vec![
            form(HubPlatform::Windows, "1"),
            form(HubPlatform::Apple, "{}"),
        ]
    };
    // Whichever of the two comes first.
    let partner = "<Error><Detail>contoso.example is not an allowed partner</Detail></Error>";
    elsewhere.server.will(403, &[], partner);
    elsewhere.server.will(500, &[], "");
    let error = elsewhere.send(forms()).await.unwrap_err();
    assert!(error.is_in_doubt(), "{error}");
    elsewhere.server.will(403, &[], partner);
    elsewhere.server.will(403, &[], partner);
    let error = elsewhere.send(forms()).await.unwrap_err();
    assert!(!error.is_in_doubt(), "{error}");
}
