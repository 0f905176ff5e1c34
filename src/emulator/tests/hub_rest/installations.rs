//! Installations: put, read, patched, deleted.

use reqwest::Method;
use serde_json::{Value, json};

use super::{FULL, Hub, detail, text};
use crate::emulator::tests::{header, send};

const CHANNEL: &str = "https://db5p.notify.windows.com/w/?token=d172%2b%2f%3d&i=1";

fn installation(id: &str) -> Value {
    json!({
        "installationId": id,
        "platform": "WNS",
        "pushChannel": CHANNEL,
        "userId": "u-1",
        "tags": ["a", "B"],
        "templates": {"t1": {"body": "<toast>$(msg)</toast>", "headers": {"X-WNS-Type": "wns/toast"}, "tags": ["it"]}}
    })
}

async fn put(hub: &Hub, id: &str, body: &Value) -> reqwest::Response {
    let request = hub.ask(FULL, Method::PUT, &format!("installations/{id}"));
    send(request.header("content-type", "application/json").body(body.to_string())).await
}

async fn patch(hub: &Hub, id: &str, patch: &Value) -> reqwest::Response {
    let request = hub.ask(FULL, Method::PATCH, &format!("installations/{id}"));
    send(request.body(patch.to_string())).await
}

async fn read(hub: &Hub, id: &str) -> Value {
    let answer = send(hub.get(&format!("installations/{id}"))).await;
    assert_eq!(header(&answer, "content-type"), "application/xml; charset=utf-8");
    serde_json::from_str(&text(answer, 200).await).unwrap()
}

#[tokio::test]
async fn an_installation_is_put_read_patched_and_deleted() {
    let hub = Hub::open().await;
    let put_it = put(&hub, "i-1", &installation("i-1")).await;
    assert!(header(&put_it, "content-location").contains("/handset/installations/i-1?"));
    assert_eq!(text(put_it, 200).await, "");
    let found = read(&hub, "i-1").await;
    for (name, value) in [
        ("installationId", json!("i-1")),
        ("pushChannel", json!(CHANNEL)),
        ("pushChannelExpired", json!(false)),
        ("userId", json!("u-1")),
        ("tags", json!(["a", "B"])),
    ] {
        assert_eq!(found[name], value, "{found}");
    }
    assert_eq!(found["templates"]["t1"]["body"], "<toast>$(msg)</toast>");
    let changes = json!([
        {"op": "add", "path": "/tags", "value": "c"},
        {"op": "remove", "path": "/tags/a"},
        {"op": "replace", "path": "/userId", "value": "u-2"},
        {"op": "remove", "path": "/templates/t1"}
    ]);
    assert_eq!(text(patch(&hub, "i-1", &changes).await, 200).await, "");
    let found = read(&hub, "i-1").await;
    assert_eq!((&found["tags"], &found["userId"]), (&json!(["B", "c"]), &json!("u-2")));
    assert!(found.get("templates").is_none_or(|all| all == &json!({})), "{found}");
    for _ in 0..2 {
        let delete = hub.ask(FULL, Method::DELETE, "installations/i-1");
        assert_eq!(text(send(delete).await, 204).await, "");
    }
    let gone = send(hub.get("installations/i-1")).await;
    assert_eq!(detail(gone, 404).await, "Installation not found");
    let gone = patch(&hub, "i-1", &changes).await;
    assert_eq!(detail(gone, 404).await, "Installation not found");
    hub.close().await;
}

#[tokio::test]
async fn what_is_no_installation_or_patch_changes_nothing() {
    let hub = Hub::open().await;
    text(put(&hub, "i-1", &installation("i-1")).await, 200).await;
    let before = read(&hub, "i-1").await;
    let mut without_channel = installation("i-1");
    without_channel.as_object_mut().unwrap().remove("pushChannel");
    let mut pager = installation("i-1");
    pager["platform"] = json!("pager");
    let mut many = installation("i-1");
    many["tags"] = (0..61).map(|number| format!("t{number}")).collect();
    let mut long = installation("i-1");
    long["tags"] = json!(["t".repeat(121)]);
    for bad in [json!([]), json!({}), json!("x"), without_channel, pager, many, long, installation("i-2")] {
        detail(put(&hub, "i-1", &bad).await, 400).await;
    }
    for bad in [
        json!({}),
        json!([{"op": "add", "path": "/tags", "value": "c"}, {"op": "jump", "path": "/tags"}]),
        json!([{"op": "add", "path": "/installationId", "value": "x"}]),
        json!([{"op": "add"}]),
        json!([{"op": "add", "path": "/tags", "value": "a b"}]),
        json!([{"op": "add", "path": "/tags", "value": "t".repeat(121)}]),
        json!([{"op": "remove", "path": "/pushChannel"}]),
    ] {
        detail(patch(&hub, "i-1", &bad).await, 400).await;
    }
    let half = hub.ask(FULL, Method::PATCH, "installations/i-1").body("[{\"op\":\"add\"");
    detail(send(half).await, 400).await;
    assert_eq!(read(&hub, "i-1").await, before);
    hub.close().await;
}
