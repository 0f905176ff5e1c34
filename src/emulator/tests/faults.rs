//! Nothing that was answered *received* is lost, whatever the connection does.

use std::collections::HashSet;
use std::time::Duration;

use futures_util::stream::{self, StreamExt as _};
use serde_json::json as value;

use super::wns::{outcome, raw, token};
use super::{Device, LIMIT, client, header, pass, send, start, start_simulated};
use crate::emulator::{DropRule, TraceStep};

#[tokio::test]
async fn every_received_push_arrives_across_reconnects_and_the_sum_holds() {
    let services = start().await;
    let token = token(&services).await;
    let (mut device, handle, uaid) = Device::registered(&services, "wns").await;
    let client = client();
    let push = |n: u32| {
        let request = client
            .post(&handle)
            .bearer_auth(&token)
            .header("x-wns-type", "wns/raw")
            .header("content-type", "application/octet-stream")
            .body(n.to_string());
        async move {
            let answer = send(request).await;
            let received = header(&answer, "x-wns-status") == "received";
            received.then(|| header(&answer, "x-wns-msg-id").to_owned())
        }
    };
    let sending = async {
        let answers: Vec<_> = stream::iter(0..200)
            .map(push)
            .buffer_unordered(4)
            .collect()
            .await;
        answers.into_iter().flatten().collect::<HashSet<_>>()
    };
    let mut heard = HashSet::new();
    let listening = async {
        // Each socket but the last is dropped in the middle, with pushes on their way.
        for taken in [1, 7, 12, 3] {
            for _ in 0..taken {
                let push = device.hear().await;
                heard.insert(push["version"].as_str().unwrap().to_owned());
                device.ack(&push).await;
            }
            device = Device::greet(&services, Some(&uaid)).await.0;
        }
    };
    let (received, ()) = tokio::join!(sending, listening);
    while !received.is_subset(&heard) {
        let push = device.hear().await;
        heard.insert(push["version"].as_str().unwrap().to_owned());
        device.ack(&push).await;
    }
    device.hears_nothing().await;
    // An answer to this comes from the database once the last acks are in it.
    services.expire_registrations().await.unwrap();
    let counts = services.trace().counts();
    assert_eq!(counts.received, received.len() as u64);
    assert_eq!(counts.received + counts.dropped, 200);
    assert_eq!(counts.acknowledged, counts.received);
    services.shutdown().await;
}

#[tokio::test]
async fn what_expires_and_what_is_given_back_stands_in_the_log() {
    let services = start_simulated().await;
    let token = token(&services).await;
    let (device, handle, uaid) = Device::registered(&services, "wns").await;
    device.leave(&services).await;
    let kept = || raw(&handle, &token, "x").header("x-wns-cache-policy", "cache");
    assert_eq!(outcome(kept().header("x-wns-ttl", "60")).await, "received");
    pass(Duration::from_secs(61)).await;
    let expired = TraceStep::Dropped(DropRule::Expired);
    let swept = async {
        while services.trace().entries().last().unwrap().step != expired {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(LIMIT, swept)
        .await
        .expect("it is swept");
    assert_eq!(outcome(kept()).await, "received");
    let (mut device, _) = Device::greet(&services, Some(&uaid)).await;
    let push = device.hear().await;
    device
        .say(&value!({"messageType": "unregister", "channelID": push["channelID"]}))
        .await;
    assert_eq!(device.hear().await["status"], 200);
    let steps: Vec<_> = services
        .trace()
        .of(push["version"].as_str().unwrap())
        .iter()
        .map(|entry| entry.step)
        .collect();
    let gone = TraceStep::Dropped(DropRule::Unregistered);
    assert_eq!(steps, [TraceStep::Received, TraceStep::Delivered, gone]);
    services.shutdown().await;
}
