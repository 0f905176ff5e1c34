//! Lists: of all, by tag and by handle, page by page.

use std::collections::BTreeSet;

use reqwest::Method;

use super::{FULL, Hub, apple, detail, entry, text, windows};
use crate::emulator::tests::{header, send};

const CHANNEL: &str = "https://db5p.notify.windows.com/w/?token=d172%2b%2f%3d&i=1";

/// The ids in a feed.
fn ids(feed: &str) -> Vec<String> {
    let parts = feed.split("<RegistrationId>").skip(1);
    parts.map(|part| part.split('<').next().unwrap().to_owned()).collect()
}

/// Every page of a list, the token of each carried on as SDKs do.
async fn pages(hub: &Hub, path: &str) -> Vec<Vec<String>> {
    let (mut pages, mut token) = (Vec::new(), String::new());
    loop {
        let join = if path.contains('?') { '&' } else { '?' };
        let next = if token.is_empty() { String::new() } else { format!("{join}continuationtoken={token}") };
        let answer = send(hub.get(&format!("{path}{next}"))).await;
        token = header(&answer, "x-ms-continuationtoken").to_owned();
        let kind = "application/atom+xml; type=feed; charset=utf-8";
        assert_eq!(header(&answer, "content-type"), kind);
        pages.push(ids(&text(answer, 200).await));
        if token.is_empty() {
            return pages;
        }
        // A token stays itself however often it is encoded.
        let encoded: String = url::form_urlencoded::byte_serialize(token.as_bytes()).collect();
        assert_eq!(encoded, token);
        assert!(pages.len() < 50, "an endless list");
    }
}

#[tokio::test]
async fn every_registration_is_on_one_page() {
    let hub = Hub::open().await;
    for number in 0..23 {
        let tag = if number % 2 == 0 { "Even" } else { "odd" };
        let body = apple(&format!("{number:064}"), &format!("all,{tag}"));
        text(hub.put(&format!("r-{number}"), body).await, 200).await;
    }
    for (path, sizes) in [
        ("registrations", vec![23]),
        ("registrations?$top=10", vec![10, 10, 3]),
        ("Registrations/?$top=1000", vec![23]),
        ("tags/ALL/registrations?$top=12", vec![12, 11]),
        ("tags/even/registrations?$top=5", vec![5, 5, 2]),
        ("tags/odd/registrations", vec![11]),
        ("tags/none/registrations", vec![0]),
        ("registrations?$skip=20", vec![3]),
        ("registrations?$skip=100", vec![0]),
    ] {
        let pages = pages(&hub, path).await;
        let found: Vec<usize> = pages.iter().map(Vec::len).collect();
        assert_eq!(found, sizes, "{path}");
        let all: BTreeSet<_> = pages.iter().flatten().collect();
        assert_eq!(all.len(), sizes.iter().sum::<usize>(), "{path}");
    }
    for path in [
        "registrations?$top=0",
        "registrations?$top=many",
        "registrations?continuationtoken=x",
        "tags/a%20b/registrations",
    ] {
        detail(send(hub.get(path)).await, 400).await;
    }
    hub.close().await;
}

#[tokio::test]
async fn a_handle_is_found_however_it_is_encoded() {
    let hub = Hub::open().await;
    let token = "62BC".repeat(16);
    let keys = "<P256DH>BJ5xk_gQ9Qc6mMSLRzl0r-1VuoT1x3ZTZlHSXnCAgQ-5cTEIvUBTOsqUFVZXLpCrFQqKkbWvjdM9iLgFzkgsWJs</P256DH><Auth>tBHItJI5svbpez7KI4CCXg</Auth>";
    let endpoint = "https://updates.push.services.mozilla.com/wpush/v2/dc1a";
    for (id, body) in [
        ("w", windows(CHANNEL, "a")),
        ("w2", windows("https://db5p.notify.windows.com/w/?token=other", "a")),
        ("a", apple(&token, "a")),
        ("f", entry("FcmV1", "<FcmV1RegistrationId>e1a3:APA91b</FcmV1RegistrationId>")),
        ("b", entry("Browser", &format!("<Endpoint>{endpoint}</Endpoint>{keys}"))),
    ] {
        text(hub.put(id, body).await, 200).await;
    }
    let once = |text: &str| -> String { url::form_urlencoded::byte_serialize(text.as_bytes()).collect() };
    let twice = |text: &str| once(&once(text));
    let p256dh = "BJ5xk_gQ9Qc6mMSLRzl0r-1VuoT1x3ZTZlHSXnCAgQ-5cTEIvUBTOsqUFVZXLpCrFQqKkbWvjdM9iLgFzkgsWJs";
    for (filter, found) in [
        (format!("ChannelUri+eq+%27{}%27", once(CHANNEL)), Some("w")),
        (format!("ChannelUri+eq+%27{}%27", twice(CHANNEL)), Some("w")),
        (format!("ChannelUri+eq+%27{token}%27"), Some("a")),
        (format!("DeviceToken+eq+%27{}%27", token.to_lowercase()), Some("a")),
        ("FcmV1RegistrationId%20eq%20'e1a3:APA91b'".to_owned(), Some("f")),
        (
            format!("Endpoint+eq+%27{}%27+and+P256DH+eq+%27{p256dh}%27+and+Auth+eq+%27tBHItJI5svbpez7KI4CCXg%27", twice(endpoint)),
            Some("b"),
        ),
        (
            format!("Endpoint+eq+%27{}%27+and+Auth+eq+%27AAAAAAAAAAAAAAAAAAAAAA%27", once(endpoint)),
            None,
        ),
        ("ChannelUri+eq+'nobody'".to_owned(), None),
    ] {
        let found: Vec<String> = found.into_iter().map(str::to_owned).collect();
        let path = format!("registrations?%24filter={filter}&api-version=2020-06");
        assert_eq!(ids(&text(send(hub.get(&path)).await, 200).await), found, "{filter}");
    }
    for bad in ["ChannelUri+eq", "Tags+eq+'a'", "ChannelUri+lt+'a'", ""] {
        let path = format!("registrations?$filter={bad}");
        detail(send(hub.ask(FULL, Method::GET, &path)).await, 400).await;
    }
    hub.close().await;
}
