//! Tokens: whose are taken, for what, and what the others are told.

use reqwest::Method;
use secrecy::SecretString;

use super::{FULL, HOUR, Hub, LISTEN, SEND, detail, windows};
use crate::emulator::tests::{header, pass, send};
use crate::wire::notification_hub::SasKey;
use secrecy::ExposeSecret as _;

const ID: &str = "/handset/registrationids";

/// What a request with this token is told.
async fn told(hub: &Hub, token: &str) -> String {
    let request = hub.unsigned(Method::POST, ID).header("authorization", token);
    let answer = send(request).await;
    assert!(header(&answer, "www-authenticate").starts_with("SharedAccessSignature"));
    detail(answer, 401).await
}

#[tokio::test]
async fn each_bad_token_is_told_what_is_wrong_with_it() {
    let hub = Hub::open().await;
    let answer = send(hub.unsigned(Method::POST, ID)).await;
    assert!(detail(answer, 401).await.starts_with("MissingToken: "));
    for odd in [
        "SharedAccessSignature",
        "SharedAccessSignature sr=x",
        "SharedAccessSignature sr=x&sig=y&se=soon&skn=z",
        "Basic YWxpY2U6YWxpY2U=",
        "Bearer x",
        &format!("SharedAccessSignature sr={}", "x".repeat(20_000)),
    ] {
        let told = told(&hub, odd).await;
        assert!(told.starts_with("MalformedToken: "), "{told}");
    }
    let good = hub.token(FULL, "/");
    let forged = "InvalidSignature: The token has an invalid signature.";
    for (from, to) in [(FULL, "nobody"), (FULL, LISTEN), ("se=1", "se=2")] {
        assert_eq!(told(&hub, &good.replace(from, to)).await, forged);
    }
    let stranger = SasKey {
        name: FULL.to_owned(),
        key: SecretString::from("another"),
    };
    let strange = stranger.token(&hub.url("/"), hub.0.clock().now(), HOUR);
    assert_eq!(told(&hub, strange.expose_secret()).await, forged);
    for path in ["/handset/registrations", "/other", "/hand", "/handset/registrationids/x"] {
        let told = told(&hub, &hub.token(FULL, path)).await;
        assert!(told.starts_with("InvalidAudience: "), "{path}: {told}");
    }
    let elsewhere = url::Url::parse("https://elsewhere.example/handset").unwrap();
    let elsewhere = hub.key(FULL).token(&elsewhere, hub.0.clock().now(), HOUR);
    assert!(told(&hub, elsewhere.expose_secret()).await.starts_with("InvalidAudience: "));
    let twice = hub.unsigned(Method::POST, ID);
    let twice = twice.header("authorization", &good).header("authorization", &good);
    assert!(detail(send(twice).await, 401).await.starts_with("MalformedToken: "));

    let request = || hub.unsigned(Method::POST, ID).header("authorization", &good);
    assert_eq!(send(request()).await.status(), 201);
    pass(HOUR).await;
    assert!(told(&hub, &good).await.starts_with("ExpiredToken: "));
    hub.close().await;
}

#[tokio::test]
async fn a_rule_opens_what_its_claims_say() {
    let hub = Hub::open().await;
    let (listen, manage) = ("Listen claim is required", "Manage claim is required");
    for (method, path, rule, needed) in [
        (Method::POST, "registrationids", SEND, listen),
        (Method::POST, "registrations", SEND, listen),
        (Method::GET, "registrations/1", SEND, listen),
        (Method::PUT, "registrations/1", SEND, listen),
        (Method::DELETE, "registrations/1", SEND, listen),
        (Method::GET, "registrations?$filter=ChannelUri+eq+'x'", SEND, listen),
        (Method::PUT, "installations/1", SEND, listen),
        (Method::GET, "installations/1", SEND, listen),
        (Method::PATCH, "installations/1", SEND, listen),
        (Method::DELETE, "installations/1", SEND, listen),
        (Method::GET, "registrations", LISTEN, manage),
        (Method::GET, "registrations", SEND, manage),
        (Method::GET, "tags/a/registrations", LISTEN, manage),
        (Method::GET, "tags/a/registrations", SEND, manage),
        (Method::GET, "jobs", SEND, manage),
    ] {
        let answer = send(hub.ask(rule, method, path)).await;
        let told = detail(answer, 401).await;
        assert!(told.starts_with(needed), "{path}: {told}");
    }
    for (method, path) in [
        (Method::POST, "messages/"),
        (Method::POST, "messages/$batch?direct"),
        (Method::POST, "schedulednotifications/"),
        (Method::DELETE, "schedulednotifications/1"),
        (Method::GET, "messages/1"),
    ] {
        let answer = send(hub.ask(LISTEN, method, path)).await;
        assert_eq!(answer.status(), 403, "{path}");
        assert!(!header(&answer, "trackingid").is_empty());
        assert_eq!(answer.text().await.unwrap(), "", "{path}");
    }
    let body = windows("https://db5p.notify.windows.com/w/?token=a", "a");
    let made = hub.ask(LISTEN, Method::POST, "registrations").body(body);
    assert_eq!(send(made).await.status(), 200);
    let filter = "registrations?$filter=ChannelUri+eq+'x'";
    assert_eq!(send(hub.ask(LISTEN, Method::GET, filter)).await.status(), 200);
    assert_eq!(send(hub.ask(SEND, Method::GET, "messages/1")).await.status(), 404);
    hub.close().await;
}

#[tokio::test]
async fn a_hub_that_is_not_there_is_told_from_no_hub_at_all() {
    let hub = Hub::open().await;
    let signed = |path: &str| {
        let request = hub.unsigned(Method::POST, path);
        request.header("authorization", hub.token(FULL, "/"))
    };
    for path in ["/elsewhere/messages/", "/handset2", "/a/b/c"] {
        let told = detail(send(signed(path)).await, 404).await;
        assert_eq!(told, "No service is hosted at the specified address.");
        let plain = send(hub.unsigned(Method::POST, path)).await;
        assert_eq!(plain.status(), 404);
        assert_eq!(plain.text().await.unwrap(), "");
    }
    // The name is read in any case, and so is the rest.
    for path in ["/HandSet/RegistrationIDs", "/handset/registrationids/", "/h%61ndset/registrationids"] {
        assert_eq!(send(signed(path)).await.status(), 201, "{path}");
    }
    for (path, allow) in [("registrations/1", "GET, PUT, DELETE"), ("messages/1", "GET")] {
        let answer = send(hub.ask(FULL, Method::POST, path)).await;
        assert_eq!(header(&answer, "allow"), allow);
        detail(answer, 405).await;
    }
    detail(send(hub.get("nothing")).await, 404).await;
    for path in ["jobs", "feedbackcontainer"] {
        detail(send(hub.get(path)).await, 501).await;
    }
    hub.close().await;
}

#[tokio::test]
async fn every_answer_carries_the_names_of_its_request() {
    let hub = Hub::open().await;
    for (path, status) in [("registrations", 200), ("registrations/none", 404), ("x", 404)] {
        let answer = send(hub.get(path).header("TrackingId", "mine-1")).await;
        assert_eq!(answer.status(), status);
        assert_eq!(header(&answer, "trackingid"), "mine-1");
        assert_eq!(header(&answer, "x-ms-correlation-request-id").len(), 36);
        let answer = send(hub.get(path).header("TrackingId", "<mine>")).await;
        assert_eq!(header(&answer, "trackingid").len(), 36);
    }
    hub.close().await;
}
