//! What several test binaries need.

pub(crate) mod apns;
pub(crate) mod cut;
pub(crate) mod fcm;
pub(crate) mod front;
pub(crate) mod puppet;
pub(crate) mod push_server;
pub(crate) mod wns;

use std::time::Duration;

use handset::lab::Phone;
use handset::telemetry::{Event, EventName};

/// How long anything may take here, on a machine that does something else as well.
pub(crate) const LIMIT: Duration = Duration::from_secs(15);

/// How often [`eventually`] looks.
const LOOK: Duration = Duration::from_millis(5);

/// Waits until `condition` holds.
pub(crate) async fn eventually(what: &str, condition: impl FnMut() -> bool) {
    eventually_within(LIMIT, what, condition).await;
}

/// Waits until `condition` holds, at most `limit`.
pub(crate) async fn eventually_within(
    limit: Duration,
    what: &str,
    mut condition: impl FnMut() -> bool,
) {
    let wait = async {
        while !condition() {
            tokio::time::sleep(LOOK).await;
        }
    };
    let done = tokio::time::timeout(limit, wait).await;
    assert!(done.is_ok(), "in vain: {what}");
}

/// Waits until `question` has an answer.
pub(crate) async fn eventually_some<T>(
    what: &str,
    mut question: impl AsyncFnMut() -> Option<T>,
) -> T {
    let ask = async {
        loop {
            if let Some(answer) = question().await {
                return answer;
            }
            tokio::time::sleep(LOOK).await;
        }
    };
    let answer = tokio::time::timeout(LIMIT, ask).await;
    answer.unwrap_or_else(|_| panic!("in vain: {what}"))
}

/// The next toast that shows a payload. A kill may repeat the toasts of the last milliseconds before
/// it, also the one that asks to sign in.
pub(crate) async fn next_payload(phone: &Phone) -> String {
    loop {
        let toast = phone.next_toast(LIMIT).await.unwrap();
        if !toast.asks_to_sign_in() {
            return toast.body;
        }
    }
}

/// The events of one name, so far.
pub(crate) fn events_of(phone: &Phone, name: EventName) -> Vec<Event> {
    let mut events = phone.events();
    events.retain(|event| event.event == name);
    events
}

/// Waits for a `push.dropped` with this reason.
pub(crate) async fn dropped_because(phone: &Phone, reason: &str) -> Event {
    let dropped = phone
        .wait_for(reason, LIMIT, |event| {
            event.event == EventName::PushDropped && event.text("reason") == Some(reason)
        })
        .await;
    dropped.unwrap()
}

/// Waits for the `count`-th event of this name.
pub(crate) async fn nth_event(phone: &Phone, name: EventName, count: usize) -> Event {
    let what = format!("{name:?} number {count}");
    eventually(&what, || events_of(phone, name).len() >= count).await;
    events_of(phone, name).swap_remove(count - 1)
}
