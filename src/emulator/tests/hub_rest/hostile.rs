//! What is malformed, too large or a lie: the documented answer, and nothing kept.

use reqwest::{Body, Method};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::{FULL, Hub, apple, detail, entry, text, windows};
use crate::emulator::tests::{LIMIT, send};

const CHANNEL: &str = "https://db5p.notify.windows.com/w/?token=c278";

/// A document type with entities that grow by ten at each step.
fn bomb() -> String {
    let mut declared = String::from("<!ENTITY a0 \"lol\">");
    for step in 1..10 {
        let tenfold = format!("&a{};", step - 1).repeat(10);
        declared += &format!("<!ENTITY a{step} \"{tenfold}\">");
    }
    let bomb = windows(CHANNEL, "&a9;");
    let (head, rest) = bomb.split_once("?>").unwrap();
    format!("{head}?><!DOCTYPE entry [{declared}]>{rest}")
}

fn external() -> String {
    let body = windows(CHANNEL, "&x;");
    let (head, rest) = body.split_once("?>").unwrap();
    format!("{head}?><!DOCTYPE entry [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>{rest}")
}

/// So many tags.
fn tags(count: usize) -> String {
    let tags: Vec<_> = (0..count).map(|number| format!("t{number}")).collect();
    tags.join(",")
}

/// What is no registration, by what is wrong with it.
fn malformed() -> Vec<(&'static str, String)> {
    let deep = format!("{}{}", "<a>".repeat(5000), "</a>".repeat(5000));
    let bodiless = format!("<ChannelUri>{CHANNEL}</ChannelUri>");
    vec![
        ("nothing", String::new()),
        ("no XML", "hello".to_owned()),
        ("JSON", "{}".to_owned()),
        (
            "half of it",
            windows(CHANNEL, "a").split_at(200).0.to_owned(),
        ),
        (
            "no description",
            "<entry xmlns=\"http://www.w3.org/2005/Atom\"/>".to_owned(),
        ),
        ("no handle", entry("Windows", "<Tags>a</Tags>")),
        ("an odd platform", entry("Pager", "<Tags>a</Tags>")),
        ("an odd handle", windows("a b", "a")),
        (
            "a template without a body",
            entry("WindowsTemplate", &bodiless),
        ),
        ("61 tags", windows(CHANNEL, &tags(61))),
        (
            "a tag of 121 characters",
            windows(CHANNEL, &"t".repeat(121)),
        ),
        ("an odd tag", windows(CHANNEL, "a || b")),
        ("a bomb", bomb()),
        ("an external entity", external()),
        ("an unknown entity", windows(CHANNEL, "&nbsp;")),
        ("deep", deep),
    ]
}

#[tokio::test]
async fn malformed_registrations_are_refused_and_not_kept() {
    let hub = Hub::open().await;
    for (what, body) in malformed() {
        let post = hub
            .ask(FULL, Method::POST, "registrations")
            .body(body.clone());
        let told = detail(send(post).await, 400).await;
        assert!(
            !told.contains("c278") && !told.contains("root:"),
            "{what}: {told}"
        );
        detail(hub.put("1-2-3", body).await, 400).await;
    }
    assert_eq!(hub.registrations().await, 0);
    for id in ["%20", &"x".repeat(257), "a%0ab", "a%2f%2e%2e%20"] {
        let answer = hub.put(id, windows(CHANNEL, "a")).await;
        detail(answer, 400).await;
    }
    text(hub.put("1-2-3", windows(CHANNEL, &tags(60))).await, 200).await;
    text(
        hub.put("1-2-3", windows(CHANNEL, &"t".repeat(120))).await,
        200,
    )
    .await;
    assert_eq!(hub.registrations().await, 1);
    hub.close().await;
}

#[tokio::test]
async fn malformed_sends_are_refused() {
    let hub = Hub::open().await;
    let (mut device, _) = hub.windows("one").await;
    let tags = |count: usize, by: &str| vec!["t"; count].join(by);
    let long = "t".repeat(121);
    for expression in [
        "",
        " ",
        "a &&",
        "a && (b",
        "a b",
        "a | b",
        "!(",
        "$UserId:x",
        long.as_str(),
        &tags(21, " || "),
        &tags(11, " && "),
        &format!("{} || x", tags(6, " && ")),
        &"(".repeat(30_000),
        &"!".repeat(30_000),
    ] {
        let request = hub
            .raw("messages/")
            .header("ServiceBusNotification-Tags", expression);
        let answer = send(request.body("x")).await;
        // What makes the head larger than it may be is refused before the hub sees it.
        if answer.status() != 431 {
            detail(answer, 400).await;
        }
    }
    detail(send(hub.raw("messages/").body("")).await, 400).await;
    detail(send(hub.raw("messages/?direct").body("x")).await, 400).await;
    detail(send(hub.raw("messages/?test=perhaps").body("x")).await, 400).await;
    let unformatted = hub.ask(FULL, Method::POST, "messages/").body("x");
    detail(send(unformatted).await, 400).await;
    device.hears_nothing().await;
    hub.close().await;
}

#[tokio::test]
async fn a_body_of_64_kib_and_one_byte_is_too_large() {
    let hub = Hub::open().await;
    let (mut device, _) = hub.windows("one").await;
    let too_large = vec![b'x'; 64 * 1024 + 1];
    let broadcast = |body: Body| hub.raw("messages/").body(body);
    detail(send(broadcast(too_large.clone().into())).await, 413).await;
    // Without a length, and far too much of it.
    for pieces in [2, 40] {
        let pieces = (0..pieces).map(|_| Ok::<_, std::io::Error>(vec![b'x'; 40_000]));
        let stream = Body::wrap_stream(futures_util::stream::iter(pieces.collect::<Vec<_>>()));
        detail(send(broadcast(stream)).await, 413).await;
    }
    let padded = |length: usize| {
        let body = apple(&"0".repeat(64), "a");
        let room = length - body.len();
        body.replace("<Tags>", &format!("{}<Tags>", " ".repeat(room)))
    };
    detail(hub.put("1-2-3", padded(64 * 1024 + 1)).await, 413).await;
    text(hub.put("1-2-3", padded(64 * 1024)).await, 200).await;
    device.hears_nothing().await;
    hub.close().await;
}

/// What is answered to bytes after which nothing more is written.
pub(super) async fn raw(hub: &Hub, request: &str) -> String {
    let mut stream = TcpStream::connect(hub.0.http_address()).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    rest(stream).await
}

/// What is answered until the other end hangs up.
async fn rest(mut stream: TcpStream) -> String {
    let mut answer = Vec::new();
    let read = stream.read_to_end(&mut answer);
    // Who was sent more than it read may hang up rudely behind its answer.
    tokio::time::timeout(LIMIT, read).await.unwrap().ok();
    String::from_utf8(answer).unwrap()
}

#[tokio::test]
async fn a_body_that_lies_about_its_length_is_not_kept() {
    let hub = Hub::open().await;
    let body = windows(CHANNEL, "a");
    let token = hub.token(FULL, "/");
    let put = |length: usize| {
        format!(
            "PUT /handset/registrations/1-2-3 HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: {token}\r\n\
             content-length: {length}\r\nconnection: close\r\n\r\n{body}"
        )
    };
    let longer = raw(&hub, &put(body.len() + 10)).await;
    assert!(
        longer.is_empty() || longer.starts_with("HTTP/1.1 400 "),
        "{longer}"
    );
    let shorter = raw(&hub, &put(body.len() - 10)).await;
    assert!(shorter.starts_with("HTTP/1.1 400 "), "{shorter}");
    let chunked = put(0).replace("content-length: 0", "transfer-encoding: chunked");
    let chunked = chunked.replace("\r\n\r\n", "\r\n\r\nffff\r\n");
    let chunked = raw(&hub, &chunked).await;
    assert!(
        chunked.is_empty() || chunked.starts_with("HTTP/1.1 400 "),
        "{chunked}"
    );
    let both = put(body.len()).replace("connection: close", "content-length: 3");
    assert!(raw(&hub, &both).await.starts_with("HTTP/1.1 400 "));
    assert_eq!(hub.registrations().await, 0);
    let mut stream = TcpStream::connect(hub.0.http_address()).await.unwrap();
    let whole = put(body.len());
    stream.write_all(whole.as_bytes()).await.unwrap();
    let honest = rest(stream).await;
    assert!(honest.starts_with("HTTP/1.1 200 "), "{honest}");
    hub.close().await;
}

#[tokio::test]
async fn who_may_not_in_has_no_body_read_as_anything() {
    let hub = Hub::open().await;
    let body = windows(CHANNEL, "a");
    for path in ["registrations", "nothing", "registrations?$top=x"] {
        let post = hub.unsigned(Method::POST, &format!("/handset/{path}"));
        detail(send(post.body(body.clone())).await, 401).await;
    }
    // More than is taken from those who may: the answer arrives all the same.
    let flood = hub
        .unsigned(Method::POST, "/handset/registrations")
        .body(vec![b'x'; 500_000]);
    detail(send(flood).await, 401).await;
    assert_eq!(hub.registrations().await, 0);
    hub.close().await;
}
