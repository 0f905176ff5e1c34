//! Telemetry: what became of a send.

use std::time::Duration;

use super::sends::taken;
use super::{Hub, detail, element, text, windows};
use crate::emulator::tests::{header, send};

/// The telemetry once the send is over.
async fn over(hub: &Hub, id: &str) -> String {
    let path = format!("messages/{id}?api-version=2020-06");
    let over = async {
        loop {
            let answer = send(hub.get(&path)).await;
            assert_eq!(header(&answer, "content-type"), "application/xml; charset=utf-8");
            let body = text(answer, 200).await;
            if !matches!(element(&body, "State"), "Enqueued" | "Processing") {
                return body;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), over).await.unwrap()
}

#[tokio::test]
async fn it_counts_outcomes_and_names_what_was_sent() {
    let hub = Hub::open().await;
    let (mut device, _) = hub.windows("one").await;
    let gone = hub.url("/w/?token=error-410").to_string();
    text(hub.put("gone", windows(&gone, "one")).await, 200).await;
    let to = |tags: &str| hub.raw("messages/").header("ServiceBusNotification-Tags", tags);
    let id = taken(send(to("one && !two").body("{\"hello\":1}")).await).await;
    let body = over(&hub, &id).await;
    assert_eq!(element(&body, "State"), "Completed", "{body}");
    assert_eq!(element(&body, "NotificationId"), id);
    assert_eq!(element(&body, "NotificationBody"), "{\"hello\":1}");
    assert_eq!(element(&body, "Tags"), "one &amp;&amp; !two");
    assert!(element(&body, "Location").contains(&format!("/handset/messages/{id}?")), "{body}");
    let counts = element(&body, "WnsOutcomeCounts");
    assert!(counts.contains("<Name>Success</Name><Count>1</Count>"), "{counts}");
    assert!(counts.contains("<Name>ExpiredChannel</Name><Count>1</Count>"), "{counts}");
    device.hear().await;
    assert_eq!(detail(send(hub.get("registrations/gone")).await, 404).await, "");

    let id = taken(send(to("nobody").body("x")).await).await;
    assert_eq!(element(&over(&hub, &id).await, "State"), "NoTargetFound");
    assert_eq!(detail(send(hub.get("messages/nothing")).await, 404).await, "");
    hub.close().await;
}
