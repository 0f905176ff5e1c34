//! Connections that do not come about, or break.

use std::time::Duration;

use axum::Router;
use axum::routing::any;
use tokio::net::TcpListener;

use super::{alice, assert_says, one};
use crate::backend::testing::FakeBackend;
use crate::backend::{BackendClient, BackendError, BackendOptions};
use crate::model::BackendOrigin;

fn client(url: &str) -> BackendClient {
    BackendClient::new(BackendOptions::new(BackendOrigin::parse(url).unwrap())).unwrap()
}

async fn error_of(client: &BackendClient) -> BackendError {
    client
        .fetch_notification(&alice(), &one())
        .await
        .unwrap_err()
}

#[tokio::test]
async fn a_refused_connection_says_so() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let error = error_of(&client(&format!("http://127.0.0.1:{port}"))).await;
    assert!(
        matches!(error, BackendError::ConnectionRefused { .. }),
        "{error:?}"
    );
    assert!(error.is_unreachable() && error.is_transient());
    assert_says(&error, &[&port.to_string(), "refused", "start the backend"]);
}

#[tokio::test]
async fn an_unknown_host_is_named() {
    // A label over 63 bytes: the resolver refuses it without asking a name server.
    let host = format!("backend-{}.invalid", "x".repeat(60));
    let origin = BackendOrigin::parse(&format!("http://{host}")).unwrap();
    let mut options = BackendOptions::new(origin);
    options.allow_http = vec![host.to_uppercase()];
    let mut client = BackendClient::new(options).unwrap();
    // Whatever proxy this machine's environment names would resolve the name itself.
    client.http = reqwest::Client::builder()
        .no_proxy()
        .tls_certs_only([])
        .build()
        .unwrap();
    let error = error_of(&client).await;
    assert!(
        matches!(error, BackendError::UnknownHost { .. }),
        "{error:?}"
    );
    assert!(error.is_unreachable() && error.is_transient());
    assert_says(&error, &[&host, "unknown", "--backend"]);
}

#[tokio::test]
async fn plain_http_beyond_this_machine_needs_leave_by_name() {
    let refused = |url: &str, allowed: &str| {
        let mut options = BackendOptions::new(BackendOrigin::parse(url).unwrap());
        options.allow_http = vec![allowed.to_owned()];
        BackendClient::new(options).err()
    };
    let error = refused("http://backend.example:8480", "other.example").unwrap();
    assert_says(&error, &["plain http", "--allow-http backend.example"]);
    assert!(refused("http://localhost.evil.example", "localhost").is_some());
    assert!(refused("http://192.168.0.1", "192.168.0").is_some());
    assert!(refused("http://backend.example", "Backend.Example").is_none());
    assert!(refused("http://[2001:db8::1]", "2001:db8::1").is_none());
    assert!(refused("http://127.0.0.1", "").is_none());
    assert!(refused("http://phone.localhost:1", "").is_none());
}

#[tokio::test]
async fn a_localhost_name_stays_on_this_machine() {
    let router = Router::new().fallback(any(|| async { r#"{"Id":1,"Payload":"here"}"# }));
    let backend = FakeBackend::serve(router).await;
    let port = backend.address.rsplit(':').next().unwrap();
    for name in ["localhost", "some.phone.localhost"] {
        let client = client(&format!("http://{name}:{port}"));
        let fetched = client.fetch_notification(&alice(), &one()).await.unwrap();
        assert_eq!(fetched.payload, "here");
    }
}

#[tokio::test]
async fn a_slow_answer_is_given_up() {
    let never = Router::new().fallback(any(std::future::pending::<&str>));
    let backend = FakeBackend::serve(never).await;
    let error = error_of(&backend.hasty_client(Duration::from_millis(60))).await;
    assert!(matches!(error, BackendError::TimedOut { .. }), "{error:?}");
    assert!(error.is_unreachable() && error.is_transient());
    assert_says(&error, &["no whole answer within 0.06 s"]);
}

#[tokio::test]
async fn a_body_that_never_ends_coming_is_given_up() {
    let trickle = Router::new().fallback(any(|| async {
        let first = futures_util::stream::iter([Ok::<_, std::io::Error>("{")]);
        let stream = futures_util::StreamExt::chain(first, futures_util::stream::pending());
        axum::body::Body::from_stream(stream)
    }));
    let backend = FakeBackend::serve(trickle).await;
    let error = error_of(&backend.hasty_client(Duration::from_millis(60))).await;
    assert!(matches!(error, BackendError::TimedOut { .. }), "{error:?}");
}

#[tokio::test]
async fn a_connection_that_breaks_off_is_transient() {
    for answer in [
        &b""[..],
        b"HTTP/1.1 200 OK\r\nContent-Len",
        b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{\"Id\":1,\"Payload\":\"the-payload",
        b"SSH-2.0-OpenSSH_9.2\r\n",
    ] {
        let backend = FakeBackend::raw(answer).await;
        let error = error_of(&backend.client()).await;
        assert!(
            matches!(error, BackendError::Interrupted { .. }),
            "{error:?}"
        );
        assert!(error.is_transient() && error.is_unreachable());
        assert_says(&error, &["broke off"]);
    }
}
