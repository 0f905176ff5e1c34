use std::net::SocketAddr;
use std::time::Duration;

use axum::routing::{get, post};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::*;
use crate::lifecycle::Scope;

async fn start(router: Router, most: usize) -> (SocketAddr, Scope) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, scope) = (listener.local_addr().unwrap(), Scope::new());
    let spawner = scope.spawner();
    scope.spawn("http", serve_http(listener, router, most, spawner));
    (address, scope)
}

fn hello() -> Router {
    Router::new().route("/", get(async || "hello"))
}

async fn say(address: SocketAddr, text: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(text.as_bytes()).await.unwrap();
    stream
}

async fn all_of(mut stream: TcpStream) -> String {
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    text
}

#[tokio::test(start_paused = true)]
async fn a_client_that_is_slow_or_silent_is_hung_up_on() {
    let (address, scope) = start(hello(), 8).await;
    let slow = say(address, "GET / HTTP/1.1\r\nHost: x\r\nX-").await;
    let silent = say(address, "").await;
    let idle = say(address, "GET / HTTP/1.1\r\nHost: x\r\n\r\n").await;
    let ended = async { (all_of(slow).await, all_of(silent).await, all_of(idle).await) };
    let (_, _, idle) = tokio::time::timeout(2 * timeouts::HTTP_HEAD, ended)
        .await
        .unwrap();
    assert!(idle.ends_with("hello"), "{idle}");
    assert_eq!(scope.shutdown(timeouts::SHUTDOWN).await, 0);
}

/// Waits until nothing but the listener runs.
async fn all_have_ended(scope: &Scope) {
    while scope.running() > 1 {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn a_client_that_closes_its_half_behind_a_request_is_answered() {
    let work = async |body: String| {
        tokio::time::sleep(Duration::from_millis(50)).await;
        body
    };
    let (address, scope) = start(Router::new().route("/", post(work)), 8).await;
    let request = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello";
    let mut whole = say(address, request).await;
    whole.shutdown().await.unwrap();
    assert!(all_of(whole).await.ends_with("hello"));
    let mut half = say(address, &request[..request.len() - 1]).await;
    half.shutdown().await.unwrap();
    let told = all_of(half).await;
    assert!(told.starts_with("HTTP/1.1 400 "), "{told}");
    let mut head = say(address, "GET / HTTP/1.1\r\nHost").await;
    head.shutdown().await.unwrap();
    let told = all_of(head).await;
    assert!(!told.contains(" 200 "), "{told}");
    tokio::time::timeout(timeouts::SHUTDOWN, all_have_ended(&scope))
        .await
        .unwrap();
    assert_eq!(scope.shutdown(timeouts::SHUTDOWN).await, 0);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_closes_its_half_and_takes_no_answer_is_hung_up_on() {
    const LARGE: usize = 64 * 1024 * 1024;
    let large = get(async || vec![b'x'; LARGE]);
    let (address, scope) = start(Router::new().route("/", large), 8).await;
    let mut deaf = say(address, "GET / HTTP/1.1\r\nHost: x\r\n\r\n").await;
    deaf.shutdown().await.unwrap();
    let mut byte = [0];
    deaf.read_exact(&mut byte).await.unwrap();
    tokio::time::timeout(2 * timeouts::HTTP_STALL, all_have_ended(&scope))
        .await
        .unwrap();
    assert_eq!(scope.shutdown(timeouts::SHUTDOWN).await, 0);
}

#[tokio::test(start_paused = true)]
async fn a_request_whose_client_is_gone_is_not_at_work_for_ever() {
    let (begun, mut begins) = tokio::sync::mpsc::channel(1);
    let work = get(async move || {
        begun.send(()).await.ok();
        std::future::pending::<()>().await;
    });
    let (address, scope) = start(Router::new().route("/", work), 8).await;
    let gone = say(address, "GET / HTTP/1.1\r\nHost: x\r\n\r\n").await;
    begins.recv().await.unwrap();
    drop(gone);
    tokio::time::timeout(3 * timeouts::HTTP_WORK, all_have_ended(&scope))
        .await
        .unwrap();
    assert_eq!(scope.shutdown(timeouts::SHUTDOWN).await, 0);
}

#[tokio::test]
async fn at_the_end_only_a_request_at_work_is_waited_for() {
    let (begun, mut begins) = tokio::sync::mpsc::channel(1);
    let work = async move || {
        begun.send(()).await.ok();
        tokio::time::sleep(Duration::from_millis(50)).await;
        "done"
    };
    let (address, scope) = start(Router::new().route("/", get(work)), 8).await;
    let slow = say(address, "GET / HTTP/1.1\r\nHost: x\r\nX-").await;
    let at_work = say(address, "GET / HTTP/1.1\r\nHost: x\r\n\r\n").await;
    begins.recv().await.unwrap();
    assert_eq!(scope.shutdown(Duration::from_secs(3)).await, 0);
    assert!(all_of(at_work).await.ends_with("done"));
    assert_eq!(all_of(slow).await, "");
}

#[tokio::test]
async fn so_many_connections_are_served_at_once_and_the_next_ones_wait() {
    let (address, scope) = start(hello(), 1).await;
    let first = say(address, "").await;
    let request = "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let mut second = say(address, request).await;
    let mut byte = [0];
    let waits = tokio::time::timeout(Duration::from_millis(50), second.read(&mut byte)).await;
    assert!(waits.is_err());
    drop(first);
    assert!(all_of(second).await.ends_with("hello"));
    assert_eq!(scope.shutdown(timeouts::SHUTDOWN).await, 0);
}

#[tokio::test(start_paused = true)]
async fn an_http_2_connection_without_requests_ends_and_so_does_a_peer_that_is_gone() {
    use tokio::time::Instant;
    let (address, scope) = start(hello(), 8).await;
    let began = Instant::now();
    let preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    let silent = say(address, preface).await;
    let gone = say(address, &format!("{preface}\0\0\0\x04\0\0\0\0\0")).await;
    let ended = async |mut stream: TcpStream| {
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).await.ok();
        began.elapsed()
    };
    let (silent, gone) = tokio::join!(ended(silent), ended(gone));
    assert!(
        silent <= 2 * timeouts::HTTP2_IDLE + timeouts::SHUTDOWN,
        "{silent:?}"
    );
    let answered = timeouts::HTTP2_PING + timeouts::HTTP2_PONG;
    assert!(gone <= answered + Duration::from_secs(1), "{gone:?}");
    assert_eq!(scope.shutdown(timeouts::SHUTDOWN).await, 0);
}

#[tokio::test(start_paused = true)]
async fn the_start_of_a_preface_is_waited_for_only_so_long() {
    let (address, scope) = start(hello(), 8).await;
    let stream = say(address, "PRI * HT").await;
    let ended = tokio::time::timeout(timeouts::HTTP_HEAD * 2, all_of(stream)).await;
    assert_eq!(ended.unwrap(), "");
    assert_eq!(scope.shutdown(timeouts::SHUTDOWN).await, 0);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_never_comes_whole_does_not_hold_up_the_end() {
    let router = Router::new().route("/", post(async |body: String| body));
    let (address, scope) = start(router, 8).await;
    let head = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf";
    let half = say(address, head).await;
    // HPACK: POST, http, the path / and an authority; the stream stays open for a body.
    let preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
    let stream = "\0\0\x06\x01\x04\0\0\0\x01";
    let mut secure = say(address, &format!("{preface}{stream}")).await;
    secure.write_all(b"\x83\x84\x86\x41\x01x").await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(scope.shutdown(timeouts::SHUTDOWN).await, 0);
    drop((half, secure));
}

/// One frame of HTTP/2: its type, its flags, and how many bytes it has.
async fn frame(stream: &mut TcpStream) -> (u8, u8, usize) {
    let mut head = [0; 9];
    stream.read_exact(&mut head).await.unwrap();
    let length = usize::from(head[1]) << 8 | usize::from(head[2]);
    stream.read_exact(&mut vec![0; length]).await.unwrap();
    (head[3], head[4], length)
}

#[tokio::test]
async fn over_http_2_a_body_that_nobody_wants_is_taken_before_the_answer() {
    const DATA: u8 = 0;
    const RESET: u8 = 3;
    const PING: u8 = 6;
    const END_OF_STREAM: u8 = 1;
    let (dropped, mut drops) = tokio::sync::mpsc::channel(1);
    let refuse = post(async move |request: axum::extract::Request| {
        drop(request);
        dropped.send(()).await.ok();
        "no"
    });
    let (address, scope) = start(Router::new().route("/", refuse), 8).await;
    // HPACK: POST, http, the path / and an authority; the stream stays open for a body.
    let preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
    let mut client = say(address, &format!("{preface}\0\0\x06\x01\x04\0\0\0\x01")).await;
    client.write_all(b"\x83\x84\x86\x41\x01x").await.unwrap();
    drops.recv().await.unwrap();
    // An answer before this would come with a reset.
    client
        .write_all(b"\0\0\x04\0\0\0\0\0\x01more\0\0\x04\0\x01\0\0\0\x01rest")
        .await
        .unwrap();
    let mut kinds = Vec::new();
    loop {
        let (kind, flags, length) = frame(&mut client).await;
        kinds.push(kind);
        if kind == DATA && flags & END_OF_STREAM != 0 {
            assert_eq!(length, 2);
            break;
        }
    }
    client
        .write_all(b"\0\0\x08\x06\0\0\0\0\x0012345678")
        .await
        .unwrap();
    while kinds.last() != Some(&PING) {
        kinds.push(frame(&mut client).await.0);
    }
    assert!(!kinds.contains(&RESET), "{kinds:?}");
    assert_eq!(scope.shutdown(timeouts::SHUTDOWN).await, 0);
}

#[tokio::test(start_paused = true)]
async fn a_body_without_an_end_holds_its_answer_up_only_so_long() {
    let (address, scope) = start(Router::new(), 8).await;
    let began = tokio::time::Instant::now();
    let head = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n";
    let mut endless = say(address, &format!("{head}\r\nhalf")).await;
    let mut answer = [0; 12];
    endless.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 404");
    assert!(began.elapsed() >= timeouts::HTTP_LEFTOVER);
    // Who waits to be told whether to send it is told at once.
    let mut held = say(address, &format!("{head}Expect: 100-continue\r\n\r\n")).await;
    let began = tokio::time::Instant::now();
    held.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 404");
    assert!(began.elapsed() < timeouts::HTTP_LEFTOVER);
    assert_eq!(scope.shutdown(timeouts::SHUTDOWN).await, 0);
}
