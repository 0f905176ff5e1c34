//! What is stored and pushed belongs together, whether or not its sender waits for it.

use axum::http::Method;
use futures_util::FutureExt as _;
use serde_json::Value;
use tokio::sync::Semaphore;

use super::{Asked, Bench, Scripted, json};
use crate::emulator::hub::HubError;

async fn slow() -> Bench {
    Bench::with(Scripted {
        gate: Some(Semaphore::new(0)),
        ..Scripted::default()
    })
    .await
}

/// Begins a request, and hangs up as soon as what it asked for is stored.
async fn hang_up(bench: &Bench, path: &str, body: &str, table: &'static str) {
    let mut asking = Box::pin(bench.ask(Method::POST, path, "alice", body.to_owned()));
    let count = format!("SELECT count(*) FROM {table}");
    let stored = || {
        let count = count.clone();
        let store = &bench.backend.store;
        async move {
            store
                .read(move |c| c.query_row(&count, [], |row| row.get::<_, i64>(0)))
                .await
        }
    };
    while stored().await.unwrap() == 0 {
        assert!((&mut asking).now_or_never().is_none());
    }
    drop(asking);
}

/// Waits until the hub, which is let go on, was asked.
async fn asked(bench: &Bench) -> Vec<Asked> {
    bench.hub.gate.as_ref().unwrap().add_permits(1);
    loop {
        let asked = bench.hub.asked();
        if !asked.is_empty() {
            return asked;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_sender_that_hangs_up_leaves_nothing_half_pushed() {
    for (path, body, table) in [
        ("/api/notifications", r#"{"payload":"p"}"#, "notification"),
        ("/tables/TodoItem", r#"{"text":"milk"}"#, "todo_item"),
    ] {
        let bench = slow().await;
        hang_up(&bench, path, body, table).await;
        let pushed = tokio::time::timeout(std::time::Duration::from_secs(10), asked(&bench));
        assert_eq!(pushed.await.unwrap(), [Asked::Sent(4)], "{path}");
    }
    let bench = slow().await;
    let toast = "/api/notifications?pns=wns&to_tag=bob";
    let mut asking = Box::pin(bench.ask(Method::POST, toast, "alice", r#""hi""#.to_owned()));
    while bench.backend.places.available_permits() == super::super::pushing::MOST_UNDER_WAY {
        assert!((&mut asking).now_or_never().is_none());
        tokio::task::yield_now().await;
    }
    drop(asking);
    let pushed = tokio::time::timeout(std::time::Duration::from_secs(10), asked(&bench));
    assert_eq!(pushed.await.unwrap(), [Asked::Sent(1)]);
}

#[tokio::test]
async fn a_payload_is_taken_back_also_behind_a_sender_that_hung_up() {
    let bench = slow().await;
    bench.hub.refuse(Some(|| HubError::Full("sends")));
    let body = r#"{"payload":"p"}"#;
    hang_up(&bench, "/api/notifications", body, "notification").await;
    bench.hub.gate.as_ref().unwrap().add_permits(1);
    let gone = async {
        loop {
            let path = "/api/notifications?unread=true";
            let unread = bench.ask(Method::GET, path, "alice", String::new()).await;
            if json(unread).await == Value::Array(Vec::new()) {
                return;
            }
        }
    };
    let gone = tokio::time::timeout(std::time::Duration::from_secs(10), gone);
    gone.await.unwrap();
}
