//! The backend fails between the push and the fetch: the push is tried again or dropped with the
//! reason, and the phone goes on.

use handset::lab::{Lab, Phone};
use handset::telemetry::EventName;

use crate::support::front::{Answer, Front};
use crate::support::{LIMIT, dropped_because, events_of, eventually};

async fn phone_behind(lab: &Lab, front: &Front) -> Phone {
    let device = lab.device("phone").user("alice").backend(front.url());
    device.start().await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_may_pass_is_tried_again() {
    let lab = Lab::start().await.unwrap();
    let front = Front::before(&lab).await;
    let phone = phone_behind(&lab, &front).await;
    for answer in [
        Answer::Status(500),
        Answer::Status(502),
        Answer::RetryAfter("0"),
        Answer::Status(429),
        Answer::RedirectTo("http://elsewhere.example/api/notifications/1"),
    ] {
        let before = events_of(&phone, EventName::PushRetry).len();
        front.next(answer.clone());
        lab.backend()
            .send_secure("alice", "in the end")
            .await
            .unwrap();
        assert_eq!(phone.next_toast(LIMIT).await.unwrap().body, "in the end");
        let retries = events_of(&phone, EventName::PushRetry);
        assert_eq!(retries.len(), before + 1, "{answer:?}: {retries:#?}");
    }
    assert!(events_of(&phone, EventName::PushDropped).is_empty());
    lab.finish().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn retry_after_is_kept() {
    let lab = Lab::start().await.unwrap();
    let front = Front::before(&lab).await;
    let phone = phone_behind(&lab, &front).await;
    front.next(Answer::RetryAfter("1"));
    lab.backend()
        .send_secure("alice", "a second later")
        .await
        .unwrap();
    let retry = phone.event(EventName::PushRetry, LIMIT).await.unwrap();
    assert_eq!(retry.fields["retry_in_ms"], 1000);
    assert_eq!(
        phone.next_toast(LIMIT).await.unwrap().body,
        "a second later"
    );
    let shown = phone.event(EventName::ToastShown, LIMIT).await.unwrap();
    assert!(shown.ts.duration_since(retry.ts).as_millis() >= 999);
    lab.finish().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_will_never_do_is_dropped_with_the_reason() {
    let lab = Lab::start().await.unwrap();
    let front = Front::before(&lab).await;
    let phone = phone_behind(&lab, &front).await;
    let huge = format!("{{\"Id\":\"1\",\"Payload\":\"{}\"}}", "x".repeat(200_000));
    for (answer, reason) in [
        (
            Answer::Body("<html>hello</html>".into()),
            "payload_unusable",
        ),
        (Answer::Body("{}".into()), "payload_unusable"),
        (Answer::Body("{\"Id\":1}".into()), "payload_unusable"),
        (Answer::Body("[".repeat(10_000)), "payload_unusable"),
        (
            Answer::Body("{\"Id\":\"another\",\"Payload\":\"not mine\"}".into()),
            "payload_unusable",
        ),
        (Answer::Body(huge), "payload_unusable"),
        (Answer::Status(400), "payload_unusable"),
        (Answer::Status(404), "payload_gone"),
        (Answer::Status(410), "payload_gone"),
    ] {
        let before = events_of(&phone, EventName::PushDropped).len();
        front.next(answer.clone());
        lab.backend()
            .send_secure("alice", "never shown")
            .await
            .unwrap();
        eventually("it is dropped", || {
            events_of(&phone, EventName::PushDropped).len() > before
        })
        .await;
        let dropped = events_of(&phone, EventName::PushDropped).pop().unwrap();
        assert_eq!(dropped.text("reason"), Some(reason), "{dropped:?}");
        assert!(
            dropped
                .text("detail")
                .is_some_and(|detail| detail.len() < 500)
        );
    }
    assert!(phone.shown_toasts().is_empty());
    lab.backend()
        .send_secure("alice", "still here")
        .await
        .unwrap();
    assert_eq!(phone.next_toast(LIMIT).await.unwrap().body, "still here");
    lab.finish().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backend_that_is_down_is_waited_for() {
    let lab = Lab::start().await.unwrap();
    let front = Front::before(&lab).await;
    let phone = phone_behind(&lab, &front).await;
    let address = front.address();
    drop(front);
    lab.backend()
        .send_secure("alice", "after the repair")
        .await
        .unwrap();
    let retry = phone.event(EventName::PushRetry, LIMIT).await.unwrap();
    assert_eq!(retry.text("reason"), Some("backend_unreachable"));
    let _front = Front::at(&lab, address).await;
    assert_eq!(
        phone.next_toast(LIMIT).await.unwrap().body,
        "after the repair"
    );
    lab.finish().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backend_that_does_not_answer_uses_up_the_budget_and_no_more() {
    let lab = Lab::start().await.unwrap();
    let front = Front::before(&lab).await;
    front.always(Answer::Gate);
    let device = lab.device("phone").user("alice").backend(front.url());
    let device = device.adjust(|options| {
        options.budgets.wns = std::time::Duration::from_millis(100);
        options.budgets.grace = std::time::Duration::from_millis(50);
    });
    let phone = device.start().await.unwrap();
    lab.backend()
        .send_secure("alice", "too slow")
        .await
        .unwrap();
    dropped_because(&phone, "execution_time_exceeded").await;
    assert_eq!(events_of(&phone, EventName::TaskCanceled).len(), 3);
    front.open_gate();
    lab.backend()
        .send_secure("alice", "fast again")
        .await
        .unwrap();
    assert_eq!(phone.next_toast(LIMIT).await.unwrap().body, "fast again");
    lab.finish().await.unwrap();
}
