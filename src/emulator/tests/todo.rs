//! The to-do list of Mobile Services: items are their owner's, and a new one is pushed to the owner's
//! devices alone.

use reqwest::Method;
use serde_json::{Value, json as value};

use super::backend::{register, request, status, wns};
use super::device::content;
use super::{Device, Services, client, header, json, send, start, url};

const TABLE: &str = "tables/TodoItem";

async fn insert(services: &Services, user: &str, body: &Value) -> Value {
    let post = request(services, Method::POST, TABLE, user).body(body.to_string());
    let answer = send(post).await;
    assert_eq!(answer.status(), 201);
    let location = header(&answer, "location").to_owned();
    let item = json(answer).await;
    let id = item["id"].as_str().unwrap();
    assert_eq!(location, format!("/tables/TodoItem/{id}"));
    item
}

async fn listed(services: &Services, user: &str, query: &str) -> Vec<String> {
    let list = request(services, Method::GET, &format!("{TABLE}{query}"), user);
    let items = json(send(list).await).await;
    let items = items.as_array().unwrap();
    items
        .iter()
        .map(|item| item["text"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn an_item_is_pushed_to_the_devices_of_who_inserted_it() {
    let services = start().await;
    let (mut alice, alices, _) = Device::registered(&services, "wns").await;
    let (mut apns, token, _) = Device::registered(&services, "apns").await;
    let (mut bob, bobs, _) = Device::registered(&services, "wns").await;
    register(&services, "alice", &wns(&alices)).await;
    let body = value!({"Platform": "apns", "Handle": token});
    register(&services, "alice", &body).await;
    register(&services, "bob", &wns(&bobs)).await;
    let text = "<b>milk</b> & \"eggs\"";
    let item = insert(&services, "Alice", &value!({"Text": text})).await;
    assert_eq!(item["text"], text);
    assert_eq!(item["complete"], false);
    assert_eq!(item["push"]["deliveries"].as_array().unwrap().len(), 2);
    let toast = content(&alice.hear().await);
    let toast = crate::wire::toast_xml::read_toast(toast.as_bytes()).unwrap();
    assert_eq!(toast.texts, [text]);
    let alert: Value = serde_json::from_str(&content(&apns.hear().await)).unwrap();
    assert_eq!(alert, value!({"aps": {"alert": text}}));
    bob.hears_nothing().await;
    let empty = insert(&services, "alice", &value!({"text": "\u{202e}"})).await;
    assert_eq!(empty["push"]["deliveries"], value!([]));
    alice.hears_nothing().await;
    services.shutdown().await;
}

#[tokio::test]
async fn what_an_insert_answers_is_what_is_read() {
    let services = start().await;
    let mut item = insert(&services, "alice", &value!({"text": "milk"})).await;
    assert!(item["__createdAt"].is_string(), "{item}");
    item.as_object_mut().unwrap().remove("push");
    let path = format!("{TABLE}/{}", item["id"].as_str().unwrap());
    let read = json(send(request(&services, Method::GET, &path, "alice")).await).await;
    assert_eq!(read, item);
    services.shutdown().await;
}

#[tokio::test]
async fn items_are_listed_changed_and_deleted_by_their_owner_alone() {
    let services = start().await;
    let milk = insert(&services, "alice", &value!({"text": "milk"})).await;
    insert(
        &services,
        "alice",
        &value!({"text": "eggs", "complete": true}),
    )
    .await;
    insert(&services, "bob", &value!({"text": "his", "id": milk["id"]})).await;
    let id = milk["id"].as_str().unwrap();
    let path = format!("{TABLE}/{id}");
    assert_eq!(listed(&services, "alice", "").await, ["milk", "eggs"]);
    let open = "?$filter=(complete%20eq%20false)";
    assert_eq!(listed(&services, "alice", open).await, ["milk"]);
    assert_eq!(
        listed(&services, "alice", "?$top=1&$skip=1").await,
        ["eggs"]
    );
    let counted = format!("{TABLE}?$top=1&$inlinecount=allpages");
    let counted = json(send(request(&services, Method::GET, &counted, "alice")).await).await;
    assert_eq!(
        (
            &counted["count"],
            counted["results"].as_array().unwrap().len()
        ),
        (&value!(2), 1)
    );
    // As the tutorial's client sends it: the whole item, with what it does not understand.
    let done = value!({"id": id, "Text": "milk", "complete": true, "__version": "x"});
    let patch = |user: &str, path: &str, body: &Value| {
        request(&services, Method::PATCH, path, user).body(body.to_string())
    };
    let lower = format!("tables/todoitem/{id}");
    let changed = json(send(patch("alice", &lower, &done)).await).await;
    assert_eq!(
        (&changed["complete"], &changed["text"]),
        (&value!(true), &value!("milk"))
    );
    assert!(listed(&services, "alice", open).await.is_empty());
    let his = json(send(request(&services, Method::GET, &path, "bob")).await).await;
    assert_eq!(
        (&his["text"], &his["complete"]),
        (&value!("his"), &value!(false))
    );
    for method in [Method::GET, Method::PATCH, Method::DELETE] {
        let foreign = request(&services, method.clone(), &path, "carol").body("{}");
        assert_eq!(status(foreign).await, 404, "{method}");
    }
    let delete = || request(&services, Method::DELETE, &path, "alice");
    assert_eq!((status(delete()).await, status(delete()).await), (204, 404));
    assert_eq!(listed(&services, "alice", "").await, ["eggs"]);
    assert_eq!(listed(&services, "bob", "").await, ["his"]);
    services.shutdown().await;
}

#[tokio::test]
async fn what_is_no_item_is_refused_and_not_stored() {
    let services = start().await;
    let post =
        |table: &str, body: String| request(&services, Method::POST, table, "alice").body(body);
    for (table, body, expected) in [
        (TABLE, "junk".to_owned(), 400),
        (TABLE, "{}".to_owned(), 400),
        (TABLE, r#"{"text":7}"#.to_owned(), 400),
        (TABLE, r#"{"text":"x","complete":"no"}"#.to_owned(), 400),
        (TABLE, r#"{"text":"x","id":"../x"}"#.to_owned(), 400),
        (TABLE, value!({"text": "x".repeat(2049)}).to_string(), 413),
        (TABLE, value!({"text": "<".repeat(2000)}).to_string(), 413),
        (TABLE, "x".repeat(70_000), 413),
        ("tables/Other", r#"{"text":"x"}"#.to_owned(), 404),
        (TABLE, r#"{"text":"x","id":"mine"}"#.to_owned(), 201),
        (TABLE, r#"{"text":"y","id":"mine"}"#.to_owned(), 409),
    ] {
        assert_eq!(status(post(table, body)).await, expected, "{table}");
    }
    assert_eq!(listed(&services, "alice", "").await, ["x"]);
    for query in ["?$orderby=text", "?$filter=true", "?$top=x"] {
        let list = request(&services, Method::GET, &format!("{TABLE}{query}"), "alice");
        assert_eq!(status(list).await, 400, "{query}");
    }
    services.shutdown().await;
}

#[tokio::test]
async fn a_client_of_mobile_services_signs_in_with_its_own_header() {
    let services = start().await;
    let table = url(&services, TABLE);
    let zumo = || {
        let request = client().get(&table).header("X-ZUMO-APPLICATION", "key");
        request.header("X-ZUMO-VERSION", "ZUMO/1.3")
    };
    assert_eq!(status(zumo()).await, 401);
    assert_eq!(status(zumo().header("X-ZUMO-AUTH", "junk")).await, 401);
    let body = value!({"username": "alice", "password": "alice"}).to_string();
    let login = client().post(url(&services, "api/login")).body(body);
    let token = json(send(login).await).await["token"].clone();
    let token = token.as_str().unwrap();
    assert_eq!(status(zumo().header("X-ZUMO-AUTH", token)).await, 200);
    let doubled = zumo().header("X-ZUMO-AUTH", token);
    assert_eq!(status(doubled.header("X-ZUMO-AUTH", token)).await, 401);
    let other = zumo().header("X-ZUMO-AUTH", token);
    let both = other.header("authorization", "Bearer junk");
    assert_eq!(status(both).await, 401, "the standard's header goes first");
    services.shutdown().await;
}

#[tokio::test]
async fn a_user_has_a_bounded_number_of_items() {
    let services = start().await;
    let client = client();
    let table = url(&services, TABLE);
    let post = || {
        let post = client.post(&table).basic_auth("alice", Some("alice"));
        post.body(r#"{"text":"x"}"#)
    };
    for _ in 0..1000 {
        assert_eq!(status(post()).await, 201);
    }
    assert_eq!(status(post()).await, 429);
    assert_eq!(listed(&services, "alice", "").await.len(), 50);
    assert_eq!(listed(&services, "alice", "?$top=5000").await.len(), 1000);
    let bobs = client.post(&table).basic_auth("bob", Some("bob"));
    assert_eq!(status(bobs.body(r#"{"text":"x"}"#)).await, 201);
    services.shutdown().await;
}
