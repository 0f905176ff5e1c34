//! Web Push endpoints, answer by answer as a real autopush server was recorded.

use std::time::Duration;

use reqwest::{RequestBuilder, Response};
use serde_json::{Value, json as value};

use super::device::content;
use super::{Device, Services, client, header, json, pass, send, start, start_simulated, url};

fn push_for(endpoint: &str, ttl: &str, body: &str) -> RequestBuilder {
    client()
        .post(endpoint)
        .header("ttl", ttl)
        .header("content-encoding", "aes128gcm")
        .body(body.to_owned())
}

fn push(endpoint: &str, body: &str) -> RequestBuilder {
    push_for(endpoint, "60", body)
}

async fn plain(services: &Services) -> (Device, String, String) {
    let (mut device, uaid) = Device::greet(services, None).await;
    let answer = device.register(value!({})).await;
    (
        device,
        answer["pushEndpoint"].as_str().unwrap().to_owned(),
        uaid,
    )
}

async fn created(request: RequestBuilder) -> Response {
    let answer = send(request).await;
    assert_eq!(answer.status(), 201);
    answer
}

async fn refused(request: RequestBuilder) -> (u16, Value, String) {
    let answer = send(request).await;
    let status = answer.status().as_u16();
    let body = json(answer).await;
    assert_eq!(body["code"], status);
    let message = body["message"].as_str().unwrap().to_owned();
    (status, body["errno"].clone(), message)
}

#[tokio::test]
async fn a_plain_client_hears_no_more_than_from_autopush() {
    let services = start().await;
    let (mut device, endpoint, _) = plain(&services).await;
    let answer = created(push(&endpoint, "raw-id-12345")).await;
    assert_eq!(header(&answer, "ttl"), "60");
    let heard = device.hear().await;
    let version = heard["version"].as_str().unwrap();
    assert_eq!(
        header(&answer, "location"),
        url(&services, &format!("m/{version}"))
    );
    assert_eq!(heard["headers"], value!({"encoding": "aes128gcm"}));
    assert_eq!(content(&heard), "raw-id-12345");
    let bare = client().post(&endpoint).header("ttl", "60");
    created(bare).await;
    let heard = device.hear().await;
    assert!(
        heard.get("data").is_none() && heard.get("headers").is_none(),
        "{heard}"
    );
    services.shutdown().await;
}

#[tokio::test]
async fn bad_requests_are_answered_with_their_numbers() {
    let services = start().await;
    let (mut device, endpoint, _) = plain(&services).await;
    let post = || client().post(&endpoint).body("x");
    let encoded = || post().header("content-encoding", "aes128gcm");
    assert_eq!(
        refused(encoded()).await,
        (400, 111.into(), "Missing TTL value".to_owned())
    );
    assert_eq!(refused(encoded().header("ttl", "-1")).await.1, 114);
    assert_eq!(refused(post().header("ttl", "60")).await.1, 110);
    assert_eq!(
        refused(push(&endpoint, "x").header("topic", "a b!"))
            .await
            .1,
        113
    );
    let large = "x".repeat(5631);
    assert_eq!(refused(push(&endpoint, &large)).await.0, 413);
    assert_eq!(refused(push(&endpoint, &"x".repeat(200_000))).await.1, 104);
    let bogus = send(push(&url(&services, "wpush/v1/junk"), "x")).await;
    assert_eq!(
        (bogus.status().as_u16(), bogus.content_length()),
        (404, Some(0))
    );
    let get = send(client().get(&endpoint)).await;
    assert_eq!(
        (get.status().as_u16(), header(&get, "allow")),
        (405, "POST")
    );
    device.hears_nothing().await;
    created(push(&endpoint, &large[1..])).await;
    services.shutdown().await;
}

#[tokio::test]
async fn a_key_makes_an_endpoint_that_wants_vapid() {
    let services = start().await;
    let (mut device, _) = Device::greet(&services, None).await;
    let key =
        "BBO5r087l4d3kxx9INyRenewaA5WOWiaSFqy77UXN7ZRVxr3gNtyWePCjUbOerY1xUUcUFCtVoT5vdElIxTLlCc";
    let answer = device.register(value!({"key": key})).await;
    let endpoint = answer["pushEndpoint"].as_str().unwrap();
    assert!(endpoint.contains("/wpush/v2/"), "{endpoint}");
    let (status, errno, message) = refused(push(endpoint, "x")).await;
    assert_eq!((status, errno), (401, 109.into()));
    assert_eq!(message, "Missing VAPID public key");
    services.shutdown().await;
}

#[tokio::test]
async fn stored_messages_come_topics_first_and_ten_at_a_time() {
    let services = start().await;
    let (device, endpoint, uaid) = plain(&services).await;
    device.leave(&services).await;
    created(push_for(&endpoint, "0", "lost")).await;
    for n in 0..12 {
        created(push(&endpoint, &format!("m{n:02}"))).await;
    }
    for topic in ["old", "new"] {
        created(push(&endpoint, topic).header("topic", "t")).await;
    }
    let (mut device, _) = Device::greet(&services, Some(&uaid)).await;
    let topic = device.hear().await;
    assert_eq!(content(&topic), "new");
    device.hears_nothing().await;
    device.ack(&topic).await;
    let mut batch = Vec::new();
    for _ in 0..10 {
        batch.push(device.hear().await);
    }
    assert_eq!(content(&batch[9]), "m09");
    device.hears_nothing().await;
    for message in &batch {
        device.ack(message).await;
    }
    assert_eq!(content(&device.hear().await), "m10");
    assert_eq!(content(&device.hear().await), "m11");
    services.shutdown().await;
}

#[tokio::test]
async fn a_sender_may_delete_what_was_not_delivered() {
    let services = start().await;
    let (device, endpoint, uaid) = plain(&services).await;
    device.leave(&services).await;
    let answer = created(push(&endpoint, "deleted")).await;
    let location = header(&answer, "location");
    for _ in 0..2 {
        assert_eq!(send(client().delete(location)).await.status(), 204);
    }
    let (status, errno, message) = refused(client().delete(url(&services, "m/junk"))).await;
    assert_eq!((status, errno), (400, Value::Null));
    assert_eq!(message, "Invalid message ID");
    let (mut device, _) = Device::greet(&services, Some(&uaid)).await;
    device.hears_nothing().await;
    services.shutdown().await;
}

#[tokio::test]
async fn an_unregistered_channel_is_gone() {
    let services = start().await;
    let (mut device, uaid) = Device::greet(&services, None).await;
    let answer = device.register(value!({})).await;
    let endpoint = answer["pushEndpoint"].as_str().unwrap();
    let unregister =
        value!({"messageType": "unregister", "channelID": answer["channelID"], "code": 200});
    for _ in 0..2 {
        device.say(&unregister).await;
        assert_eq!(device.hear().await["status"], 200);
    }
    let gone = send(push(endpoint, "x")).await;
    assert_eq!(gone.status(), 410);
    assert_eq!(header(&gone, "cache-control"), "max-age=86400");
    assert_eq!(json(gone).await["errno"], 106);
    let (_device, again) = Device::greet(&services, Some(&uaid)).await;
    assert_eq!(again, uaid);
    services.shutdown().await;
}

#[tokio::test]
async fn too_many_stored_messages_make_the_device_begin_anew() {
    let services = start().await;
    let (device, endpoint, uaid) = plain(&services).await;
    device.leave(&services).await;
    let client = client();
    for _ in 0..155 {
        let request = client.post(&endpoint).header("ttl", "60");
        assert_eq!(send(request).await.status(), 201);
    }
    let (mut device, again) = Device::greet(&services, Some(&uaid)).await;
    assert_ne!(again, uaid);
    device.hears_nothing().await;
    assert_eq!(
        send(client.post(&endpoint).header("ttl", "60"))
            .await
            .status(),
        410
    );
    let counts = services.trace().counts();
    assert_eq!((counts.received, counts.dropped), (151, 155), "{counts:?}");
    services.shutdown().await;
}

#[tokio::test]
async fn a_stored_message_expires() {
    let services = start_simulated().await;
    let (device, endpoint, uaid) = plain(&services).await;
    device.leave(&services).await;
    created(push(&endpoint, "short")).await;
    let long = created(push_for(&endpoint, "99999999999", "long")).await;
    assert_eq!(header(&long, "ttl"), "2592000");
    pass(Duration::from_secs(61)).await;
    let (mut device, _) = Device::greet(&services, Some(&uaid)).await;
    assert_eq!(content(&device.hear().await), "long");
    device.hears_nothing().await;
    services.shutdown().await;
}
