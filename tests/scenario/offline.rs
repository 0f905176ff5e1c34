//! The platform's offline rule: what comes while the phone is off is dropped, and the sender knows;
//! with `cache` the newest one is kept.

use handset::emulator::{DropRule, TraceStep};
use handset::lab::Lab;
use handset::wire::app_backend::DeliveryOutcome;
use handset::wire::wns;

use crate::support::wns::WnsSender;
use crate::support::{LIMIT, eventually};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_phone_that_is_off_gets_the_newest_cached_push_and_no_other() {
    let lab = Lab::start().await.unwrap();
    let phone = lab.device("phone").user("alice").start().await.unwrap();
    let sender = WnsSender::to(&lab, &phone).await;
    assert_eq!(phone.turn_off().await, 0);
    eventually("the socket is closed", || {
        lab.services().connected_devices() == 0
    })
    .await;

    let mut ids = Vec::new();
    for text in ["first", "second", "third"] {
        let sent = lab.backend().send_secure("alice", text).await.unwrap();
        assert_eq!(sent.deliveries[0].outcome, DeliveryOutcome::Dropped);
        ids.push(sent.id.unwrap());
    }
    let cache = [
        (wns::CACHE_POLICY, "cache"),
        (wns::REQUEST_FOR_STATUS, "true"),
    ];
    let mut messages = Vec::new();
    for id in &ids {
        let answer = sender.post("wns/raw", id.as_str(), &cache).await;
        assert_eq!(answer.status, "received");
        messages.push(answer.message);
    }
    for replaced in &messages[..2] {
        let end = lab.services().trace().of(replaced).pop().unwrap();
        assert_eq!(end.step, TraceStep::Dropped(DropRule::Superseded));
    }

    let phone = lab.resume("phone").await.unwrap();
    assert_eq!(phone.next_toast(LIMIT).await.unwrap().body, "third");
    eventually("it is acknowledged", || {
        lab.services().trace().counts().acknowledged == 1
    })
    .await;
    assert_eq!(phone.shown_toasts().len(), 1);
    lab.finish().await.unwrap();
}
